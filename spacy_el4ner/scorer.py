"""Entity precision, recall and F1 over exact (start, end, label), and calibration."""

from collections.abc import Iterable, Sequence
from typing import Any

from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example

BINS = 10


def score(examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
    """examples (Iterable[Example]): Predicted and gold documents.
    RETURNS (dict[str, Any]): spaCy's own `ents_p`, `ents_r`, `ents_f`, `ents_per_type`, and
        `el4ner_calibration_error`: the expected calibration error of `ent._.confidence`. Where nothing
        is known of the gold entities, nothing is judged.
    """
    examples = list(examples)
    scores: dict[str, Any] = get_ner_prf(examples, **kwargs)
    scores["el4ner_calibration_error"] = calibration_error(judged(examples))
    return scores


def judged(examples: Iterable[Example]) -> list[tuple[float, bool]]:
    """RETURNS (list[tuple[float, bool]]): Confidence of each predicted entity that has one, and
    whether the entity is right. One over tokens of which nothing is known is left out.
    """
    found = []
    for example in examples:
        gold = {(e.start_char, e.end_char, e.label_) for e in example.reference.ents}
        known = example.get_aligned_ner()
        for ent in example.predicted.ents:
            confidence = ent._.confidence if ent._.has("confidence") else None
            right = (ent.start_char, ent.end_char, ent.label_) in gold
            if confidence is not None and (right or None not in known[ent.start : ent.end]):
                found.append((confidence, right))
    return found


def annotated(gold: Doc, start: int, end: int) -> bool:
    """gold (Doc): A document with gold entities.
    start (int), end (int): Offsets of an entity that was found.
    RETURNS (bool): Whether it is known of all of its tokens if they are in an entity. Else nobody can
        say whether it is right.
    """
    span = gold.char_span(start, end, alignment_mode="expand")
    return span is not None and all(token.ent_iob for token in span)


def calibration_error(pairs: Sequence[tuple[float, bool]], bins: int = BINS) -> float | None:
    """Expected calibration error: |accuracy − mean confidence|, averaged over bins of equal width,
    weighted by their size.

    pairs (Sequence[tuple[float, bool]]): Confidence, and whether it was right.
    bins (int): How many.
    RETURNS (float | None): 0 (perfect) to 1; None where there is nothing to judge.
    """
    if not pairs:
        return None
    members: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in pairs:
        members.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, right))
    return sum(
        abs(sum(r for _, r in bin_) - sum(c for c, _ in bin_)) for bin_ in members.values()
    ) / len(pairs)
