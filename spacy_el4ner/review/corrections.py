"""Corrections made in annotation tools, as documents and as demonstrations."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.corpora.documents import DocMaker, LabelledText
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.pipeline.finding import AnyComponent

PREFIX = "review"
"""Prefix of the name of a document that came without an id."""
DIGITS = 12
"""Length of the hash that names such a document by its text."""


@dataclass(frozen=True)
class Joined:
    """The result of an import.

    documents (int): Number of documents that joined the pool.
    demonstrations (int): Number of their sentences.
    replaced (int): Number of demonstrations that they replaced.
    """

    documents: int
    demonstrations: int
    replaced: int


def to_docs(reviewed: Iterable[LabelledText], nlp: Language, report: ConversionReport) -> list[Doc]:
    """reviewed (Iterable[LabelledText]): What a tool exported.
    nlp (Language): Pipeline whose tokenizer cuts the texts.
    report (ConversionReport): Counts what was left out: documents that were not accepted, and entities
        outside the text or that overlap; and those that had to be widened to the tokens.
    RETURNS (list[Doc]): The documents, each text once: of several answers to one text, the last.
    """
    maker = DocMaker(nlp, nlp.vocab, report)
    # The tokens of the pipeline, not those of the tool.
    docs = [maker.from_text(replace(text, tokens=())) for text in reviewed]
    latest = list({doc.text: doc for doc in docs if doc is not None}.values())
    report.add(latest)
    return latest


def join(docs: Sequence[Doc], component: AnyComponent, path: Path) -> Joined:
    """Let documents join the pool of a component, in place of what is there of them already.

    docs (Sequence[Doc]): The documents. They get names that no other document of the pool has.
    component (LLMEnsembleNER | SLMLLMFusion): Whose pool it is.
    path (Path): Where the documents come from, for errors.
    RETURNS (Joined): What came of it.
    RAISES (ValueError): EL105 where labels are unknown to the component, EL107 where there is nothing.
    """
    if not docs:
        raise EL4NERValueError(Errors.EL107.format(path=path))
    unknown = {ent.label_ for doc in docs for ent in doc.ents} - set(component.labels)
    if unknown:
        labels, known = ", ".join(sorted(unknown)), ", ".join(component.labels)
        raise EL4NERValueError(Errors.EL105.format(path=path, labels=labels, known=known))
    older: set[str] = set()
    for doc in docs:
        older |= _name(doc, component)
    before = len(component.pool.entries)
    replaced = component.add_demonstrations(docs, older)
    return Joined(len(docs), len(component.pool.entries) - before + replaced, replaced)


def _name(doc: Doc, component: AnyComponent) -> frozenset[str]:
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
