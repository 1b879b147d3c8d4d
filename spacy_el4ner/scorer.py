"""The scorer of the components: precision, recall and F1 of entities, and calibration."""

from collections.abc import Callable, Iterable
from typing import Any

from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example

from spacy_el4ner.calibration.error import aurc, brier_score, calibration_error, error_by_chance
from spacy_el4ner.pipeline.attributes import confidence


def score(examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
    """Score entities by exact (start, end, label), as spaCy does.

    examples (Iterable[Example]): Predicted and gold documents.
    kwargs (Any): Further arguments of `spacy.scorer.get_ner_prf`.
    RETURNS (dict[str, Any]): spaCy's own `ents_p`, `ents_r`, `ents_f`, `ents_per_type`, and of the
        confidences that this package recorded the expected calibration error
        (`el4ner_calibration_error`), the one that is due to chance (`el4ner_error_by_chance`), the
        Brier score (`el4ner_brier_score`) and the area under the risk-coverage curve (`el4ner_aurc`).
        Tokens without gold annotation are ignored.
    """
    examples = list(examples)
    scores: dict[str, Any] = get_ner_prf(examples, **kwargs)
    pairs = judged(examples)
    scores["el4ner_calibration_error"] = calibration_error(pairs)
    scores["el4ner_error_by_chance"] = error_by_chance(pairs)
    scores["el4ner_brier_score"] = brier_score(pairs)
    scores["el4ner_aurc"] = aurc(pairs)
    return scores


def judged(examples: Iterable[Example]) -> list[tuple[float, bool]]:
    """examples (Iterable[Example]): Predicted and gold documents.
    RETURNS (list[tuple[float, bool]]): Confidence of each predicted entity that has one, and whether
        the entity is right. Wrong entities over tokens without gold annotation are left out.
    """
    pairs = []
    for example in examples:
        gold = {(e.start_char, e.end_char, e.label_) for e in example.reference.ents}
        tags = example.get_aligned_ner()
        for ent in example.predicted.ents:
            # Another package may have registered `ent._.confidence` for values of its own.
            recorded = confidence(ent)
            right = (ent.start_char, ent.end_char, ent.label_) in gold
            if recorded is not None and (right or None not in tags[ent.start : ent.end]):
                pairs.append((recorded, right))
    return pairs


def annotated(gold: Doc, start: int, end: int) -> bool:
    """gold (Doc): A document with gold entities.
    start (int): Offset of the first character of a predicted entity.
    end (int): Offset after its last character.
    RETURNS (bool): Whether all of its tokens have gold annotation, so that it can be judged.
    """
    span = gold.char_span(start, end, alignment_mode="expand")
    return span is not None and all(token.ent_iob for token in span)


def scorer_v1() -> Callable[..., dict[str, Any]]:
    """RETURNS (Callable): The scorer: precision, recall, F1 and the calibration error of entities."""
    return score
