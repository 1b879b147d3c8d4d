"""Gold entities that occur in the training split and those that do not, and the recall of both.

An entity is *seen* if its exact surface, case as it is, is an entity of the same label somewhere in the
training split. Everything else is *unseen*: new names, and known names with a new label.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

from spacy.tokens import Doc

from spacy_el4ner.types import Demonstration

Place = tuple[int, int, int, str]
"""Index of the document, start and end in it, label."""
Name = tuple[str, str]
"""Surface and label of an entity."""


def names_of_documents(docs: Iterable[Doc]) -> frozenset[Name]:
    """docs (Iterable[Doc]): Documents with gold entities.
    RETURNS (frozenset[tuple[str, str]]): Surface and label of their entities.
    """
    return frozenset((entity.text, entity.label_) for doc in docs for entity in doc.ents)


def names_of_demonstrations(demonstrations: Iterable[Demonstration]) -> frozenset[Name]:
    """demonstrations (Iterable[Demonstration]): Labelled sentences.
    RETURNS (frozenset[tuple[str, str]]): Surface and label of their entities.
    """
    return frozenset(
        (shown.window.text[mention.start : mention.end], mention.label)
        for shown in demonstrations
        for mention in shown.mentions
    )


@dataclass(frozen=True)
class GoldByNovelty:
    """The gold entities of a test split, divided by whether training has seen them.

    unseen (frozenset[tuple[int, int, int, str]]): Those that are new: document, start, end, label.
    seen (frozenset[tuple[int, int, int, str]]): The others.
    """

    unseen: frozenset[Place]
    seen: frozenset[Place]

    @classmethod
    def divide(cls, gold: Sequence[Doc], trained: Set[Name]) -> "GoldByNovelty":
        """gold (Sequence[Doc]): The documents with gold entities.
        trained (Set[tuple[str, str]]): Surface and label of the entities of the training split.
        RETURNS (GoldByNovelty): Their entities.
        """
        places: dict[bool, set[Place]] = {True: set(), False: set()}
        for number, doc in enumerate(gold):
            for entity in doc.ents:
                place = (number, entity.start_char, entity.end_char, entity.label_)
                places[(entity.text, entity.label_) in trained].add(place)
        return cls(frozenset(places[False]), frozenset(places[True]))

    def recalls(self, predicted: Set[Place]) -> dict[str, float | None]:
        """predicted (Set[tuple[int, int, int, str]]): The predicted entities.
        RETURNS (dict[str, float | None]): "unseen_r" and "seen_r", 0 to 1; None where there is nothing
            to find.
        """
        return {"unseen_r": _recall(predicted, self.unseen), "seen_r": _recall(predicted, self.seen)}


def summaries(rows: dict[str, dict[str, Any]], gold: GoldByNovelty) -> dict[str, dict[str, Any]]:
    """rows (dict[str, dict[str, Any]]): The rows of an evaluation of the fusion, with their recalls.
    gold (GoldByNovelty): The gold entities that the recalls cover.
    RETURNS (dict[str, dict[str, Any]]): "unseen" and "seen": the recall of the tagger ("slm"), of the
        language model that is fused with it ("llm") and of the fusion, and the number of entities.
    """
    models = {"slm": "slm", "llm": "sft_similarity", "fusion": "fusion"}
    return {
        kind: {
            **{model: rows[row][f"{kind}_r"] for model, row in models.items()},
            "entities": len(getattr(gold, kind)),
        }
        for kind in ("unseen", "seen")
    }


def _recall(predicted: Set[Place], gold: frozenset[Place]) -> float | None:
    return len(gold & predicted) / len(gold) if gold else None
