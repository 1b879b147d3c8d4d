import hypothesis.strategies as st
import pytest
from hypothesis import given

from spacy_el4ner.retrieval.token_shares import token_shares
from tests.retrieval.toys import entry, pools
from tests.strategies import quick


def shares(*entries, distance=2):
    return token_shares([one.demonstration for one in entries], distance)


def test_words_are_inside_close_to_an_entity_or_elsewhere():
    counted = shares(entry("Then Bill saw that they left", ("Bill", "PERSON")))
    assert counted["Bill"] == (1, 0, 0)
    assert counted["Then"] == counted["saw"] == counted["that"] == (0, 1, 0)
    assert counted["they"] == counted["left"] == (0, 0, 1)


def test_every_occurrence_counts():
    pool = entry("May left", ("May", "PERSON")), entry("in May"), entry("I may")
    assert shares(*pool)["May"] == (0.5, 0, 0.5)
    assert shares(*pool)["left"] == (0, 1, 0)


def test_without_distance_there_is_no_context():
    assert shares(entry("Bill left", ("Bill", "PERSON")), distance=0)["left"] == (0, 0, 1)


@quick
@given(pool=pools(), distance=st.integers(0, 3))
def test_shares_add_up_and_cover_the_words_of_the_pool(pool, distance):
    counted = shares(*pool, distance=distance)
    assert {*counted} == {w for one in pool for w in one.demonstration.window.words}
    assert all(sum(each) == pytest.approx(1) for each in counted.values())
