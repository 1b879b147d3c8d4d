import math

import pytest

from spacy_el4ner.backends.dialects import bare, compare, extras, pick, read_answer, read_prompt
from spacy_el4ner.backends.grammars import gbnf
from spacy_el4ner.backends.http import Unusable
from spacy_el4ner.formats import Choice, InlineTags, SpanList
from tests.backends.scripted import chat
from tests.strategies import make_window

OPTIONS = ("PERSON", "ORG", "GPE", "none")
COPY = InlineTags().grammar(make_window("Ann", "left"))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("ORG", "ORG"),
        (" org.\n", "ORG"),
        ("**GPE**", "GPE"),
        ("The type is Person.", "PERSON"),
        ("Type: ORG", "ORG"),
        ("ORG or GPE", None),
        ("It is not a PERSON.", None),
        ("It isn't a PERSON.", None),
        ("PERSONAL", None),
        ("an organisation", None),
        ("", None),
    ],
)
def test_an_option_is_read_out_of_a_short_reply(said, meant):
    assert pick(OPTIONS, said) == meant


def test_an_option_inside_a_longer_one_is_not_meant():
    assert pick(("art", "work of art"), "I think: work of art") == "work of art"


def test_an_option_without_gaps_around_it_is_read():
    assert pick(("人名", "地名"), "这是人名。") == "人名"
    assert pick(("人名", "地名"), "这不是人名。") is None


@pytest.mark.parametrize(
    "text", ["a <e>b</e>", "  a <e>b</e>\n", "```\na <e>b</e>\n```", "```xml\na <e>b</e>```"]
)
def test_white_space_and_fences_are_taken_off(text):
    assert bare(text) == "a <e>b</e>"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>\nIt is ORG, I think.\n</think>\n\nGPE", "GPE"),
        ("\n<think></think>```\nGPE\n```", "GPE"),
        ("<think>It is ORG, so", ""),
        ("a <think>b</think>", "a <think>b</think>"),
        ("It may be ORG.\n</think>\n\nGPE", "GPE"),
        ("Ann wrote </think> and left.", "Ann wrote </think> and left."),
    ],
)
def test_a_thought_before_the_answer_is_taken_off(text, answer):
    assert bare(text) == answer


def test_plain_sends_standard_fields_alone():
    assert extras("plain", COPY) == {}


def test_llama_gets_the_rules():
    assert extras("llama.cpp", COPY)["grammar"] == gbnf(COPY)


def test_vllm_gets_the_rules_or_the_choice():
    assert extras("vllm", COPY)["structured_outputs"] == {"grammar": gbnf(COPY)}
    assert extras("vllm", Choice(OPTIONS))["structured_outputs"] == {"choice": list(OPTIONS)}


@pytest.mark.parametrize("dialect", ["vllm", "llama.cpp"])
def test_a_grammar_that_is_too_large_is_left_to_the_prompt(dialect):
    large = SpanList().grammar(make_window(*map(str, range(60))))
    assert not {"grammar", "structured_outputs"} & set(extras(dialect, large))


def entry(token, logprob, data=None):
    return {"token": token, "logprob": logprob, "bytes": data}


def test_tokens_are_placed_in_the_answer():
    entries = [entry("  <e", -1.0), entry(">魏", -0.5), entry("</e>", -0.25), entry("<end>", -0.1)]
    answer = read_answer(chat("  <e>魏</e>", {"content": entries}).body)
    assert answer.text == "<e>魏</e>"
    assert answer.offsets == (0, 2, 4, 8)
    assert answer.probability([(0, 3), (4, 8)]) == pytest.approx(math.exp(-1.75))


def test_tokens_before_the_text_are_placed_at_its_beginning():
    entries = [entry("<s>", -1.0), entry(" Ann", -0.5), entry(" left", -0.25)]
    assert read_answer(chat("Ann left", {"content": entries}).body).offsets == (0, 0, 4)


def test_tokens_of_a_thought_are_no_part_of_the_answer():
    said = [("<think>", -9.0), ("Ann", -8.0), ("</think>\n", -7.0), ("Ann", -0.5), ("", -0.1)]
    text = "".join(token for token, _ in said)
    answer = read_answer(chat(text, {"content": [entry(*token) for token in said]}).body)
    assert (answer.text, answer.offsets, answer.logprobs) == ("Ann", (0, 3), (-0.5, -0.1))


def test_tokens_of_half_a_character_are_placed_by_their_bytes():
    entries = [entry("?", -1.0, [0xE9]), entry("?", -2.0, [0xAD, 0x8F]), entry(" b", -3.0)]
    assert read_answer(chat("魏 b", {"content": entries}).body).offsets == (0, 0, 2)


@pytest.mark.parametrize(
    "logprobs",
    [None, {}, {"content": None}, {"content": [{}]}, {"content": [entry("else", -1.0)]}],
)
def test_log_probabilities_that_do_not_fit_the_text_are_left_out(logprobs):
    assert read_answer(chat("a b", logprobs).body).logprobs == ()


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"choices": []},
        {"choices": [{"message": {"content": "a"}}] * 2},
        {"choices": [None]},
        {"choices": [{"message": {"content": None}}]},
        {"choices": {"message": 1}},
    ],
)
def test_a_reply_without_exactly_one_text_is_unusable(reply):
    with pytest.raises(Unusable):
        read_answer(reply)


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
