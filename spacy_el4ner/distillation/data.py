"""What students are trained on: silver and gold documents, and those that the best is selected by."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy.tokens import Doc, DocBin

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage.atomic import replacing_folder

GOLD_HELD_OUT, SILVER_HELD_OUT = 5, 10
"""Every fifth gold document, or else every tenth silver one, selects the best student."""


@dataclass(frozen=True)
class TrainingData:
    """Documents to train on, and to select the best student by.

    silver (Sequence[Doc]): Documents that the teacher annotated.
    gold (Sequence[Doc]): Labelled documents; there may be none.
    dev (Sequence[Doc]): Documents to select the best student by.
    """

    silver: Sequence[Doc]
    gold: Sequence[Doc]
    dev: Sequence[Doc]

    def save(self, folder: Path) -> None:
        """Write `all.spacy`, silver and gold together, `gold.spacy` and `dev.spacy`.

        folder (Path): Where the files go, all of them or none.
        """
        files = {"all": [*self.silver, *self.gold], "gold": self.gold, "dev": self.dev}
        with replacing_folder(folder) as unfinished:
            for name, docs in files.items():
                DocBin(docs=docs).to_disk(unfinished / f"{name}.spacy")


def divide(silver: Sequence[Doc], gold: Sequence[Doc], dev: Sequence[Doc]) -> TrainingData:
    """silver (Sequence[Doc]): Documents that the teacher annotated.
    gold (Sequence[Doc]): Labelled documents; there may be none.
    dev (Sequence[Doc]): Documents to select the best student by; without any, some of the gold
        documents are held out, or, if there are none, of the silver ones.
    RETURNS (TrainingData): The documents by their use.
    RAISES (ValueError): EL369, there is only one document to train on and to select by.
    """
    if dev:
        return TrainingData(silver, gold, dev)
    if gold:
        gold, dev = _held_out(gold, GOLD_HELD_OUT, "the gold corpus")
    else:
        silver, dev = _held_out(silver, SILVER_HELD_OUT, "the annotated texts")
    return TrainingData(silver, gold, dev)


def _held_out(docs: Sequence[Doc], every: int, what: str) -> tuple[list[Doc], list[Doc]]:
    rest = [doc for n, doc in enumerate(docs) if n % every]
    if not rest:
        raise EL4NERValueError(Errors.EL369.format(what=what))
    return rest, list(docs[::every])


def check_labels(gold: Sequence[Doc], known: Sequence[str], path: Path) -> None:
    """gold (Sequence[Doc]): Labelled documents.
    known (Sequence[str]): The labels of the teacher.
    path (Path): Where the documents come from.
    RAISES (ValueError): EL368, an entity has another label.
    """
    if unknown := sorted({ent.label_ for doc in gold for ent in doc.ents} - {*known}):
        raise EL4NERValueError(
            Errors.EL368.format(path=path, labels=", ".join(unknown), known=", ".join(known))
        )
