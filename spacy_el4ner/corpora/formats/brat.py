"""BRAT standoff folders: a .txt and an .ann of the same name for each document
(https://brat.nlplab.org/standoff.html).
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from spacy.tokens import Doc

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.documents import DocMaker, Entity, LabelledText
from spacy_el4ner.corpora.encoding import decode
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.corpora.source import CorpusFile
from spacy_el4ner.text.utf16 import Units

_TEXT_BOUND = re.compile(r"T\S*\t(\S+) (\d+ \d+(?:;\d+ \d+)*)(?:\t(.*))?", re.DOTALL)


class BratFolder:
    """Folders of texts with standoff annotation, of which the text-bound kind (T) is read."""

    title = "BRAT standoff folder"
    suffixes = (".ann",)

    def sniff(self, file: CorpusFile) -> float:
        """file (CorpusFile): A folder, or one .ann file.
        RETURNS (float): 1 if an .ann file has its .txt, else 0.
        """
        return float(any(path.with_suffix(".txt").is_file() for path in _annotations(file.path)))

    def read(self, file: CorpusFile, maker: DocMaker) -> Iterator[Doc]:
        """file (CorpusFile): A folder, or one .ann file.
        maker (DocMaker): Makes the documents.
        YIELDS (Doc): One document a pair of files, with the name of the file as its id.
        """
        for path in _annotations(file.path):
            if not path.with_suffix(".txt").is_file():
                maker.report.repair(reasons.NO_TEXT)
                continue
            doc = maker.from_text(_labelled(path, file.options.encoding, maker.report))
            if doc is not None:
                yield doc
        bare = [p for p in _siblings(file.path) if not p.with_suffix(".ann").is_file()]
        maker.report.repair(reasons.NO_ANNOTATION, len(bare))


def _annotations(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.glob("*.ann"))
    return [path] if path.suffix.lower() == ".ann" else []


def _siblings(path: Path) -> list[Path]:
    return sorted(path.glob("*.txt")) if path.is_dir() else []


def _labelled(path: Path, encoding: str, report: ConversionReport) -> LabelledText:
    source = path.with_suffix(".txt")
    text = decode(source.read_bytes(), source, encoding, report).removeprefix("\ufeff")
    lines = decode(path.read_bytes(), path, encoding, report).replace("\r\n", "\n").split("\n")
    entities: list[Entity] = []
    problems: Counter[str] = Counter()
    for line in lines:
        if not line.startswith("T"):
            continue
        match = _TEXT_BOUND.fullmatch(line)
        if match is None:
            problems[reasons.ENTITY_UNREADABLE] += 1
            continue
        label, place, surface = match.groups()
        entity = _entity(text, label, place, surface)
        if isinstance(entity, str):
            problems[entity] += 1
        else:
            entities.append(entity)
    return LabelledText(path.stem, text, tuple(entities), problems=problems)


def _entity(text: str, label: str, place: str, surface: str | None) -> Entity | str:
    """RETURNS (Entity | str): The entity, or why it is skipped. Pieces that nothing but white space
    parts, as at a line break, are one.
    """
    offsets = [tuple(map(int, piece.split())) for piece in place.split(";")]
    gaps = [text[a[1] : b[0]] for a, b in pairwise(offsets)]
    if any(gap.strip() for gap in gaps):
        return reasons.DISCONTINUOUS
    start, end = offsets[0][0], offsets[-1][1]
    if surface is None or _even(text[start:end]) == _even(surface):
        return start, end, label
    units = Units(text)
    first, last = units.character(start), units.character(end)
    if first is not None and last is not None and _even(text[first:last]) == _even(surface):
        return first, last, label
    return reasons.ENTITY_MISMATCH


def _even(text: str) -> str:
    return " ".join(text.split())
