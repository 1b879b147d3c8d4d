"""What the learned rule sees."""

import math
from dataclasses import replace

import pytest

from spacy_el4ner.calibration.logistic import log_odds
from spacy_el4ner.fusion.rules.features import features
from spacy_el4ner.retrieval.lexicon import Seen
from spacy_el4ner.types import Mention
from tests.fusion.cases import make_case
from tests.strategies import make_window

WINDOW = make_window(*"abcd", gap="")


def seen(slm, llm, copied=(0.9,) * 4, labelled=()):
    case = make_case(WINDOW, [0.5] * 4, slm, llm, p=0.8)
    case = replace(case, llm=replace(case.llm, copied=copied), seen=dict(labelled))
    (disagreement,) = case.disagreements
    return features(case, disagreement)


def test_no_entity_is_as_sure_as_the_least_certain_copy():
    """The language model nearly began an entity at the second token, where the tagger has one."""
    shown = seen([(0, 3, "NR")], [], copied=(0.99, 0.6, 0.95, 0.1))
    assert shown["copied"] == log_odds(0.6)
    assert shown["category"] == shown["boundary"] == 0


def test_an_entity_is_as_sure_as_its_own_probabilities():
    shown = seen([], [(0, 3, "NR")], copied=(0.99, 0.6, 0.95, 0.1))
    assert shown["copied"] == 0
    assert shown["category"] == shown["boundary"] == log_odds(0.8)


def test_the_labels_of_both_sides_are_told_apart():
    shown = seen([(0, 3, "NR")], [(0, 3, "NG")])
    assert (shown["slm:NR"], shown["llm:NG"]) == (1, 1)
    assert (shown["same_spans"], shown["same_labels"]) == (1, 0)


def test_what_was_labelled_before_speaks_for_a_side():
    labelled = {Mention(0, 3, "NR"): Seen(4, 1), Mention(0, 3, "NG"): Seen(0, 5)}
    shown = seen([(0, 3, "NR")], [(0, 3, "NG")], labelled=labelled)
    assert shown["seen_slm"] == pytest.approx(math.log(4.5 / 1.5))
    assert shown["seen_llm"] == pytest.approx(math.log(0.5 / 5.5))
    assert (shown["new_slm"], shown["new_llm"]) == (0, 1)


def test_a_name_of_which_nothing_is_known_is_new_and_speaks_for_nobody():
    shown = seen([(0, 3, "NR")], [])
    assert shown["seen_slm"] == shown["seen_llm"] == 0
    assert (shown["new_slm"], shown["new_llm"]) == (1, 0)
