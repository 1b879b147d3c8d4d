"""The common base of the formats of JSON objects: a text with its entities at offsets."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from spacy.tokens import Doc

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.documents import NOWHERE, DocMaker, Entity, LabelledText
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.corpora.source import CorpusFile, JsonRecord
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.text.utf16 import Units

JsonObject = dict[str, Any]
SUFFIXES = (".jsonl", ".json", ".ndjson")
SNIFFED = 200
"""Number of records at the beginning of a file by which its format is recognised."""


class TextObjects(ABC):
    """Base of the formats whose documents are JSON values with a text and entities at offsets.

    offsets (str): Unit of the offsets, "characters" or "utf16".
    unit_is_certain (bool): Whether files of the format never have offsets in another unit.
    weight (float): The rating of a file whose records all fit.
    """

    title = ""
    suffixes: tuple[str, ...] = SUFFIXES
    offsets = "characters"
    unit_is_certain = False
    weight = 0.8

    @abstractmethod
    def fits(self, value: Any, file: CorpusFile) -> bool:
        """value (Any): A JSON object or list.
        file (CorpusFile): Its file.
        RETURNS (bool): Whether it can be a document in this format.
        """

    @abstractmethod
    def parse(self, value: Any, file: CorpusFile) -> LabelledText:
        """value (Any): A JSON object or list that is a document.
        file (CorpusFile): Its file.
        RETURNS (LabelledText): The document, with offsets as the file has them.
        """

    def sniff(self, file: CorpusFile) -> float:
        """file (CorpusFile): A file.
        RETURNS (float): The share of the first records that fit, times the format's weight.
        """
        values = [record.value for record in file.records[:SNIFFED] if record.value is not None]
        if not values:
            return 0.0
        return self.weight * sum(self.fits(value, file) for value in values) / len(values)

    def labelled(self, file: CorpusFile, report: ConversionReport) -> Iterator[LabelledText]:
        """file (CorpusFile): A file in this format.
        report (ConversionReport): Counts values that are not objects.
        YIELDS (LabelledText): Its documents, with offsets in characters.
        RAISES (ValueError): EL244 for numbers without names, EL246 for offsets that fit another unit.
        """
        texts = [self._parsed(record, file) for record in file.records if _is_value(record, report)]
        unit = file.options.offsets or self.offsets
        if not file.options.offsets and not self.unit_is_certain:
            check_unit(texts, unit, file)
        for text in texts:
            yield to_characters(text) if unit == "utf16" else text

    def read(self, file: CorpusFile, maker: DocMaker) -> Iterator[Doc]:
        """file (CorpusFile): A file in this format.
        maker (DocMaker): Makes the documents.
        YIELDS (Doc): The documents.
        RAISES (ValueError): As `labelled`.
        """
        for text in self.labelled(file, maker.report):
            doc = maker.from_text(text)
            if doc is not None:
                yield doc

    def _parsed(self, record: JsonRecord, file: CorpusFile) -> LabelledText:
        try:
            return self.parse(record.value, file)
        except UnnamedNumber as error:
            message = Errors.EL244.format(
                path=file.path, place=record.place, number=error, key=_list_keys(record.value)
            )
            raise EL4NERValueError(message) from error


def _list_keys(value: Any) -> str:
    """The keys of an object under which lists stand, for the user."""
    items = value.items() if isinstance(value, dict) else ()
    return ", ".join(repr(key) for key, item in items if isinstance(item, list)) or "its entities"


class UnnamedNumber(Exception):
    """A number in the place of a label or tag, whose name is not known."""


def _is_value(record: JsonRecord, report: ConversionReport) -> bool:
    report.repair(reasons.NOT_AN_OBJECT, int(record.value is None))
    return record.value is not None


def read_entities(
    raws: Sequence[Any], names: Mapping[str, str]
) -> tuple[tuple[Entity, ...], dict[str, int]]:
    """raws (Sequence[Any]): Entities as JSON has them: [start, end, label], or objects with `start` (or
        `start_offset`), `end` (or `end_offset`) and `label` (or `labels`).
    names (Mapping[str, str]): Number -> label.
    RETURNS (tuple[tuple[Entity, ...], dict[str, int]]): The entities, and what was wrong with others.
    RAISES (UnnamedNumber): If a label is a number without a name.
    """
    entities: list[Entity] = []
    problems: Counter[str] = Counter()
    for raw in raws:
        start, end = read_offsets(raw)
        labels = [] if start is None or end is None else read_labels(raw, names)
        if start is None or end is None or not labels:
            problems[reasons.ENTITY_UNREADABLE] += 1
        else:
            entities += [(start, end, label) for label in labels]
    return tuple(entities), dict(problems)


def read_offsets(raw: Any) -> tuple[int | None, int | None]:
    """raw (Any): A span as JSON has it.
    RETURNS (tuple[int | None, int | None]): Start and end, None for what is not a whole number.
    """
    if isinstance(raw, dict):
        raw = [raw.get("start", raw.get("start_offset")), raw.get("end", raw.get("end_offset"))]
    if not isinstance(raw, list) or len(raw) < 2:
        return None, None
    start, end = (value if type(value) is int else None for value in raw[:2])
    return start, end


def read_labels(raw: Any, names: Mapping[str, str]) -> list[str]:
    """raw (Any): An entity as JSON has it.
    names (Mapping[str, str]): Number -> label.
    RETURNS (list[str]): Its labels, usually one; none if it has none that can be read.
    RAISES (UnnamedNumber): If a label is a number without a name.
    """
    if isinstance(raw, dict):
        value = raw.get("label", raw.get("labels"))
    else:
        value = raw[2] if isinstance(raw, list) and len(raw) > 2 else None
    labels = [name_of(label, names) for label in (value if isinstance(value, list) else [value])]
    return [label for label in labels if label]


def name_of(label: Any, names: Mapping[str, str]) -> str:
    """label (Any): A label as JSON has it, a name or a number.
    names (Mapping[str, str]): Number -> label.
    RETURNS (str): The name, "" if there is none.
    RAISES (UnnamedNumber): If it is a number that `names` lacks.
    """
    if type(label) is int and str(label) not in names:
        raise UnnamedNumber(label)
    if not isinstance(label, str | int) or isinstance(label, bool):
        return ""
    return names.get(str(label).strip(), str(label).strip())


def read_pairs(raws: Any) -> tuple[tuple[int, int], ...]:
    """raws (Any): Sentences or tokens as JSON has them, [start, end] or objects.
    RETURNS (tuple[tuple[int, int], ...]): Start and end of each, `NOWHERE` for what is none.
    """
    spans = [read_offsets(raw) for raw in (raws if isinstance(raws, list) else [raws])]
    return tuple((NOWHERE if s is None else s, NOWHERE if e is None else e) for s, e in spans)


def to_characters(text: LabelledText) -> LabelledText:
    """text (LabelledText): A document with offsets in units of UTF-16.
    RETURNS (LabelledText): The same with offsets in characters; `NOWHERE` for those in the middle of a
        character, or outside the text.
    """
    units = Units(text.text)
    entities: list[Entity] = []
    for start, end, label in text.entities:
        first, last = units.character(start), units.character(end)
        if first is None or last is None:
            first = last = NOWHERE
        entities.append((first, last, label))
    return replace(text, entities=tuple(entities))


def check_unit(texts: Sequence[LabelledText], unit: str, file: CorpusFile) -> None:
    """texts (Sequence[LabelledText]): Documents with offsets as their file has them.
    unit (str): The unit that is taken for granted.
    file (CorpusFile): The file.
    RAISES (ValueError): EL246 if most entities after an emoji or the like are at words in the other
        unit, and are not in this one.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        if text.text.isascii() or max(text.text, default="") <= "\uffff":
            continue
        converted = to_characters(text).entities
        for one, other in zip(text.entities, converted, strict=True):
            if one != other:
                counts["all"] += 1
                counts["characters"] += _is_at_words(text.text, one)
                counts["utf16"] += _is_at_words(text.text, other)
    other_unit = "utf16" if unit == "characters" else "characters"
    if 2 * counts[unit] < counts["all"] < 2 * counts[other_unit]:
        message = Errors.EL246.format(
            path=file.path, total=counts["all"], here=counts[unit], unit=unit,
            there=counts[other_unit], other=other_unit,
        )  # fmt: skip
        raise EL4NERValueError(message)


def _is_at_words(text: str, entity: Entity) -> bool:
    start, end, _ = entity
    if not 0 <= start < end <= len(text) or text[start:end].strip() != text[start:end]:
        return False
    return not any(text[at - 1 : at].isalnum() and text[at : at + 1].isalnum() for at in (start, end))


def document_id(value: JsonObject) -> str:
    """value (JsonObject): A document.
    RETURNS (str): Its `id`, "" if it has none.
    """
    own = value.get("id")
    return str(own) if isinstance(own, str | int) and not isinstance(own, bool) else ""
