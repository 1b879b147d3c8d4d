import pytest
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_el4ner.pipeline import attributes
from spacy_el4ner.scorer import judged, score
from tests.strategies import VOCAB

attributes.register()
WORDS = ["Ann", "left", "Paris", "for", "Rome"]


def make_doc(entities, confidences=()):
    doc = Doc(VOCAB, words=WORDS)
    doc.set_ents([Span(doc, s, e, label) for s, e, label in entities], default="outside")
    found = zip(doc.ents, confidences, strict=False)
    doc._.el4ner = {
        "spans": {
            attributes.key(e.start_char, e.end_char, e.label_): {"confidence": c} for e, c in found
        }
    }
    return doc


def example(found, gold, confidences=()):
    return Example(make_doc(found, confidences), make_doc(gold))


def test_with_nothing_to_judge_there_is_no_calibration_error():
    assert score([example([], [(0, 1, "PERSON")])])["el4ner_calibration_error"] is None


def test_an_entity_is_right_where_offsets_and_label_are():
    found = [(0, 1, "PERSON"), (2, 3, "ORG"), (3, 5, "GPE")]
    gold = [(0, 1, "PERSON"), (2, 3, "GPE"), (4, 5, "GPE")]
    pairs = judged([example(found, gold, [0.9, 0.8, 0.7])])
    assert pairs == [(0.9, True), (0.8, False), (0.7, False)]


def test_entities_without_a_confidence_are_not_judged():
    assert judged([example([(0, 1, "PERSON"), (2, 3, "GPE")], [], [0.9])]) == [(0.9, False)]


def test_a_confidence_of_another_package_is_not_judged():
    case = example([(0, 1, "PERSON"), (2, 3, "GPE")], [], [0.9])
    kept = Span.remove_extension("confidence")
    Span.set_extension("confidence", default=0.5)
    try:
        assert judged([case]) == [(0.9, False)]
    finally:
        Span.remove_extension("confidence")
        Span.set_extension("confidence", getter=kept[2])


def test_scores_are_those_of_spacy_and_the_calibration_error():
    found, gold = [(0, 1, "PERSON"), (2, 3, "ORG")], [(0, 1, "PERSON"), (4, 5, "GPE")]
    scores = score(iter([example(found, gold, [0.9, 0.3])]))
    assert (scores["ents_p"], scores["ents_r"], scores["ents_f"]) == (0.5, 0.5, 0.5)
    assert scores["ents_per_type"]["PERSON"]["f"] == 1.0
    assert scores["el4ner_calibration_error"] == pytest.approx((0.1 + 0.3) / 2)


def test_where_nothing_is_known_nothing_is_judged():
    unknown = Doc(VOCAB, words=WORDS)
    scores = score([Example(make_doc([(0, 1, "PERSON")], [0.9]), unknown)])
    assert scores["ents_f"] is scores["el4ner_calibration_error"] is None


def test_an_entity_over_unknown_tokens_is_not_judged():
    gold = Doc(VOCAB, words=WORDS, ents=["B-PERSON", "O", None, "O", "O"])
    found = make_doc([(0, 1, "PERSON"), (2, 3, "GPE"), (4, 5, "GPE")], [0.9, 0.8, 0.7])
    scores = score([Example(found, gold)])
    assert (scores["ents_p"], scores["ents_r"]) == (0.5, 1.0)
    assert judged([Example(found, gold)]) == [(0.9, True), (0.7, False)]
