import math
import random
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.dialects import alternatives
from spacy_el4ner.backends.dialects.alternatives import (
    Alternatives,
    distribute,
    logs,
    read_alternatives,
)

OPTIONS = st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=8, unique=True)


class CharacterModel:
    """A model with a token for each character, and a server that holds its answers to the options."""

    def __init__(self, seed):
        self.seed = seed
        self.asked = []

    def decisions(self, options, written):
        """What may follow a text -> its probability; "" ends the answer."""
        begun = [option for option in options if option.startswith(written)]
        nexts = sorted({option[len(written) : len(written) + 1] for option in begun})
        weights = [random.Random(f"{self.seed} {written} {n}").random() ** 4 + 1e-6 for n in nexts]
        return {n: w / sum(weights) for n, w in zip(nexts, weights, strict=True)}

    def probability(self, options, option):
        return math.prod(
            self.decisions(options, option[:n])[option[n : n + 1]] for n in range(len(option) + 1)
        )

    def reply(self, options):
        self.asked.append(tuple(options))
        written, tokens = "", []
        while True:
            nexts = self.decisions(options, written)
            listed = [{"token": t or "<|im_end|>", "logprob": math.log(p)} for t, p in nexts.items()]
            best = max(nexts, key=nexts.get)
            own = next(e for e in listed if e["token"] == (best or "<|im_end|>"))
            tokens.append({**own, "top_logprobs": [*listed, {"token": "x", "logprob": -9999.0}]})
            written += best
            if not best:
                return {"choices": [{"logprobs": {"content": tokens}}]}

    def ask(self, options):
        return read_alternatives(self.reply(options), options).shares


@given(options=OPTIONS, seed=st.integers(0, 10**6))
def test_probabilities_are_those_of_the_model(options, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alternatives, "UNCLEAR", 0.0)
        model = CharacterModel(seed)
        found = distribute(options, model.ask)
    for option in options:
        assert math.isclose(found[option], model.probability(options, option), rel_tol=1e-6)


@given(options=OPTIONS, seed=st.integers(0, 10**6))
def test_what_is_unclear_is_little(options, seed):
    model = CharacterModel(seed)
    found = distribute(options, model.ask)
    assert math.isclose(math.fsum(found.values()), 1)
    for option in options:
        assert math.isclose(found[option], model.probability(options, option), abs_tol=0.05)


@given(seed=st.integers(0, 10**6))
def test_options_that_begin_differently_are_one_request(seed):
    model = CharacterModel(seed)
    distribute(["aab", "b", "cba"], model.ask)
    assert len(model.asked) == 1


def test_options_that_share_an_alternative_are_asked_about_on_their_own():
    options = ["aa", "ab", "b", "c"]
    model = next(m for m in map(CharacterModel, range(99)) if 0.1 < m.decisions(options, "")["a"] < 0.3)
    found = distribute(options, model.ask)
    assert model.asked == [tuple(options), ("aa", "ab")]
    assert found["ab"] == pytest.approx(model.probability(options, "ab"))


def test_options_that_are_not_told_apart_share_equally_or_are_asked_about_otherwise():
    def ask(options):
        return {("a", "ab"): 1.0} if len(options) < 3 else {("a", "ab"): 0.4, ("c",): 0.6}

    options = ["a", "ab", "c"]
    assert distribute(options, ask) == {"a": 0.2, "ab": 0.2, "c": 0.6}
    found = distribute(options, ask, lambda some: [0.75, 0.25])
    assert found == pytest.approx({"a": 0.3, "ab": 0.1, "c": 0.6})


def test_everything_is_asked_otherwise_where_an_answer_says_nothing():
    assert distribute(["a", "b"], lambda some: None, lambda some: [0.9, 0.1]) == {"a": 0.9, "b": 0.1}


def test_several_tokens_that_begin_the_same_options_count_together():
    asked = []

    def ask(options):
        asked.append(list(options))
        if len(options) == 3:
            return {("aba", "abb"): 0.3, ("aba",): 0.2, ("c",): 0.5}
        return {("aba",): 0.9, ("abb",): 0.1}

    found = distribute(["aba", "abb", "c"], ask)
    assert found == pytest.approx({"aba": 0.45, "abb": 0.05, "c": 0.5})
    assert [key for key, _ in groupby(asked)] == [["aba", "abb", "c"], ["aba", "abb"]]


def test_what_the_server_gives_to_other_tokens_is_not_listed():
    entry = {"token": "a", "logprob": math.log(0.5)}
    other = {"token": "x", "logprob": math.log(0.4)}
    reply = {"choices": [{"logprobs": {"content": [{**entry, "top_logprobs": [entry, other]}]}}]}
    assert read_alternatives(reply, ["a", "b"]).listed == pytest.approx(0.5)


LOGPROBS = st.floats(-2000, 0.01) | st.sampled_from([0.0, -9999.0, -math.inf])
ENTRIES = st.builds(
    lambda token, p: {"token": token, "logprob": p}, st.text("abc ", max_size=2), LOGPROBS
)
PLACES = st.builds(lambda own, others: {**own, "top_logprobs": others}, ENTRIES, st.lists(ENTRIES))


@given(options=OPTIONS, content=st.lists(PLACES, max_size=4))
def test_whatever_a_server_lists_shares_sum_to_1_or_there_are_none(options, content):
    found = read_alternatives({"choices": [{"logprobs": {"content": content}}]}, options)
    assert not found.shares or math.isclose(math.fsum(found.shares.values()), 1)
    assert found.listed <= 1


def test_a_token_whose_space_the_server_leaves_out_is_not_the_end_of_a_shorter_option():
    tokens = [{"token": text, "logprob": 0.0} for text in ("name", "of")]
    reply = {"choices": [{"logprobs": {"content": [{**t, "top_logprobs": [t]} for t in tokens]}}]}
    assert read_alternatives(reply, ["name", "name of place"]) == Alternatives({}, 0.0)


def test_a_probability_of_0_is_an_impossible_option():
    assert logs(["a", "b"], {"a": 1 + 1e-12, "b": 0.0}) == [0.0, -math.inf]
