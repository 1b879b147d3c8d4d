import math

import pytest

from spacy_el4ner.backends.http import Unusable
from spacy_el4ner.backends.replies import bare, read_answer, read_logprob, token_bytes
from tests.backends.scripted import chat


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


@pytest.mark.parametrize("odd", [math.nan, math.inf, 1000.0, 10**400, "a", None, [1]])
def test_what_is_no_log_probability_is_unusable(odd):
    with pytest.raises(Unusable, match="log-probability"):
        read_answer(chat("a", {"content": [entry("a", odd)]}).body)
    with pytest.raises(Unusable, match="log-probability"):
        read_logprob(odd)


@pytest.mark.parametrize("content", [["a"], [1], [None], [["token", "logprob"]]])
def test_what_is_no_list_of_tokens_is_unusable(content):
    with pytest.raises(Unusable, match="tokens"):
        read_answer(chat("a", {"content": content}).body)


@pytest.mark.parametrize("odd", [300_000_000, [256], [-1], [True], "abc", {}, [[1]]])
def test_bytes_are_a_list_of_bytes_or_are_not_read(odd):
    assert token_bytes(entry("魏", -1.0, odd)) == "魏".encode()


def test_why_there_is_no_text_is_told():
    with pytest.raises(Unusable, match="content_filter"):
        read_answer(chat(None, finish="content_filter").body)
