import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.formats import Choice, InlineTags, SpanList
from spacy_el4ner.types import Grammar
from tests.strategies import make_window, quick, separate_mentions, windows

END = -1


def by_characters(text):
    return tuple(map(ord, text))


def by_pairs(text):
    """Two characters a token, so that " <" is a token of its own."""
    return tuple(
        sum((ord(c) + 1) << (21 * place) for place, c in enumerate(text[n : n + 2]))
        for n in range(0, len(text), 2)
    )


def characters_of(token, encode):
    if encode is by_characters:
        return chr(token)
    parts = (token % (1 << 21), token >> 21)
    return "".join(chr(part - 1) for part in parts if part)


class Counting(Grammar):
    """A grammar that counts how often it is asked."""

    def __init__(self, grammar):
        self.grammar, self.calls = grammar, 0

    def start(self):
        return self.grammar.start()

    def options(self, state):
        self.calls += 1
        return self.grammar.options(state)


def automaton(grammar, encode=by_characters):
    return TokenAutomaton(grammar, encode, END)


def wander(machine, seed, most=5000):
    rng, taken = random.Random(seed), []
    while machine.allowed:
        taken.append(rng.choice(machine.allowed))
        machine = machine.step(taken[-1])
        assert len(taken) < most
    return taken, machine


def feed(machine, tokens):
    for token in tokens:
        assert token in machine.allowed
        machine = machine.step(token)
    return machine


grammars = st.one_of(
    windows(5).map(lambda w: InlineTags().grammar(w)),
    windows(5).map(lambda w: InlineTags(("e", "ee")).grammar(w)),
    windows(4).map(lambda w: SpanList(3).grammar(w)),
)


@quick
@given(grammars, st.integers(), st.sampled_from([by_characters, by_pairs]))
def test_any_allowed_tokens_lead_to_an_answer_made_of_them(grammar, seed, encode):
    machine = automaton(grammar, encode)
    tokens, machine = wander(machine, seed)
    text, offsets = machine.answer
    assert text == "".join(characters_of(t, encode) for t in tokens if t != END)
    assert len(offsets) == len(tokens)
    assert list(offsets) == sorted(offsets)
    assert all(at == len(text) or not text[at].isspace() for at in offsets)


@quick
@given(st.data(), windows(), st.sampled_from([by_characters, by_pairs]))
def test_each_token_is_placed_where_its_option_begins(data, window, encode):
    format = InlineTags(("PERSON", "GPE"))
    path = format.path(window, data.draw(separate_mentions(window, format.labels)))
    expected, before = [], ""
    for option in path:
        place = len(before) + len(option) - len(option.lstrip())
        expected += [place] * len(encode(option))
        before += option
    machine = feed(automaton(format.grammar(window), encode), [t for o in path for t in encode(o)])
    if machine.allowed:
        machine = machine.step(END)
        expected.append(len(before))
    assert machine.answer == (before, tuple(expected))


def test_tokens_are_placed_where_they_begin():
    machine = TokenAutomaton(
        InlineTags(("NR",)).grammar(make_window("a", "bc")),
        by_pairs,
        END,
        lambda s: range(0, len(s), 2),
    )
    machine = feed(machine, [t for o in ("a", " <NR>", "bc", "</NR>") for t in by_pairs(o)])
    assert machine.answer == ("a <NR>bc</NR>", (0, 2, 4, 6, 6, 8, 10, 12))


def test_a_tag_and_a_copied_sign_that_begin_alike_stay_open_until_they_part():
    machine = automaton(InlineTags().grammar(make_window("a", "<", "b")))
    machine = feed(machine, by_characters("a <"))
    assert {chr(t) for t in machine.allowed} == {" ", "e"}
    machine = feed(machine, by_characters("e><</e> b"))
    assert machine.answer[0] == "a <e><</e> b"


def test_an_answer_may_end_where_a_longer_one_goes_on():
    window = make_window("a", "<")
    stopped = feed(automaton(InlineTags().grammar(window)), by_characters("a <"))
    assert set(stopped.allowed) == {ord("e"), END}
    stopped = stopped.step(END)
    assert stopped.allowed == ()
    assert stopped.answer == ("a <", (0, 2, 2, 3))
    tagged = feed(automaton(InlineTags().grammar(window)), by_characters("a <e><</e>"))
    assert tagged.allowed == ()
    assert tagged.answer == ("a <e><</e>", (0, 2, 2, 2, 2, 5, 6, 6, 6, 6))


def test_a_token_refutes_the_readings_that_it_does_not_fit():
    machine = feed(automaton(Choice(["none", "norm"])), by_characters("no"))
    assert {chr(t) for t in machine.allowed} == {"n", "r"}
    machine = machine.step(ord("r"))
    assert [chr(t) for t in machine.allowed] == ["m"]


def test_an_option_that_begins_another_ends_with_the_end_token():
    machine = feed(automaton(Choice(["ORG", "ORGANIZATION"])), by_characters("ORG"))
    assert set(machine.allowed) == {END, ord("A")}
    machine = machine.step(END)
    assert machine.answer == ("ORG", (0, 0, 0, 3))


def test_no_token_is_allowed_twice():
    machine = automaton(SpanList().grammar(make_window("none", "new", "now")))
    assert machine.allowed == (ord("n"),)


def test_an_option_without_tokens_is_free():
    def encode(text):
        return by_characters(text.replace("\x00", ""))

    machine = feed(automaton(Choice(["\x00"]), encode), [END])
    assert machine.answer == ("\x00", (1,))


def test_words_without_tokens_do_not_multiply_the_work():
    def work(repeats):
        grammar = Counting(InlineTags().grammar(make_window(*["a", "\x00"] * repeats)))
        machine = automaton(grammar, lambda s: by_characters(s.replace("\x00", "").strip()))
        machine = feed(machine, [*by_characters("<e>a</e>" * repeats), END])
        assert machine.answer[0].count("<e>") == repeats
        return grammar.calls

    assert work(10) < 3 * work(5)


def test_an_unfinished_answer_is_refused():
    machine = feed(automaton(Choice(["ab"])), by_characters("a"))
    with pytest.raises(ValueError, match="not finished"):
        _ = machine.answer
