"""What people corrected, as documents and as demonstrations."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.corpora.jsonl import read_jsonl
from spacy_el4ner.corpora.report import Report
from spacy_el4ner.errors import Errors
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion
from spacy_el4ner.review.tools.base import Reviewed

PREFIX = "review"
"""Begins the name of a document that came without an id."""
DIGITS = 12
"""Of the hash that names such a document by its text."""

Component = LLMEnsembleNER | SLMLLMFusion


@dataclass(frozen=True)
class Joined:
    """What came of an import.

    documents (int): That joined the pool.
    demonstrations (int): Their sentences.
    replaced (int): Demonstrations that gave way to these.
    """

    documents: int
    demonstrations: int
    replaced: int


def find_component(nlp: Language, path: str) -> Component:
    """nlp (Language): A pipeline.
    path (str): Where it was loaded from, for the error.
    RETURNS (Component): The one that shows demonstrations to language models.
    RAISES (ValueError): EL014 where there is none, EL044 where it has no language model.
    """
    for name, component in nlp.pipeline:
        if isinstance(component, SLMLLMFusion) and component.llm is None:
            raise ValueError(Errors.EL044.format(path=path, name=name))
        if isinstance(component, LLMEnsembleNER | SLMLLMFusion):
            return component
    kinds, names = "llm_ensemble_ner or slm_llm_fusion", ", ".join(nlp.pipe_names)
    raise ValueError(Errors.EL014.format(path=path, factory=kinds, names=names))


def to_docs(reviewed: Iterable[Reviewed], nlp: Language, report: Report) -> list[Doc]:
    """reviewed (Iterable[Reviewed]): What a tool exported.
    nlp (Language): Whose tokens the entities are put on.
    report (Report): Counts what was left out: documents that were not accepted; entities that lie
        outside the text or overlap; and those that had to be widened to the tokens.
    RETURNS (list[Doc]): The documents, each text once: of several answers to one the last.
    """
    lines = [_line(one) for one in reviewed]
    docs = read_jsonl(lines, nlp, nlp.vocab, report)
    found = list({doc.text: doc for doc in docs}.values())
    report.add(found)
    return found


def join(docs: Sequence[Doc], component: Component, path: Path) -> Joined:
    """Let documents join the pool of a component, in place of what is there of them already.

    docs (Sequence[Doc]): The documents. They get names that no other document of the pool has.
    component (Component): Whose pool it is.
    path (Path): Where the documents come from, for errors.
    RETURNS (Joined): What came of it.
    RAISES (ValueError): EL105 where labels are unknown to the component, EL107 where there is nothing.
    """
    if not docs:
        raise ValueError(Errors.EL107.format(path=path))
    unknown = {ent.label_ for doc in docs for ent in doc.ents} - set(component.labels)
    if unknown:
        labels, known = ", ".join(sorted(unknown)), ", ".join(component.labels)
        raise ValueError(Errors.EL105.format(path=path, labels=labels, known=known))
    older: set[str] = set()
    for doc in docs:
        older |= _name(doc, component)
    before = len(component.pool.entries)
    replaced = component.add_demonstrations(docs, older)
    return Joined(len(docs), len(component.pool.entries) - before + replaced, replaced)


def _name(doc: Doc, component: Component) -> frozenset[str]:
    """Name a document, and find what the pool has of it.

    RETURNS (frozenset[str]): Ids of these demonstrations.
    """
    digest = hashlib.sha256(doc.text.encode()).hexdigest()[:DIGITS]
    name = str(doc.user_data.get("id") or f"{PREFIX}-{digest}")
    own = component.pool.parts(name, doc.text)
    if component.pool.named(name) - own:  # another document has this name
        name = f"{name}-{digest}"
        own = component.pool.parts(name, doc.text)
    doc.user_data["id"] = name
    return own


def _line(one: Reviewed) -> str:
    """The document as a corpus has it, a line of JSONL."""
    return json.dumps(
        {
            "text": one.text,
            "entities": [list(entity) for entity in one.entities],
            "answer": "accept" if one.accepted else "reject",
            **({"id": one.id} if one.id else {}),
        }
    )
