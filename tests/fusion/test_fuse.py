import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import Agreement
from spacy_el4ner.fusion.fuse import fuse
from spacy_el4ner.fusion.readings import LLMMention, LLMReading
from spacy_el4ner.slm.reading import SLMReading
from spacy_el4ner.slm.tags import Scheme
from spacy_el4ner.types import Mention
from tests.fusion.cases import RULES, any_cases, make_case, make_rule, mentions
from tests.strategies import make_window, quick, sentence

WINDOW = make_window(*"abcdef", gap="", start=100)
rules = st.builds(make_rule, st.sampled_from(sorted(RULES)), st.floats(0.01, 1))


def paper(lam=0.2):
    return make_rule("paper", lam)


@quick
@given(any_cases(), rules)
def test_the_result_never_overlaps(case, rule):
    found = fuse(case, rule).entities
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(0 <= m.confidence <= 1 for m in found)


@quick
@given(any_cases(), rules)
def test_each_group_is_one_sides_and_agreements_stay(case, rule):
    found = mentions(fuse(case, rule))
    expected = 0
    for group in case.groups:
        if isinstance(group, Agreement):
            assert group.slm in found
            expected += 1
            continue
        slm, llm = set(group.slm), {m.mention for m in group.llm}
        here = set(found) & (slm | llm)
        assert here in (slm, llm)
        expected += len(here)
    assert len(found) == expected


@quick
@given(any_cases())
def test_one_side_always_is_the_reading_of_that_side(case):
    assert mentions(fuse(case, make_rule("slm"))) == list(case.slm.mentions)
    assert mentions(fuse(case, make_rule("llm"))) == [m.mention for m in case.llm.mentions]


@quick
@given(any_cases(), st.sampled_from([None, LLMReading(error="timeout")]), rules)
def test_without_a_second_reading_the_taggers_stands(case, reading, rule):
    found = fuse(replace(case, llm=reading), rule)
    assert mentions(found) == list(case.slm.mentions)
    assert [m.confidence for m in found.entities] == list(case.slm.probabilities)


@quick
@given(any_cases(), rules)
def test_the_gold_entities_change_nothing(case, rule):
    blind = fuse(replace(case, gold=()), rule).entities
    assert fuse(case, rule).entities == blind
    assert [m.provenance for m in fuse(case, rule).entities] == [m.provenance for m in blind]


@quick
@given(any_cases(), rules)
def test_provenance_is_plain_data(case, rule):
    for m in fuse(case, rule).entities:
        assert json.loads(json.dumps(m.provenance, allow_nan=False)) == m.provenance


def test_an_agreement_is_as_sure_as_both_models_on_average():
    case = make_case(WINDOW, [0.1] * 6, [(0, 2, "NR")], [(0, 2, "NR", 0.8, 0.5)])
    (m,) = fuse(case, paper()).entities
    assert m.confidence == pytest.approx((0.9 + 0.8 * 0.5) / 2)
    assert (m.provenance["how"], m.provenance["side"]) == ("agreement", "both")


@pytest.mark.parametrize(("lam", "side"), [(0.01, "slm"), (10, "llm")])
def test_a_decision_is_less_sure_the_surer_the_other_model_was(lam, side):
    def sure(**of):
        llm = [(0, 2, "NG", of.get("llm", 0.9), 0.9)]
        case = make_case(WINDOW, [0.1] * 6, [(0, 2, "NR")], llm)
        case = replace(case, slm=replace(case.slm, probabilities=(of.get("slm", 0.9),)))
        (m,) = fuse(case, paper(lam)).entities
        assert m.provenance["side"] == side
        return m.confidence

    other = "llm" if side == "slm" else "slm"
    assert sure(**{other: 0.9}) < sure(**{other: 0.4})
    assert sure(**{side: 0.9}) > sure(**{side: 0.4})


