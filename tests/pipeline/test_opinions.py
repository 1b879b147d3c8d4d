import math

import pytest

from spacy_el4ner.pipeline.opinions import Opinion, dispute, disputed, opinions
from tests.html_report.documents import agreed, decided, llm, rejected, tagger, vote, voted


def test_every_vote_of_an_ensemble_is_an_opinion():
    record = voted(vote("a", "PERSON", 0.7, ORG=0.2, GPE=0.1), vote("b", "", 0.6, PERSON=0.4))
    first, second = opinions(3, 6, "PERSON", record)
    assert (first.by, first.start, first.end, first.label, first.probability) == (
        "a",
        3,
        6,
        "PERSON",
        0.7,
    )
    assert first.others == (("ORG", 0.2), ("GPE", 0.1), ("", 0.0))
    assert (second.by, second.label) == ("b", "")


def test_an_estimated_vote_has_no_probability():
    (opinion,) = opinions(0, 3, "PERSON", voted(vote("a", "PERSON", 1.0, estimated=True)))
    assert opinion == Opinion("a", 0, 3, "PERSON", None)


def test_both_sides_of_a_fusion_are_opinions_with_their_own_spans():
    mine = {"start": 4, "end": 11, "label": "PERSON", "probability": 0.9}
    theirs = {"start": 8, "end": 11, "label": "ORG", "category": 0.5, "boundary": 0.8}
    record = decided("slm", tagger(mine), llm(theirs))
    assert opinions(4, 11, "PERSON", record) == [
        Opinion("tagger", 4, 11, "PERSON", 0.9),
        Opinion("language model", 8, 11, "ORG", pytest.approx(0.4)),
    ]


def test_a_side_without_an_entity_says_that_there_is_none():
    mine = {"start": 4, "end": 11, "label": "PERSON", "probability": 0.9}
    assert opinions(4, 11, "PERSON", decided("slm", tagger(mine), llm()))[1] == Opinion(
        "language model", 4, 11, "", 0.7
    )


def test_a_side_that_gave_no_reading_says_nothing():
    record = agreed(0, 3, "PERSON")
    for silent in (None, llm(error="no answer")):
        record["provenance"]["llm"] = silent
        assert [o.by for o in opinions(0, 3, "PERSON", record)] == ["tagger"]


def test_a_rejected_mention_is_that_of_its_side():
    assert opinions(0, 3, "ORG", rejected("llm")) == [Opinion("language model", 0, 3, "ORG", 0.7)]


def test_disputed_is_what_any_model_sees_otherwise():
    assert not disputed("PERSON", voted(vote("a", "PERSON"), vote("b", "PERSON")))
    assert disputed("PERSON", voted(vote("a", "PERSON"), vote("b", "")))
    assert not disputed("PERSON", agreed(0, 3, "PERSON"))
    assert disputed("ORG", rejected("llm"))


def test_the_dispute_of_votes_is_their_entropy():
    even = dict.fromkeys(("PERSON", "ORG", "GPE", ""), 0.25)
    assert dispute(voted({**vote("a", "PERSON"), "probabilities": even})) == pytest.approx(1)
    assert dispute(voted(vote("a", "PERSON", 1.0), vote("b", "PERSON", 1.0))) == 0
    split = voted(vote("a", "PERSON", 1.0), vote("b", "ORG", 1.0))
    assert dispute(split) == pytest.approx(math.log(2) / math.log(4))


def test_disagreeing_models_are_disputed_the_more_the_nearer_their_scores():
    near, far = (dispute(rejected("llm", scores)) for scores in ((0.5, 0.49), (0.9, 0.1)))
    assert 1 > near > far > 0.5
    assert dispute(rejected("llm", (0.5, 0.5))) == 1
    assert dispute(rejected("slm", (-1.2, 0.03))) == 0.5


def test_agreeing_models_are_disputed_by_their_confidence_alone():
    assert dispute(agreed(0, 3, "PERSON", confidence=0.5)) == pytest.approx(0.5)
    assert dispute(agreed(0, 3, "PERSON", confidence=1.0)) == 0


def test_without_votes_the_confidence_speaks():
    assert dispute(voted(confidence=0.5)) == pytest.approx(0.5)
    assert not disputed("ENTITY", voted())
