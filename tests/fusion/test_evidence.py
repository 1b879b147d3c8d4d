"""How sure each model is of its side."""

import numpy as np
import pytest
from hypothesis import given

from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import Disagreement
from spacy_el4ner.fusion.evidence import FARTHEST, preference
from spacy_el4ner.fusion.readings import LLMMention, LLMReading
from spacy_el4ner.slm.reading import SLMReading
from spacy_el4ner.types import Mention
from tests.fusion.cases import SCHEME, TAGS, any_cases
from tests.strategies import make_window, quick

WINDOW = make_window("Chang", "An", "fell")
CITY, MAN, FIRST = Mention(0, 8, "NS"), Mention(0, 8, "NR"), Mention(0, 5, "NR")


def compared(slm, llm, likely):
    """The case and its one disagreement, with probabilities of some tags and little for all others."""
    rows = np.full((len(WINDOW.tokens), TAGS), 1e-6)
    for token, tag, probability in likely:
        rows[token, SCHEME.tags.index(tag)] = probability
    reading = SLMReading(tuple(slm), (0.9,) * len(slm), np.log(rows), SCHEME)
    found = tuple(LLMMention(m, 0.9, 0.9) for m in llm)
    case = Case(WINDOW, reading, LLMReading(found, (0.9,) * 3))
    (disagreement,) = case.disagreements
    return case, disagreement


@pytest.mark.parametrize(
    ("llm", "likely", "expected"),
    [
        ([MAN], [(0, "B-NR", 0.3), (1, "L-NR", 0.2)], np.log(0.6 * 0.7 / (0.3 * 0.2))),
        ([FIRST], [(0, "U-NR", 0.3), (1, "O", 0.1)], np.log(0.6 * 0.7 / (0.3 * 0.1))),
        ([], [(0, "O", 0.4), (1, "O", 0.3)], np.log(0.6 * 0.7 / (0.4 * 0.3))),
    ],
    ids=["another type", "another boundary", "no entity"],
)
def test_the_preference_is_how_much_likelier_the_taggers_tags_are(llm, likely, expected):
    own = [(0, "B-NS", 0.6), (1, "L-NS", 0.7)]
    assert preference(*compared([CITY], llm, own + likely)) == pytest.approx(expected, abs=1e-6)


def test_a_type_that_the_tagger_does_not_know_is_out_of_the_question():
    case, disagreement = compared([CITY], [Mention(0, 8, "SHIP")], [])
    assert preference(case, disagreement) == FARTHEST
    case, disagreement = compared([Mention(0, 5, "SHIP")], [Mention(0, 8, "SHIP")], [])
    assert preference(case, disagreement) == 0


@quick
@given(any_cases())
def test_the_preference_of_the_other_side_is_the_opposite(case):
    for d in case.disagreements:
        there = preference(case, d)
        swapped = Disagreement(
            tuple(m.mention for m in d.llm), (), tuple(LLMMention(m, 1, 1) for m in d.slm), d.tokens
        )
        assert preference(case, swapped) == pytest.approx(-there)
        assert abs(there) <= FARTHEST
