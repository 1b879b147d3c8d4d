import math

import pytest

from spacy_el4ner.backends.dialects.base import Dialect
from spacy_el4ner.backends.dialects.vllm import VLLM, compare, read_prompt
from spacy_el4ner.backends.grammars import gbnf
from spacy_el4ner.backends.http import Unusable
from spacy_el4ner.formats import Choice, InlineTags, SpanList
from tests.strategies import make_window

OPTIONS = ("PERSON", "ORG", "none")
COPY = InlineTags().grammar(make_window("Ann", "left"))
LARGE = SpanList().grammar(make_window(*map(str, range(60))))


def test_it_is_a_dialect():
    assert isinstance(VLLM(), Dialect)


def test_an_answer_is_held_to_the_rules_or_to_the_choice():
    assert VLLM().fields(COPY)["structured_outputs"] == {"grammar": gbnf(COPY)}
    assert VLLM().fields(Choice(OPTIONS))["structured_outputs"] == {"choice": list(OPTIONS)}


def test_a_grammar_that_is_too_large_is_left_to_the_prompt():
    assert set(VLLM().fields(LARGE)) == {"logprobs", "top_logprobs", "chat_template_kwargs"}


def test_each_option_is_a_question_of_its_own():
    questions = VLLM().questions(OPTIONS)
    assert [(question.answer, question.max_tokens) for question in questions] == [
        (option, 1) for option in OPTIONS
    ]


def row(*tokens):
    return [(str(token), logprob) for token, logprob in tokens]


def test_answers_are_compared_where_they_part():
    prompt = [(9, -7.0), (8, -3.0)]
    found = compare([row(*prompt, (1, math.log(0.6))), row(*prompt, (2, math.log(0.2)), (3, 0.0))])
    assert found == pytest.approx([math.log(0.75), math.log(0.25)])


def test_an_answer_that_begins_another_has_what_is_left():
    short, longer = row((1, math.log(0.8))), row((1, math.log(0.8)), (2, math.log(0.25)))
    other = row((3, math.log(0.2)))
    found = [math.exp(p) for p in compare([short, longer, other])]
    assert found == pytest.approx([0.6, 0.2, 0.2])


def test_a_single_answer_is_certain():
    assert compare([row((1, -5.0))]) == [0.0]


def test_the_first_entry_is_the_token_of_the_prompt():
    reply = {"prompt_logprobs": [None, {"5": {"logprob": -2.0}, "7": {"logprob": -0.1}}]}
    assert read_prompt(reply) == [("5", -2.0)]


@pytest.mark.parametrize("given", [None, [], [None, None], [None, {}], [None, {"5": {}}], 3])
def test_a_prompt_without_log_probabilities_is_unusable(given):
    with pytest.raises(Unusable):
        compare([read_prompt({"prompt_logprobs": given})])


@pytest.mark.parametrize("odd", [math.nan, 1000.0, 10**400])
def test_a_prompt_with_something_else_than_log_probabilities_is_unusable(odd):
    with pytest.raises(Unusable):
        read_prompt({"prompt_logprobs": [None, {"5": {"logprob": odd}}]})


def test_where_no_answer_is_possible_none_has_any_probability():
    assert compare([row((1, -math.inf)), row((2, -math.inf))]) == [-math.inf, -math.inf]
    assert compare([row((1, -math.inf)), row((2, -9.0))]) == [-math.inf, 0.0]
