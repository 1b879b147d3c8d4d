"""Checks that what was read is the gold, and not what a misreading left of it."""

from collections.abc import Sequence

from spacy.tokens import Doc

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.report import LOST_DOCUMENTS, LOST_ENTITIES, ConversionReport
from spacy_el4ner.corpora.source import CorpusFile
from spacy_el4ner.errors import EL4NERValueError, Errors


def check_docs(docs: Sequence[Doc], file: CorpusFile, counts: ConversionReport, lang: str) -> None:
    """docs (Sequence[Doc]): What was read.
    file (CorpusFile): The file.
    counts (ConversionReport): What was repaired or skipped.
    lang (str): Language whose tokenizer cut the texts.
    RAISES (ValueError): EL243 if most objects have no annotation, EL247 if most entities were lost,
        EL248 if most of them are not at token boundaries.
    """
    entities = sum(len(doc.ents) for doc in docs)
    annotated = len(docs) - counts.count(reasons.NO_ENTITIES)
    bare = counts.count(*LOST_DOCUMENTS)
    if bare > annotated:
        seen = _keys(file)
        message = Errors.EL243.format(path=file.path, bare=bare, total=bare + annotated, seen=seen)
        raise EL4NERValueError(message)
    lost = counts.count(*LOST_ENTITIES)
    if lost > entities:
        why = "; ".join(line for line in counts.repair_lines() if line.startswith(LOST_ENTITIES))
        layout = "; ".join(counts.notes) or "offsets in characters"
        message = Errors.EL247.format(
            path=file.path, lost=lost, total=lost + entities, why=why, layout=layout
        )
        raise EL4NERValueError(message)
    widened = counts.count(reasons.ENTITY_MISALIGNED)
    total = entities + counts.count(reasons.ENTITY_OVERLAP)
    if 2 * widened > total:
        message = Errors.EL248.format(path=file.path, widened=widened, total=total, lang=lang)
        raise EL4NERValueError(message)


def nothing_read(file: CorpusFile, counts: ConversionReport) -> str:
    """file (CorpusFile): A file that held no document.
    counts (ConversionReport): What was skipped.
    RETURNS (str): The message: EL243 for objects of which none has an annotation that is understood,
        EL008 if all were skipped for another reason, EL007 for an empty file.
    """
    if not counts.repairs:
        return Errors.EL007.format(path=file.path)
    bare = counts.count(*LOST_DOCUMENTS)
    if bare and any(record.value is not None for record in file.records):
        return Errors.EL243.format(path=file.path, bare=bare, total=bare, seen=_keys(file))
    problem = f"nothing in the file could be used: {'; '.join(counts.repair_lines())}"
    return Errors.EL008.format(path=file.path, line=1, problem=problem)


def _keys(file: CorpusFile) -> str:
    """The keys of the first object, for the user."""
    values = (record.value for record in file.records)
    first = next((value for value in values if isinstance(value, dict)), {})
    return ", ".join(map(repr, list(first)[:12])) or "no JSON object"
