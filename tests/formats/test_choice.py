import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.formats import Choice
from tests.strategies import follows, quick, walk, words

LABELS = Choice(("PERSON", "ORG", "ORGANIZATION", "none"))


@quick
@given(st.lists(words, min_size=1, max_size=5, unique=True))
def test_every_option_is_read_back(options):
    choice = Choice(options)
    assert [choice.parse(choice.render(o)) for o in options] == options


@quick
@given(st.lists(words, min_size=1, max_size=5, unique=True), st.integers())
def test_the_grammar_allows_the_options_and_nothing_else(options, seed):
    choice = Choice(options)
    assert all(follows(choice, [o, ""]) for o in options)
    assert "".join(walk(choice, seed)) in options


@pytest.mark.parametrize(
    "answer", ["person", ' "PERSON". ', "**Person**", "PERSON, since it is a name"]
)
def test_case_and_marks_around_an_answer_are_taken_lightly(answer):
    assert LABELS.parse(answer) == "PERSON"


@pytest.mark.parametrize("answer", ["", "a person", "PERSON or ORG", "PERSONAL", "LOC"])
def test_an_answer_that_names_no_option_or_several_is_none(answer):
    assert LABELS.parse(answer) is None


def test_the_longer_of_two_options_that_begin_alike_is_read():
    assert LABELS.parse("organization it is") == "ORGANIZATION"
    assert LABELS.parse("org it is") == "ORG"


def test_options_that_differ_in_case_alone_are_told_apart():
    assert Choice(("us", "US")).parse("US") == "US"


def test_an_option_that_grows_when_its_case_is_folded_is_found_in_a_sentence():
    assert Choice(("Straße", "Ort")).parse("straße ist es") == "Straße"


def test_choices_of_the_same_options_are_equal():
    assert Choice(["a", "b"]) == Choice(("a", "b"))
    assert len({Choice(["a", "b"]), Choice(("a", "b"))}) == 1
    assert Choice(["a", "b"]) != Choice(["b", "a"])
