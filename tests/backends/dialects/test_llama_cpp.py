import math

import pytest

from spacy_el4ner.backends.dialects.base import Dialect
from spacy_el4ner.backends.dialects.llama_cpp import LlamaCpp
from spacy_el4ner.backends.grammars import gbnf
from spacy_el4ner.backends.http import Unusable
from spacy_el4ner.formats import InlineTags
from tests.strategies import make_window

COPY = InlineTags().grammar(make_window("Ann", "left"))
LARGE = InlineTags([f"LABEL_{n}" for n in range(100)]).grammar(make_window(*"abcdefghij" * 9))


def test_it_is_a_dialect():
    assert isinstance(LlamaCpp(), Dialect)


def test_an_answer_is_held_to_the_rules():
    assert LlamaCpp().fields(COPY)["grammar"] == gbnf(COPY)


def test_a_grammar_that_is_too_large_is_left_to_the_prompt():
    with pytest.warns(UserWarning, match="WL009"):
        assert "grammar" not in LlamaCpp().fields(LARGE)


def token(text, probability, **others):
    """A token of the answer: its text, its probability, and those of what could stand in its place."""
    listed = [{"token": t, "logprob": math.log(p)} for t, p in {text: probability, **others}.items()]
    return {**listed[0], "top_logprobs": listed}


def reply(*tokens):
    return {"choices": [{"logprobs": {"content": list(tokens)}}]}


def probabilities(options, *tokens):
    """What is read from an answer, which is the same to every request."""
    scores = LlamaCpp().score(options, lambda question: question.read(reply(*tokens)))
    return [math.exp(p) for p in scores]


def test_alternatives_are_asked_for():
    asked = []

    def ask(question):
        asked.append(question)
        return question.read(reply(token("PERSON", 0.9, none=0.1)))

    LlamaCpp().score(("PERSON", "none"), ask)
    assert [question.answer for question in asked] == [None]
    assert asked[0].fields["top_logprobs"] > 10


def test_options_share_what_is_theirs_alone():
    said = token("OR", 0.3, PER=0.1, none=0.1, x=0.5)
    assert probabilities(["PERSON", "ORG", "none"], said) == pytest.approx([0.2, 0.6, 0.2])


def test_an_option_may_begin_with_different_tokens():
    said = token("PER", 0.3, PERSON=0.2, ORG=0.5)
    assert probabilities(["PERSON", "ORG"], said) == pytest.approx([0.5, 0.5])


def test_the_next_token_decides_where_the_answers_own_is_common():
    said = token("P", 0.8, ORG=0.2), token("ER", 0.25, RO=0.75)
    assert probabilities(["PERSON", "PRODUCT", "ORG"], *said) == pytest.approx([0.2, 0.6, 0.2])


def test_another_token_that_is_common_counts_for_both():
    said = token("ORG", 0.6, P=0.4)
    assert probabilities(["PERSON", "PRODUCT", "ORG"], said) == pytest.approx([0.2, 0.2, 0.6])


def test_an_option_that_begins_another_ends_with_the_answer():
    said = token("GPE", 1.0), token("", 0.7, **{" 2": 0.3})
    assert probabilities(["GPE", "GPE 2"], *said) == pytest.approx([0.7, 0.3])


def test_an_end_that_is_not_listed_is_what_the_answer_came_to():
    said = token("GPE", 0.6, ORG=0.2)
    assert probabilities(["GPE", "GPE 2", "ORG"], said) == pytest.approx([0.75, 0, 0.25])


def test_a_token_counts_that_is_not_among_those_listed():
    said = {
        "token": "ORG",
        "logprob": math.log(0.1),
        "top_logprobs": token("none", 0.3)["top_logprobs"],
    }
    assert probabilities(["ORG", "none"], said) == pytest.approx([0.25, 0.75])


def test_halves_of_a_character_are_told_apart():
    half = {"token": "\ufffd", "bytes": [0xE4, 0xBA], "logprob": math.log(0.6)}
    other = {"token": "\ufffd", "bytes": [0xE5, 0x9C], "logprob": math.log(0.2)}
    said = {**half, "top_logprobs": [half, other]}
    assert probabilities(["人", "地"], said) == pytest.approx([0.75, 0.25])


def test_an_option_that_is_not_listed_is_impossible():
    assert probabilities(["ORG", "none"], token("ORG", 0.5)) == [1.0, 0.0]


@pytest.mark.parametrize(
    "unread",
    [{}, {"choices": []}, {"choices": [{"logprobs": None}]}, reply({"token": "a", "logprob": -1.0})],
)
def test_a_reply_without_alternatives_is_of_no_use(unread):
    with pytest.raises(Unusable, match="alternatives"):
        LlamaCpp().score(["a", "b"], lambda question: question.read(unread))


def test_an_answer_that_begins_no_option_is_of_no_use():
    with pytest.raises(Unusable, match="none of the options"):
        probabilities(["a", "b"], token("x", 1.0))


@pytest.mark.parametrize("odd", [math.nan, 1000.0, 10**400])
def test_what_is_no_log_probability_is_unusable(odd):
    said = {"token": "a", "logprob": odd}
    with pytest.raises(Unusable):
        probabilities(["a", "b"], {**said, "top_logprobs": [said]})
