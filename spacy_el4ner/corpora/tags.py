"""Tags of tokens read as spans: BIO, BILUO, BMES, BIOES, and what goes wrong in them.

The schemes name the same roles by different letters and no letter has two meanings, so one reader
serves them all. They differ in one thing: whether the end of an entity has a tag of its own.
"""

import re
from collections.abc import Iterable, Sequence

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.report import Report

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
_OPEN_SCHEME = frozenset("BI")
_TAG = re.compile(f"([{''.join(_ROLES)}])(?:[-_](.*))?", re.IGNORECASE)


def is_tag(text: str) -> bool:
    """RETURNS (bool): Whether a column's text is a tag of a known scheme."""
    return text.upper() == OUTSIDE or _TAG.fullmatch(text) is not None


def marks_ends(tags: Iterable[str]) -> bool:
    """tags (Iterable[str]): The tags of a file.
    RETURNS (bool): Whether their scheme has tags for the end of an entity, as BMES and BILUO have.
    """
    return any(m[1].upper() not in _OPEN_SCHEME for m in map(_TAG.fullmatch, tags) if m)


def read_spans(tags: Sequence[str], ends: bool, report: Report) -> Spans:
    """tags (Sequence[str]): The tags of one block, "" where one is missing.
    ends (bool): Whether the scheme has tags for the end of an entity.
    report (Report): Counts the repairs.
    RETURNS (Spans): The entities, in order and without overlap.
    """
    spans: Spans = []
    start, label = 0, ""  # The entity that is open; no label: none is.
    for n, (role, next_label) in enumerate([*(_read(t, report) for t in tags), (OUTSIDE, "")]):
        goes_on = role in (INSIDE, END) and next_label == label
        if label and not goes_on:
            spans.append((start, n, label))
            report.repair(reasons.UNCLOSED, int(ends))
            label = ""
        if role != OUTSIDE and not goes_on:
            start, label = n, next_label
            report.repair(reasons.UNBEGUN, int(role in (INSIDE, END)))
        if role in (END, SINGLE):
            spans.append((start, n + 1, label))
            label = ""
    return spans


def _read(tag: str, report: Report) -> tuple[str, str]:
    """RETURNS (tuple[str, str]): Role and label of a tag."""
    if not tag:
        report.repair(reasons.NO_TAG)
        return OUTSIDE, ""
    if tag.upper() == OUTSIDE:
        return OUTSIDE, ""
    match = _TAG.fullmatch(tag)
    if match is None:
        report.repair(reasons.UNKNOWN_TAG)
        return OUTSIDE, ""
    label = (match[2] or "").strip()
    if not label:
        report.repair(reasons.BLANK_LABEL)
        return OUTSIDE, ""
    return _ROLES[match[1].upper()], label
