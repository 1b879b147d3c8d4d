import numpy as np
import pytest

from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.fuse import fuse
from spacy_el4ner.fusion.readings import Case, LLMMention, LLMReading, SLMReading
from spacy_el4ner.fusion.rejected import decisions, rejected
from spacy_el4ner.fusion.rules import make_rule
from spacy_el4ner.fusion.tags import Scheme
from spacy_el4ner.types import Mention
from tests.strategies import sentence

PERSON, FIRM = Mention(0, 4, "PERSON"), Mention(0, 9, "ORG")
PLACE = Mention(14, 19, "GPE")
SCHEME = Scheme(("PERSON", "ORG", "GPE"))


def case(slm, llm, error=""):
    """Two readings of a sentence, the tagger's with probability 0.75."""
    window = sentence("Bill paid for Paris")
    even = np.full((4, 13), -np.log(13), np.float32)
    reading = LLMReading(tuple(LLMMention(m, 0.9, 0.8) for m in llm), (0.9,) * 4, error)
    return Case(window, SLMReading(tuple(slm), (0.75,) * len(slm), even, SCHEME), reading)


def said(found):
    return [(m.start, m.end, m.label, pytest.approx(m.confidence)) for m in found]


@pytest.mark.parametrize(
    ("rule", "lost"), [("slm", (0, 9, "ORG", 0.72)), ("llm", (0, 4, "PERSON", 0.75))]
)
def test_the_side_that_lost_is_kept_with_its_own_probability(rule, lost):
    both = case([PERSON, PLACE], [FIRM, PLACE])
    made = make_rule(rule, Calibration())
    assert said(rejected(both, made)) == [lost]
    [mention] = rejected(both, made)
    assert mention.provenance["how"] == "rejected"
    assert mention.provenance["side"] != rule
    assert mention.provenance["rule"] == rule


@pytest.mark.parametrize("rule", ["paper", "scaled", "slm", "llm"])
def test_every_mention_is_an_entity_or_rejected(rule):
    both = case([PERSON, PLACE], [FIRM])
    made = make_rule(rule, Calibration())
    found = {(m.start, m.end, m.label) for m in [*fuse(both, made), *rejected(both, made)]}
    assert found == {(m.start, m.end, m.label) for m in (PERSON, PLACE, FIRM)}
    assert len(decisions(both, made)) == 2


def test_nothing_is_rejected_where_there_is_one_reading():
    made = make_rule("paper", Calibration())
    assert rejected(case([PERSON], [FIRM], error="no answer"), made) == []
