import math

import pytest

from spacy_el4ner.backends.dialects.base import Dialect
from spacy_el4ner.backends.dialects.vllm import VLLM, compare, read_prompt
from spacy_el4ner.backends.grammars import gbnf
from spacy_el4ner.backends.http import Unusable
from spacy_el4ner.formats import Choice, InlineTags
from tests.strategies import make_window

OPTIONS = ("PERSON", "ORG", "none")
COPY = InlineTags().grammar(make_window("Ann", "left"))
LARGE = InlineTags([f"LABEL_{n}" for n in range(100)]).grammar(make_window(*"abcdefghij" * 9))


def test_it_is_a_dialect():
    assert isinstance(VLLM(), Dialect)


def test_an_answer_is_held_to_the_rules_or_to_the_choice():
    assert VLLM().fields(COPY)["structured_outputs"] == {"grammar": gbnf(COPY)}
    assert VLLM().fields(Choice(OPTIONS))["structured_outputs"] == {"choice": list(OPTIONS)}


def test_a_grammar_that_is_too_large_is_left_to_the_prompt():
    with pytest.warns(UserWarning, match="WL009"):
        assert "structured_outputs" not in VLLM().fields(LARGE)


def chosen(*places):
    """A reply with the first token of each place as the answer, and with all as alternatives."""
    content = []
    for place in places:
        listed = [{"token": t, "logprob": math.log(p) if p else -9999.0} for t, p in place.items()]
        content.append({**listed[0], "top_logprobs": listed})
    return {"choices": [{"logprobs": {"content": content}}]}


def weighed(**masses):
    """Replies to requests with a given answer of one token, by the answer."""
    return {
        option: {
            "prompt_logprobs": [None, {"1": {"logprob": -3.0}}, {option: {"logprob": math.log(p)}}]
        }
        for option, p in masses.items()
    }


def scored(options, choice, given=()):
    """Probabilities of the options, and what was asked for them: the options, or a given answer."""
    asked = []

    def ask(question):
        if question.answer is not None:
            asked.append(question.answer)
            assert question.max_tokens == 1
            return question.read(given[question.answer])
        some = question.fields["structured_outputs"]["choice"]
        assert question.fields["top_logprobs"] <= 20  # the most that a server allows by default
        asked.append(some)
        return question.read(choice[tuple(some)])

    return [math.exp(p) for p in VLLM().score(options, ask)], asked


def test_all_options_are_one_request():
    reply = chosen({"ORG": 0.6, "PER": 0.2, "none": 0.2, "x": 0.0}, {"<|im_end|>": 1.0})
    found, asked = scored(OPTIONS, {OPTIONS: reply})
    assert found == pytest.approx([0.2, 0.6, 0.2])
    assert asked == [list(OPTIONS)]


def test_an_option_that_begins_another_ends_with_the_turn():
    options = ("GPE", "GPE 2")
    reply = chosen({"GPE": 1.0}, {"<|im_end|>": 0.7, " 2": 0.3})
    assert scored(options, {options: reply})[0] == pytest.approx([0.7, 0.3])


def test_options_that_share_an_alternative_are_another_request():
    options, both = ("PERSON", "PERCENT", "ORG"), ("PERSON", "PERCENT")
    replies = {
        options: chosen({"ORG": 0.6, "PER": 0.4}),
        both: chosen({"PER": 1.0}, {"SON": 0.75, "CENT": 0.25}),
    }
    found, asked = scored(options, replies)
    assert found == pytest.approx([0.3, 0.1, 0.6])
    assert asked == [list(options), list(both)]


@pytest.mark.parametrize(
    "reply",
    [chosen({"The": 0.5, "ORG": 0.4}), chosen({"x": 1.0}), chosen({"ORG": 0.6, "PER": 0.3})],
    ids=["not constrained", "none of the options", "not all of the options"],
)
def test_what_the_alternatives_do_not_say_is_asked_for_each_option(reply):
    given = weighed(PERSON=0.1, ORG=0.3, none=0.1)
    found, asked = scored(OPTIONS, {OPTIONS: reply}, given)
    assert found == pytest.approx([0.2, 0.6, 0.2])
    assert asked == [list(OPTIONS), *OPTIONS]


def row(*tokens):
    return [(str(token), logprob) for token, logprob in tokens]


def test_answers_are_compared_where_they_part():
    prompt = [(9, -7.0), (8, -3.0)]
    found = compare([row(*prompt, (1, math.log(0.6))), row(*prompt, (2, math.log(0.2)), (3, 0.0))])
    assert found == pytest.approx([0.75, 0.25])


def test_only_where_answers_branch_is_anything_decided():
    rest = (4, math.log(0.01))
    found = compare([row((1, math.log(0.5)), rest), row((1, math.log(0.5)), (5, math.log(0.03)))])
    assert found == pytest.approx([0.25, 0.75])
    assert compare([row((1, math.log(0.5)), rest), row((2, math.log(0.5)))]) == [0.5, 0.5]


def test_an_answer_that_begins_another_has_what_is_left():
    short, longer = row((1, math.log(0.8))), row((1, math.log(0.8)), (2, math.log(0.25)))
    other = row((3, math.log(0.2)))
    found = compare([short, longer, other])
    assert found == pytest.approx([0.6, 0.2, 0.2])


def test_a_single_answer_is_certain():
    assert compare([row((1, -5.0))]) == [1.0]


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
    assert compare([row((1, -math.inf)), row((2, -math.inf))]) == [0.0, 0.0]
    assert compare([row((1, -math.inf)), row((2, -9.0))]) == [0.0, 1.0]
