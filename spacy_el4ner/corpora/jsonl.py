"""JSONL: an object a line, with a text and its entities at character offsets.

Entities are read from `entities` ([start, end, label]), `spans` (objects, as Prodigy writes them)
or `label` and `labels` (as doccano writes them).
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.entities import set_entities
from spacy_el4ner.corpora.report import Report

_KEYS = ("entities", "spans", "label", "labels")
_KEPT = ("genre",)
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_jsonl(lines: Sequence[str], nlp: Language, vocab: Vocab, report: Report) -> Iterator[Doc]:
    """lines (Sequence[str]): The lines of the file.
    nlp (Language): Tokenises the texts.
    vocab (Vocab): Of the documents.
    report (Report): Counts the repairs.
    YIELDS (Doc): One document an object, with its `id` and `genre` in `user_data`.
    """
    for line in lines:
        data = _object(line, report) if line.strip() else None
        if data is None:
            continue
        text = data.get("text")
        if not isinstance(text, str) or not text:
            report.repair(reasons.NO_TEXT)
        elif data.get("answer", "accept") != "accept":
            report.repair(reasons.NOT_ACCEPTED)
        else:
            # Not nlp.make_doc(), which refuses texts longer than a parser could take.
            doc = _with_vocab(nlp.tokenizer(text), vocab)
            _annotate(doc, data, report)
            yield doc


def is_object(line: str) -> bool:
    """RETURNS (bool): Whether a line is a JSON object."""
    return _object(line, Report()) is not None


def _object(line: str, report: Report) -> dict[str, Any] | None:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        report.repair(reasons.NOT_AN_OBJECT)
        return None
    if "\\ud" not in line.lower():
        return data
    # No tokenizer and no file takes half of a surrogate pair, in a label or an id either.
    whole, halves = _SURROGATE.subn("\ufffd", json.dumps(data, ensure_ascii=False))
    report.repair(reasons.LONE_SURROGATE, halves)
    mended: dict[str, Any] = json.loads(whole)
    return mended


def _with_vocab(doc: Doc, vocab: Vocab) -> Doc:
    if doc.vocab is vocab:
        return doc
    words = [token.text for token in doc]
    return Doc(vocab, words=words, spaces=[bool(token.whitespace_) for token in doc])


def _annotate(doc: Doc, data: dict[str, Any], report: Report) -> None:
    if isinstance(data.get("id"), str | int):
        doc.user_data["id"] = str(data["id"])
    doc.user_data.update({key: data[key] for key in _KEPT if isinstance(data.get(key), str)})
    if data.get("sentences") is not None:
        _set_sentences(doc, data["sentences"], report)
    entities = next((data[key] for key in _KEYS if isinstance(data.get(key), list)), None)
    report.repair(reasons.NO_ENTITIES, int(entities is None))
    spans = []
    for raw in entities or ():
        span = _entity(raw, doc, data["text"], report)
        if span is not None:
            spans.append(span)
    set_entities(doc, spans, report)


def _entity(raw: Any, doc: Doc, text: str, report: Report) -> tuple[int, int, str] | None:
    """RETURNS (tuple[int, int, str] | None): An entity in tokens, None where it is skipped."""
    start, end, label = (*_offsets(raw), _label(raw))
    if start is None or end is None or not label:
        report.repair(reasons.ENTITY_UNREADABLE)
        return None
    surface = text[start:end] if 0 <= start < end <= len(text) else ""
    bare = start + len(surface) - len(surface.lstrip()), start + len(surface.rstrip())
    span = doc.char_span(*bare, alignment_mode="expand") if surface.strip() else None
    if span is None:
        report.repair(reasons.ENTITY_OUTSIDE)
        return None
    report.repair(reasons.ENTITY_SPACE, int(bare != (start, end)))
    report.repair(reasons.ENTITY_MISALIGNED, int((span.start_char, span.end_char) != bare))
    return span.start, span.end, label


def _offsets(raw: Any) -> tuple[int | None, int | None]:
    """RETURNS (tuple[int | None, int | None]): Start and end, None where they are no numbers."""
    if isinstance(raw, dict):
        raw = [raw.get("start", raw.get("start_offset")), raw.get("end", raw.get("end_offset"))]
    if not isinstance(raw, list) or len(raw) < 2:
        return None, None
    start, end = (value if type(value) is int else None for value in raw[:2])
    return start, end


def _label(raw: Any) -> str:
    label = raw.get("label") if isinstance(raw, dict) else raw[2] if _is_triple(raw) else None
    return label.strip() if isinstance(label, str) else ""


def _is_triple(raw: Any) -> bool:
    return isinstance(raw, list) and len(raw) > 2


def _set_sentences(doc: Doc, sentences: Any, report: Report) -> None:
    """Let sentences begin where the corpus says; a start in a token moves to that token's."""
    ends = [token.idx + len(token) for token in doc]
    length = len(doc.text)
    starts: set[int] = set()
    for raw in sentences if isinstance(sentences, list) else [sentences]:
        start, end = _offsets(raw)
        if start is None or end is None or not 0 <= start < end <= length:
            report.repair(reasons.SENTENCE_UNREADABLE)
        else:
            starts.add(bisect_right(ends, start))
    for token in doc if starts else ():
        token.is_sent_start = token.i in starts or token.i == 0
