"""Lists of names as a voter."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from spacy_el4ner.errors import EL4NERSetupError, Errors
from spacy_el4ner.storage import bundle, manifest
from spacy_el4ner.storage.atomic import replacing
from spacy_el4ner.text.windows import cut
from spacy_el4ner.types import Window
from spacy_el4ner.voters.base import Labels
from spacy_el4ner.voters.finding import FindingVoter, TypedSpan


class GazetteerVoter(FindingVoter):
    """A voter that looks names up in a list, and abstains on all others.

    A line of the list is a name: {"name": "Bonn", "label": "GPE"}. It may have "aliases", further
    spellings, and a "probability", how often the name is such an entity where it occurs. A name can
    stand in the list with several labels. Of names within each other, the longest one counts.

    names (str): The file (JSON Lines), or a folder that holds one such file.
    ignore_case (bool): Whether "BONN" and "bonn" are found too.
    probability (float): Probability of a name that has none of its own, 0 to 1.
    label_map (dict[str, str | None] | None): The list's label -> the label of the ensemble; null to
        leave the label out. A label that is not named stands for itself, and is left out if the
        ensemble lacks it.
    """

    def __init__(
        self,
        names: str,
        ignore_case: bool = False,
        probability: float = 0.9,
        label_map: dict[str, str | None] | None = None,
    ):
        super().__init__(label_map)
        self.names = names
        self.ignore_case = ignore_case
        self.probability = probability
        self.bundle: Path | None = None
        self._labels: dict[str, dict[str, float]] = {}

    @property
    def sources(self) -> tuple[str | None, ...]:
        """RETURNS (tuple[str | None, ...]): The list, as the config names it."""
        return (self.names,)

    @property
    def identity(self) -> str:
        """RETURNS (str): The list, and a digest of all that the answers depend on."""
        path = self._path()
        content = manifest.fingerprint([("names", path)]) if path.is_file() else ""
        settings = [content, self.ignore_case, self.probability, self.label_map]
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        return f"{self.names}#{digest[:12]}"

    def own_labels(self) -> Iterable[str]:
        """RETURNS (Iterable[str]): The labels of the list; empty before its file is there."""
        if not self._path().is_file():
            return ()
        self._load()
        return dict.fromkeys(label for by_label in self._labels.values() for label in by_label)

    def find(self, windows: Sequence[Window], labels: Labels) -> list[list[TypedSpan]]:
        """windows (Sequence[Window]): The windows.
        labels (Mapping[str, str]): Not used.
        RETURNS (list[list[TypedSpan]]): The names of the list in each.
        RAISES (EL4NERSetupError): EL344, the list cannot be read.
        """
        self._load()
        return [
            [
                TypedSpan(start, end, label, probability)
                for start, end, key in _longest(window, self._labels, self.ignore_case)
                for label, probability in self._labels[key].items()
            ]
            for window in windows
        ]

    def _load(self) -> None:
        if self._labels:
            return
        labels: dict[str, dict[str, float]] = defaultdict(dict)
        for number, entry in self._entries():
            try:
                spellings = [entry["name"], *entry.get("aliases", ())]
                label, p = str(entry["label"]), float(entry.get("probability", self.probability))
                keys = [_key(str(spelling), self.ignore_case) for spelling in spellings]
                if not 0 < p <= 1 or not all(keys) or not label:
                    raise ValueError("an empty name or label, or no probability")
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise self._error(f"line {number}: {error!r}") from error
            for key in keys:
                labels[key][label] = max(p, labels[key].get(label, 0.0))
        self._labels = dict(labels)

    def _entries(self) -> Iterator[tuple[int, Any]]:
        try:
            lines = self._path().read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise self._error(error) from error
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except ValueError as error:
                    raise self._error(f"line {number}: {error}") from error

    def _error(self, problem: Any) -> EL4NERSetupError:
        return EL4NERSetupError(Errors.EL344.format(path=self.names, problem=problem))

    def _path(self) -> Path:
        if bundle.name_of(self.names) is not None and self.bundle is None:
            return Path(self.names)  # not there before the component is loaded
        path = Path(bundle.located(self.names, self.bundle))
        files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        return files[0] if len(files) == 1 else path

    def __getstate__(self) -> dict[str, Any]:
        """The list, which is read again, and the memory of a batch stay behind."""
        return {**self.__dict__, "_labels": {}, "_memory": {}}


def write_names(docs: Sequence[Doc], path: Path, least: float = 0.5) -> int:
    """Write the names of labelled documents as a list for `GazetteerVoter`.

    docs (Sequence[Doc]): Documents with gold entities.
    path (Path): The file to write.
    least (float): The lowest probability of a name that is kept, 0 to 1: how often its text is an
        entity of the label where it occurs, with one added occurrence that is none.
    RETURNS (int): How many names were written.
    """
    named: dict[str, Counter[str]] = defaultdict(Counter)
    for ent in (ent for doc in docs for ent in doc.ents):
        named[_key(ent.text)][ent.label_] += 1
    occurrences = _occurrences(docs, named)
    entries = [
        {"name": name, "label": label, "probability": round(probability, 4)}
        for name, labels in sorted(named.items())
        for label, count in sorted(labels.items())
        if (probability := count / (1 + max(occurrences[name], labels.total()))) >= least
    ]
    with replacing(path) as file:
        for entry in entries:
            file.write(json.dumps(entry, ensure_ascii=False).encode("utf8") + b"\n")
    return len(entries)


def _occurrences(docs: Iterable[Doc], names: Collection[str]) -> Counter[str]:
    """How often each name occurs in the documents, entity or not."""
    return Counter(
        key for doc in docs for window in cut(doc, 1) for _, _, key in _longest(window, names)
    )


def _longest(
    window: Window, keys: Collection[str], ignore_case: bool = False
) -> Iterator[tuple[int, int, str]]:
    """Start, end and key of the names in a window, from the left, the longest where several begin. They
    begin and end with tokens of the document, which spaCy's `PhraseMatcher` can only tell if it
    tokenizes the names by the rules of the same language.
    """
    most = max(map(len, keys), default=0)
    behind = 0
    for n, (start, _) in enumerate(window.tokens):
        if start < behind:
            continue
        for _, end in window.tokens[n:]:
            if end - start > 2 * most:
                break
            if (key := _key(window.text[start:end], ignore_case)) in keys:
                behind, longest = end, key
        if behind > start:
            yield start, behind, longest


def _key(text: str, ignore_case: bool = False) -> str:
    """A name as it is looked up: with single spaces."""
    text = " ".join(text.split())
    return text.casefold() if ignore_case else text