def test_provenance_says_what_both_models_said_and_who_won():
    case = make_case(WINDOW, [0.5] * 6, [(0, 2, "NR")], [(1, 3, "NG", 0.7, 0.6)])
    (m,) = fuse(case, paper(0.2)).entities
    said = m.provenance
    assert (said["how"], said["side"], said["kind"], said["rule"]) == (
        "decision",
        "slm",
        "boundary",
        "paper",
    )
    assert said["scores"]["slm"] > said["scores"]["llm"]
    assert said["slm"]["entities"] == [{"start": 100, "end": 102, "label": "NR", "probability": 0.9}]
    assert said["slm"]["entropy"] == pytest.approx(0.5, abs=1e-5)
    other = {"start": 101, "end": 103, "label": "NG", "category": 0.7, "boundary": 0.6}
    assert said["llm"]["entities"] == [other]


def test_provenance_says_that_the_language_model_was_not_asked():
    case = replace(make_case(WINDOW, [0.5] * 6, [(0, 2, "NR")], []), llm=None)
    (m,) = fuse(case, paper()).entities
    assert (m.provenance["how"], m.provenance["llm"]) == ("alone", None)


def test_provenance_says_why_there_is_no_second_reading():
    case = replace(make_case(WINDOW, [0.5] * 6, [(0, 2, "NR")], []), llm=LLMReading(error="timeout"))
    (m,) = fuse(case, paper()).entities
    assert m.provenance["llm"]["error"] == "timeout"


def test_a_fitted_confidence_takes_the_place_of_the_raw_one():
    weights = Weights(0.0, {"agreement": 2.0})
    case = make_case(WINDOW, [0.1] * 6, [(0, 2, "NR"), (3, 4, "NR")], [(0, 2, "NR")])
    agreed, decided = fuse(case, paper(), weights).entities
    assert agreed.confidence == pytest.approx(0.8808, abs=1e-4)
    assert decided.confidence == pytest.approx(0.5)
    assert agreed.provenance["raw"] == pytest.approx((0.9 + 0.81) / 2)


PERSON, FIRM = Mention(0, 4, "PERSON"), Mention(0, 9, "ORG")
PLACE = Mention(14, 19, "GPE")
NAMES = Scheme(("PERSON", "ORG", "GPE"))


def two_readings(slm, llm, error=""):
    """Two readings of a sentence, the tagger's with probability 0.75."""
    window = sentence("Bill paid for Paris")
    even = np.full((4, 13), -np.log(13), np.float32)
    reading = LLMReading(tuple(LLMMention(m, 0.9, 0.8) for m in llm), (0.9,) * 4, error)
    return Case(window, SLMReading(tuple(slm), (0.75,) * len(slm), even, NAMES), reading)


def said(found):
    return [(m.start, m.end, m.label, pytest.approx(m.confidence)) for m in found]


@pytest.mark.parametrize(
    ("rule", "lost"), [("slm", (0, 9, "ORG", 0.72)), ("llm", (0, 4, "PERSON", 0.75))]
)
def test_the_side_that_lost_is_kept_with_its_own_probability(rule, lost):
    both = two_readings([PERSON, PLACE], [FIRM, PLACE])
    rule_ = make_rule(rule)
    assert said(fuse(both, rule_).rejected) == [lost]
    [mention] = fuse(both, rule_).rejected
    assert mention.provenance["how"] == "rejected"
    assert mention.provenance["side"] != rule
    assert mention.provenance["rule"] == rule


@pytest.mark.parametrize("rule", ["paper", "scaled", "slm", "llm"])
def test_every_mention_is_an_entity_or_rejected(rule):
    both = two_readings([PERSON, PLACE], [FIRM])
    rule_ = make_rule(rule)
    found = {
        (m.start, m.end, m.label) for m in [*fuse(both, rule_).entities, *fuse(both, rule_).rejected]
    }
    assert found == {(m.start, m.end, m.label) for m in (PERSON, PLACE, FIRM)}
    assert len(fuse(both, rule_).decisions) == 2


def test_nothing_is_rejected_where_there_is_one_reading():
    rule_ = make_rule("paper")
    assert fuse(two_readings([PERSON], [FIRM], error="no answer"), rule_).rejected == []
