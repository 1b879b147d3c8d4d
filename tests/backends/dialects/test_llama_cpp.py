import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.dialects.base import Dialect
from spacy_el4ner.backends.dialects.llama_cpp import LlamaCpp, option_logprobs
from spacy_el4ner.backends.grammars import gbnf
from spacy_el4ner.backends.http import Unusable
from spacy_el4ner.formats import InlineTags, SpanList
from tests.strategies import make_window

COPY = InlineTags().grammar(make_window("Ann", "left"))
LARGE = SpanList().grammar(make_window(*map(str, range(60))))


def test_it_is_a_dialect():
    assert isinstance(LlamaCpp(), Dialect)


def test_an_answer_is_held_to_the_rules():
    assert LlamaCpp().fields(COPY)["grammar"] == gbnf(COPY)


def test_a_grammar_that_is_too_large_is_left_to_the_prompt():
    assert "grammar" not in LlamaCpp().fields(LARGE)


def test_all_options_are_one_question():
    (question,) = LlamaCpp().questions(("PERSON", "none"))
    assert question.answer is None
    assert question.fields["top_logprobs"] > 10


def token(text, probability, **others):
    """A token of the answer: its text, its probability, and those of what could stand in its place."""
    listed = [{"token": t, "logprob": math.log(p)} for t, p in {text: probability, **others}.items()]
    return {**listed[0], "top_logprobs": listed}


def reply(*tokens):
    return {"choices": [{"logprobs": {"content": list(tokens)}}]}


def probabilities(options, *tokens):
    return [math.exp(p) for p in option_logprobs(reply(*tokens), options)]


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
    assert option_logprobs(reply(token("ORG", 0.5)), ["ORG", "none"]) == [0.0, -math.inf]


@pytest.mark.parametrize(
    "unread",
    [{}, {"choices": []}, {"choices": [{"logprobs": None}]}, reply({"token": "a", "logprob": -1.0})],
)
def test_a_reply_without_alternatives_is_of_no_use(unread):
    with pytest.raises(Unusable, match="alternatives"):
        option_logprobs(unread, ["a", "b"])


def test_an_answer_that_begins_no_option_is_of_no_use():
    with pytest.raises(Unusable, match="none of the options"):
        option_logprobs(reply(token("x", 1.0)), ["a", "b"])


@given(
    options=st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=6, unique=True),
    data=st.data(),
)
def test_probabilities_are_those_of_the_options_by_their_characters(options, data):
    """With a token a character, the answer's own path is followed to its end."""
    weights = data.draw(st.lists(st.floats(0.01, 1), min_size=len(options), max_size=len(options)))
    mass = [w / sum(weights) for w in weights]
    answer = data.draw(st.sampled_from(options))
    tokens = []
    for n in range(len(answer) + 1):
        nexts = {}
        for option, p in zip(options, mass, strict=True):
            if option.startswith(answer[:n]):
                nexts[option[n : n + 1]] = nexts.get(option[n : n + 1], 0) + p
        total = sum(nexts.values())
        own = answer[n : n + 1]
        nexts = {t: p / total for t, p in nexts.items()}
        tokens.append(token(own, nexts.pop(own), **nexts))
    found = probabilities(options, *tokens)
    assert math.isclose(sum(found), 1)
    assert math.isclose(found[options.index(answer)], mass[options.index(answer)], rel_tol=1e-6)


@pytest.mark.parametrize("odd", [math.nan, 1000.0, 10**400])
def test_what_is_no_log_probability_is_unusable(odd):
    said = {"token": "a", "logprob": odd}
    with pytest.raises(Unusable):
        option_logprobs(reply({**said, "top_logprobs": [said]}), ["a", "b"])
