"""Tagging schemes: recognised from the tags of a file, and read as spans.

The schemes with prefixes name the same roles by different letters, and no letter has two meanings, so
that one reader serves them all. They differ in two things: whether the end of an entity has a tag of
its own, and whether an inside tag may begin an entity.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.report import ConversionReport

Spans = list[tuple[int, int, str]]
"""First token, one past the last token, label."""

OUTSIDE, BEGIN, INSIDE, END, SINGLE = "O", "B", "I", "E", "S"
_ROLES = {
    "B": BEGIN,
    "I": INSIDE,
    "M": INSIDE,
    "E": END,
    "L": END,
    "S": SINGLE,
    "U": SINGLE,
    "W": SINGLE,
}
_LETTERS = "".join(_ROLES)
_PREFIXED = re.compile(f"([{_LETTERS}])[-_:|/](.*)", re.IGNORECASE | re.DOTALL)
_SUFFIXED = re.compile(f"(.+)[-_:|/]([{_LETTERS}])", re.DOTALL)
_BARE = re.compile(f"[{_LETTERS}]", re.IGNORECASE)
_LABEL = re.compile(r"[^\W\d][\w .&/+-]{0,59}")
_LEADING = {"bio": "BI", "bioes": "BIES", "biluo": "BILU", "bmes": "BMES", "ioe": "IE"}
"""Scheme -> letters of its tags, except O."""
SHARE = 2 / 3
"""Share of the tags other than O that must be of a scheme before the scheme is recognised."""
_MISSING = ("", "-", "_")
"""Placeholders for an unknown tag."""


@dataclass(frozen=True)
class TaggingScheme:
    """A tagging scheme.

    name (str): bio, iob1, iob2, bioes, biluo, bmes, ioe, io (labels without prefix) or bare (prefixes
        without label).
    label (str): Label of entities whose tags have none.
    suffixed (bool): Whether the role stands after the label ("PER-B").
    """

    name: str
    label: str = ""
    suffixed: bool = False

    @property
    def marks_ends(self) -> bool:
        """RETURNS (bool): Whether the end of an entity has a tag of its own."""
        return self.name in ("bioes", "biluo", "bmes")

    @property
    def title(self) -> str:
        """RETURNS (str): Its name, for people."""
        if self.name == "io":
            return "labels without prefix"
        if self.name == "bare":
            return f"prefixes without label, read as {self.label}"
        return self.name.upper()


def is_outside(tag: str) -> bool:
    """tag (str): A tag.
    RETURNS (bool): Whether it says that its token is in no entity.
    """
    return tag in ("O", "o", "0")


def is_prefixed(tag: str) -> bool:
    """tag (str): A tag.
    RETURNS (bool): Whether it has a role and a label, as "B-PER" has.
    """
    match = _PREFIXED.fullmatch(tag)
    return match is not None and bool(match[2].strip())


def is_bare(tag: str) -> bool:
    """tag (str): A tag.
    RETURNS (bool): Whether it is a role without a label, as "B" is.
    """
    return _BARE.fullmatch(tag) is not None


def is_suffixed(tag: str) -> bool:
    """tag (str): A tag.
    RETURNS (bool): Whether its role stands after its label, as in "PER-B".
    """
    return _SUFFIXED.fullmatch(tag) is not None


def prefixed_label(tag: str) -> str:
    """tag (str): A tag.
    RETURNS (str): The label of a prefixed tag, "" for any other.
    """
    match = _PREFIXED.fullmatch(tag)
    return match[2].strip() if match else ""


def is_label(tag: str) -> bool:
    """tag (str): A tag.
    RETURNS (bool): Whether it can be a label without prefix.
    """
    return _LABEL.fullmatch(tag) is not None


def recognise(blocks: Sequence[Sequence[str]], label: str = "") -> TaggingScheme | None:
    """blocks (Sequence[Sequence[str]]): The tags of each block of a file, "" where one is missing.
    label (str): Label for bare tags.
    RETURNS (TaggingScheme | None): The scheme; None if the tags fit none that is known, or several.
    """
    counts = Counter(tag for block in blocks for tag in block if tag not in _MISSING)
    inside = {tag: n for tag, n in counts.items() if not is_outside(tag)}
    total = sum(inside.values())
    if not total:
        return TaggingScheme("bio") if counts["O"] or counts["o"] else None
    if _share(inside, _has_role) >= SHARE and any(map(is_prefixed, inside)):
        return _prefixed_scheme(blocks, inside)
    if _share(inside, is_bare) == 1 and any(map(is_outside, counts)):
        return TaggingScheme("bare", label) if label else None
    if _share(inside, is_suffixed) >= SHARE:
        return TaggingScheme(
            "bio" if _letters(inside, _SUFFIXED, 2) <= set("BI") else "bioes", suffixed=True
        )
    return _io_scheme(counts, inside)


def _has_role(tag: str) -> bool:
    return _PREFIXED.fullmatch(tag) is not None or is_bare(tag)


def _share(tags: dict[str, int], test: Callable[[str], bool]) -> float:
    return sum(n for tag, n in tags.items() if test(tag)) / sum(tags.values())


def _letters(tags: Iterable[str], pattern: re.Pattern[str], group: int) -> set[str]:
    return {match[group].upper() for match in map(pattern.fullmatch, tags) if match}


def _prefixed_scheme(blocks: Sequence[Sequence[str]], inside: Iterable[str]) -> TaggingScheme | None:
    letters = _letters(inside, _PREFIXED, 1)
    if letters in ({"E"}, {"L"}, {"M"}, {"W"}):
        return None  # A label such as "E-mail" rather than a role.
    if letters <= set("BI"):
        return TaggingScheme(_bio_kind(blocks))
    fitting = (name for name, known in _LEADING.items() if letters <= set(known))
    if "B" not in letters and letters <= set("IE"):
        return TaggingScheme("ioe")
    return TaggingScheme(next(fitting, "biluo" if letters & set("LU") else "bmes"))


def _bio_kind(blocks: Sequence[Sequence[str]]) -> str:
    """RETURNS (str): iob1 if B stands only between two entities of one label, else bio."""
    begun = unbegun = 0
    for block in blocks:
        previous = ""
        for tag in block:
            match = _PREFIXED.fullmatch(tag)
            label = match[2].strip() if match else ""
            if match and label != previous:
                begun += int(match[1].upper() == BEGIN)
                unbegun += int(match[1].upper() == INSIDE)
            previous = label
    return "iob1" if unbegun and not begun else "bio"


def _io_scheme(counts: Counter[str], inside: dict[str, int]) -> TaggingScheme | None:
    """Labels without prefix: there is an outside tag, and few other ones that look like labels."""
    outside = sum(n for tag, n in counts.items() if is_outside(tag))
    unlike = sum(n for tag, n in inside.items() if not is_label(tag) or _has_role(tag))
    usual = outside >= 0.3 * counts.total() and len(inside) <= max(4, counts.total() // 4)
    return TaggingScheme("io") if usual and not unlike else None


def read_spans(tags: Sequence[str], scheme: TaggingScheme, report: ConversionReport) -> Spans:
    """tags (Sequence[str]): The tags of one block, "" where one is missing.
    scheme (TaggingScheme): Their scheme.
    report (ConversionReport): Counts the repairs.
    RETURNS (Spans): The entities, in order and without overlap.
    """
    spans: Spans = []
    start, label = 0, ""  # The entity that is open; no label: none is.
    roles = [_role(tag, scheme, report) for tag in tags]
    may_begin = scheme.name in ("iob1", "ioe", "io")
    for n, (role, next_label) in enumerate([*roles, (OUTSIDE, "")]):
        goes_on = role in (INSIDE, END) and next_label == label
        if label and not goes_on:
            spans.append((start, n, label))
            report.repair(reasons.UNCLOSED, int(scheme.marks_ends))
            label = ""
        if role != OUTSIDE and not goes_on:
            start, label = n, next_label
            report.repair(reasons.UNBEGUN, int(role in (INSIDE, END) and not may_begin))
        if role in (END, SINGLE):
            spans.append((start, n + 1, label))
            label = ""
    return spans


def _role(tag: str, scheme: TaggingScheme, report: ConversionReport) -> tuple[str, str]:
    """RETURNS (tuple[str, str]): Role and label of a tag."""
    if not tag:
        report.repair(reasons.NO_TAG)
        return OUTSIDE, ""
    if is_outside(tag):
        return OUTSIDE, ""
    if scheme.name == "io":
        return _plain_role(tag, report)
    letter, label = _parts(tag, scheme)
    if not letter:
        report.repair(reasons.UNKNOWN_TAG)
        return OUTSIDE, ""
    label = label.strip() or scheme.label
    if not label:
        report.repair(reasons.BLANK_LABEL)
        return OUTSIDE, ""
    return _ROLES[letter.upper()], label


def _plain_role(tag: str, report: ConversionReport) -> tuple[str, str]:
    if is_label(tag):
        return INSIDE, tag
    report.repair(reasons.UNKNOWN_TAG)
    return OUTSIDE, ""


def _parts(tag: str, scheme: TaggingScheme) -> tuple[str, str]:
    """RETURNS (tuple[str, str]): Letter and label of a tag, "" for a letter that is of no role."""
    if scheme.suffixed:
        match = _SUFFIXED.fullmatch(tag)
        return (match[2], match[1]) if match else ("", "")
    match = _PREFIXED.fullmatch(tag)
    if match:
        return match[1], match[2]
    return (tag, "") if is_bare(tag) else ("", "")
