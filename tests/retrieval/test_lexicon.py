"""What labelled sentences have of a name."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from spacy_el4ner.fusion.disagreements import words_of
from spacy_el4ner.retrieval.lexicon import Lexicon, Seen
from spacy_el4ner.types import Demonstration, Mention
from tests.strategies import quick, sentence, separate_mentions, windows

SENTENCES = (
    ("a/0", "May met Ann in May", [(0, 3, "PERSON"), (15, 18, "DATE")]),
    ("b/0", "Ann May left", [(0, 7, "PERSON")]),
    ("c/0", "it may rain", []),
)


def demonstration(name, text, mentions=()):
    return Demonstration(name, sentence(text), tuple(Mention(*m) for m in mentions))


@pytest.fixture(scope="module")
def lexicon():
    return Lexicon(demonstration(*one) for one in SENTENCES)


def test_a_name_is_counted_by_its_type(lexicon):
    assert lexicon.seen(["May"], "PERSON") == Seen(labelled=1, otherwise=2)
    assert lexicon.seen(["May"], "DATE") == Seen(labelled=1, otherwise=2)


def test_a_part_of_a_longer_name_is_no_such_entity(lexicon):
    assert lexicon.seen(["Ann"], "PERSON") == Seen(labelled=0, otherwise=2)
    assert lexicon.seen(["Ann", "May"], "PERSON") == Seen(labelled=1, otherwise=0)


def test_a_name_that_no_sentence_has_is_neither(lexicon):
    assert lexicon.seen(["Quux", "May"], "PERSON") == Seen()
    assert Seen().log_odds == 0


def test_no_name_goes_on_over_the_end_of_a_sentence(lexicon):
    assert lexicon.seen(["May", "Ann"], "PERSON") == Seen()
    assert lexicon.seen(["left", "it"], "PERSON") == Seen()


def test_sentences_can_be_left_out(lexicon):
    assert lexicon.seen(["May"], "PERSON", exclude={"a/0"}) == Seen(labelled=0, otherwise=1)
    assert lexicon.seen(["May"], "PERSON", exclude={"c/0"}) == Seen(labelled=1, otherwise=2)


def test_without_sentences_nothing_was_seen():
    assert Lexicon([]).seen(["May"], "PERSON") == Seen()


@st.composite
def labelled(draw):
    found = draw(st.lists(windows(max_tokens=4), min_size=1, max_size=5))
    return [
        Demonstration(f"d/{n}", window, tuple(draw(separate_mentions(window, ("A", "B")))))
        for n, window in enumerate(found)
    ]


@quick
@given(labelled())
def test_what_is_counted_is_what_a_search_through_all_sentences_finds(demonstrations):
    lexicon = Lexicon(demonstrations)
    for asked in (m for demonstration in demonstrations for m in demonstration.mentions):
        window = next(
            demonstration.window for demonstration in demonstrations if asked in demonstration.mentions
        )
        words = words_of(window, asked)
        same = [
            Mention(
                demonstration.window.tokens[n][0],
                demonstration.window.tokens[n + len(words) - 1][1],
                asked.label,
            )
            in demonstration.mentions
            for demonstration in demonstrations
            for n in range(len(demonstration.window.tokens) - len(words) + 1)
            if [demonstration.window.text[s:e] for s, e in demonstration.window.tokens][
                n : n + len(words)
            ]
            == words
        ]
        assert lexicon.seen(words, asked.label) == Seen(sum(same), len(same) - sum(same))
