"""The fits behind each step, on decisions whose answer is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.decoding.automaton import ForcedDecision
from spacy_el4ner.calibration.labels import without
from spacy_el4ner.calibration.offsets import best_offset
from spacy_el4ner.tuning.extraction import fit_offsets, fit_ways
from spacy_el4ner.tuning.labels import WEIGHTS, Classified, corrected, fit_labels, fit_with_neutral
from spacy_el4ner.tuning.measuring import Forced
from spacy_el4ner.tuning.thresholds import auc, cross_validated_shift, f1
from spacy_el4ner.voters.base import Ballot

candidates = st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=1, max_size=12)


@given(candidates, st.integers(0, 5))
def test_a_shift_keeps_the_candidates_with_the_highest_f1(candidates, missed):
    margins = np.array([m for m, _ in candidates], dtype=float)
    right = np.array([r for _, r in candidates])
    gold = int(right.sum()) + missed
    shift = best_offset(margins, right, gold)
    tried = [f1(margins + other > 0, right, gold) for other in np.arange(-5.75, 5.75, 0.5)]
    if right.any():
        assert f1(margins + shift > 0, right, gold) == pytest.approx(max(tried))
    else:
        assert shift == 0


def test_a_cross_validated_shift_is_fitted_to_other_sentences():
    """One candidate a sentence; that of sentence 0 alone needs a shift, and cannot fit it to itself."""
    margins = np.array([-1.0, *[1.0] * 9])
    right = np.ones(10, dtype=bool)
    shifted = cross_validated_shift(margins, right, range(10), [1] * 10)
    assert shifted[0] < 0 < shifted[1:].min()


def test_auc():
    right = np.array([True, True, False, False])
    assert auc(np.array([3.0, 2.0, 1.0, 0.0]), right) == 1
    assert auc(np.array([0.0, 1.0, 2.0, 3.0]), right) == 0
    assert auc(np.zeros(4), right) == 0.5
    assert auc(np.zeros(2), np.ones(2, dtype=bool)) is None


def forced(rng, shift, decision="open"):
    """Sentences of five places; a mention starts at one of them, and the log-odds say so, shifted."""
    sentences = []
    for _ in range(40):
        start = rng.integers(5)
        sentences.append(
            [
                ForcedDecision(
                    decision, float(rng.normal(3.0 if n == start else -3.0, 0.5)) - shift, n == start
                )
                for n in range(5)
            ]
        )
    return sentences


def test_an_offset_makes_up_for_a_reluctant_model():
    fitted = fit_offsets("v", forced(np.random.default_rng(0), 6.0))
    assert fitted.offsets["open"] == pytest.approx(6.0, abs=2.0)
    assert all(fold["open"] == pytest.approx(6.0, abs=2.0) for fold in fitted.folds)
    (step,) = fitted.steps
    assert step.without < 0.2 < 0.9 < step.with_ == fitted.starts


def test_lists_are_to_be_compared_with_and_without_demonstrations():
    shown = forced(np.random.default_rng(0), 6.0, "any")
    zero_shot = forced(np.random.default_rng(1), 12.0, "any")
    ways = fit_ways("v", {False: Forced(shown, zero_shot), True: Forced()})
    assert [way.way for way in ways] == ["not shown", "shown"]
    assert [way.calibration.demonstrations for way in ways] == [False, True]
    assert {step.measure for way in ways for step in way.steps} == {"F1 of sentences with a mention"}


def test_a_list_without_demonstrations_is_asked_for_in_one_way():
    alone = Forced([[]] * 40, forced(np.random.default_rng(1), 6.0, "any"))
    (way,) = fit_ways("v", {False: alone, True: Forced()})
    assert way.calibration.zero_shot["any"] > 0


def test_a_model_that_decides_well_gets_no_offset():
    fitted = fit_offsets("v", forced(np.random.default_rng(0), 0.0))
    assert fitted.offsets == {}
    assert fitted.folds == [{}] * 5


def test_too_few_places_give_no_offset():
    fitted = fit_offsets("v", forced(np.random.default_rng(0), 6.0)[:3])
    assert fitted.offsets == {}
    assert "fewer than" in fitted.steps[0].choice


def classified(rng, favoured):
    """Spans whose right label the model favours, after one that it favours whatever it is asked."""
    options, spans = ["A", "B", ""], []
    for sentence in range(60):
        gold = options[rng.integers(3)]
        scores = rng.normal(size=3) + 2.5 * np.array([o == gold for o in options])
        scores[2] += favoured
        p = np.exp(scores) / np.exp(scores).sum()
        spans.append(Classified(sentence, dict(zip(options, p.tolist(), strict=True)), gold))
    return spans, [int(bool(span.gold)) for span in spans]


def test_priors_undo_what_a_model_prefers_anyway():
    spans, gold = classified(np.random.default_rng(1), 4.0)
    fitted = fit_labels("v", spans, ["A", "B"], gold)
    assert fitted.calibration.prior[2] > max(fitted.calibration.prior[:2]) + 2
    assert fitted.steps[0].without < 0.5 < 0.8 < fitted.steps[0].with_


def test_a_model_without_preferences_keeps_its_labels():
    spans, gold = classified(np.random.default_rng(1), 0.0)
    fitted = fit_labels("v", spans, ["A", "B"], gold)
    if fitted.calibration is not None:
        assert max(step.with_ for step in fitted.steps) > fitted.steps[0].without


def shared(rng, spans, scale):
    """The spans as they are if a bias that a sentence's labels share is added to, and that bias."""
    biases = {n: rng.normal(0, scale, 3) for n in {span.sentence for span in spans}}

    def moved(span, bias):
        scores = {o: p * math.exp(bias[i]) for i, (o, p) in enumerate(span.probabilities.items())}
        return replace(span, probabilities={o: p / sum(scores.values()) for o, p in scores.items()})

    return [moved(span, biases[span.sentence]) for span in spans]


def test_the_neutral_word_is_subtracted_where_that_types_more_spans_right():
    rng = np.random.default_rng(1)
    spans, gold = classified(rng, 0.0)
    fitted = fit_with_neutral("v", {0.0: shared(rng, spans, 4.0), 1.0: spans}, ["A", "B"], gold)
    assert fitted.neutral == 1.0
    assert fitted.steps[0].choice == "1 subtracted"
    assert fitted.steps[0].with_ > fitted.steps[0].without + 0.1


def test_the_neutral_word_is_not_subtracted_where_that_does_not_help():
    rng = np.random.default_rng(1)
    spans, gold = classified(rng, 0.0)
    fitted = fit_with_neutral("v", {0.0: spans, 1.0: shared(rng, spans, 4.0)}, ["A", "B"], gold)
    assert fitted.neutral == 0.0
    assert fitted.steps[0].choice == "not subtracted"


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), st.sampled_from(WEIGHTS))
def test_a_share_of_a_correction_is_one_by_a_share_of_what_was_subtracted(raw, weight):
    """As voters apply it."""
    options, bias = ("A", "B", ""), [-1.0, -0.2, -3.0]
    scores = [math.log(p / sum(raw)) for p in raw]

    def probabilities(share):
        return dict(zip(options, map(math.exp, without(scores, bias, share)), strict=True))

    ballot = Ballot(probabilities(1.0), raw=probabilities(0.0))
    assert corrected(ballot, weight) == pytest.approx(probabilities(weight))


def test_too_few_entities_give_no_priors():
    spans, gold = classified(np.random.default_rng(1), 4.0)
    fitted = fit_labels("v", spans[:8], ["A", "B"], gold[:8])
    assert fitted.calibration is None
    assert "fewer than" in fitted.steps[0].choice
