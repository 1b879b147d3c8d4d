"""JSON objects with tokens and a tag for each, as Hugging Face data sets have them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spacy.tokens import Doc

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.documents import DocMaker
from spacy_el4ner.corpora.formats.objects import SUFFIXES, document_id
from spacy_el4ner.corpora.options import names_from_file
from spacy_el4ner.corpora.schemes import TaggingScheme, read_spans, recognise
from spacy_el4ner.corpora.source import CorpusFile
from spacy_el4ner.errors import EL4NERValueError, Errors

_TOKENS = ("tokens", "words", "token")
_TAGS = ("ner_tags", "tags", "labels", "ner", "ner_labels", "fine_ner_tags")
_INFO = ("dataset_info.json", "dataset_infos.json")


@dataclass(frozen=True)
class Row:
    """One object.

    id (str): Its id, "" if it has none.
    words (list[str]), tags (list[str | int]): Its tokens, and a name or a number for each.
    """

    id: str
    words: list[str]
    tags: list[str | int]


class TaggedRows:
    """Objects with `tokens` and `ner_tags` (or similar keys). Tags are names in a known scheme, or
    numbers, whose names the user gives or a `dataset_info.json` in the same folder holds.
    """

    title = "JSON with tokens and tags"
    suffixes = SUFFIXES

    def sniff(self, file: CorpusFile) -> float:
        """file (CorpusFile): A file.
        RETURNS (float): The share of its objects that have tokens and tags.
        """
        values = [record.value for record in file.records if record.value is not None]
        return 0.9 * sum(_row(value) is not None for value in values) / len(values) if values else 0.0

    def read(self, file: CorpusFile, maker: DocMaker) -> Iterator[Doc]:
        """file (CorpusFile): A file.
        maker (DocMaker): Makes the documents.
        YIELDS (Doc): One document an object.
        RAISES (ValueError): EL244 if tags are numbers without names, EL240 if they are of no scheme.
        """
        rows = [_row(record.value) for record in file.records]
        tagged = [row for row in rows if row is not None]
        maker.report.repair(reasons.NOT_AN_OBJECT, len(rows) - len(tagged))
        even = [row for row in tagged if len(row.words) == len(row.tags) > 0]
        maker.report.repair(reasons.TAGS_UNEVEN, len(tagged) - len(even))
        if not even:
            return
        names = file.options.tag_names or _names_beside(file)
        tags = [[_tag(tag, names, file) for tag in row.tags] for row in even]
        scheme = _scheme(tags, file)
        maker.report.notes.append(f"tags: {scheme.title}")
        for row, own in zip(even, tags, strict=True):
            doc = maker.from_words(row.words, read_spans(own, scheme, maker.report))
            doc.user_data.update({"id": row.id} if row.id else {})
            yield doc


def _row(value: Any) -> Row | None:
    """RETURNS (Row | None): An object as a row, None if it is none."""
    if not isinstance(value, dict):
        return None
    words = next((value[key] for key in _TOKENS if _is_list_of(value.get(key), str)), None)
    tags = next((value[key] for key in _TAGS if _is_list_of(value.get(key), str | int)), None)
    if words is None or tags is None or not all(words):
        return None
    return Row(document_id(value), words, tags)


def _is_list_of(value: Any, kind: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def _names_beside(file: CorpusFile) -> Mapping[str, str]:
    """Names of the numbers in a file that Hugging Face's `datasets` writes next to the data."""
    path = next((p for name in _INFO if (p := file.path.parent / name).is_file()), None)
    return names_from_file(path) if path is not None else {}


def _tag(tag: str | int, names: Mapping[str, str], file: CorpusFile) -> str:
    name = names.get(str(tag), "" if isinstance(tag, int) else tag)
    if isinstance(tag, int) and not name:
        message = Errors.EL244.format(path=file.path, place="tags", number=tag, key="the tags")
        raise EL4NERValueError(message)
    return name


def _scheme(tags: Sequence[Sequence[str]], file: CorpusFile) -> TaggingScheme:
    options = file.options
    if options.scheme:
        return TaggingScheme("bio" if options.scheme == "iob2" else options.scheme, options.label)
    scheme = recognise(tags, options.label)
    if scheme is None:
        sample = ", ".join(sorted({tag for row in tags for tag in row})[:10])
        problem = "the tags follow an unknown scheme, or have no label (--label NAME)"
        message = Errors.EL240.format(path=file.path, problem=problem, sample=sample)
        raise EL4NERValueError(message)
    return scheme
