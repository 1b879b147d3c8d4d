import random

from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.training.negatives import negatives
from spacy_el4ner.types import Demonstration
from tests.strategies import make_shot, make_window, quick, sentence, separate_mentions, windows

DEMONSTRATION = make_shot(
    sentence("Yesterday Ann Lee of Acme left Paris by train"),
    (10, 17, "PERSON"),
    (21, 25, "ORG"),
)


@st.composite
def demonstrations(draw):
    window = draw(windows())
    return Demonstration("demonstration", window, tuple(draw(separate_mentions(window, ("ORG",)))))


@quick
@given(demonstrations(), st.integers(0, 6), st.integers())
def test_negatives_are_different_token_aligned_spans_and_no_mentions(demonstration, n, seed):
    found = negatives(demonstration, n, random.Random(seed))
    starts, ends = (
        {s for s, _ in demonstration.window.tokens},
        {e for _, e in demonstration.window.tokens},
    )
    assert len(found) == len(set(found)) <= n
    assert not set(found) & {(m.start, m.end) for m in demonstration.mentions}
    assert all(s in starts and e in ends and s < e for s, e in found)


def test_as_many_are_found_as_are_wanted_where_there_are_many():
    assert all(len(negatives(DEMONSTRATION, 5, random.Random(seed))) == 5 for seed in range(20))


def test_a_sentence_that_is_one_mention_has_none():
    demonstration = make_shot(make_window("Ann"), (0, 3, "PERSON"))
    assert negatives(demonstration, 3, random.Random(0)) == []


def test_the_same_random_numbers_draw_the_same():
    assert negatives(DEMONSTRATION, 4, random.Random(1)) == negatives(
        DEMONSTRATION, 4, random.Random(1)
    )
    assert len({tuple(negatives(DEMONSTRATION, 4, random.Random(n))) for n in range(9)}) > 1


def drawn():
    text, spans = DEMONSTRATION.window.text, set()
    for seed in range(60):
        spans.update(negatives(DEMONSTRATION, 3, random.Random(seed)))
    return {text[s:e] for s, e in spans}


def test_mentions_with_a_wrong_boundary_are_drawn():
    assert {"Ann", "Lee", "Ann Lee of", "of Acme", "Yesterday Ann Lee of Acme"} <= drawn()


def test_ordinary_words_are_drawn():
    assert {"Yesterday", "Paris", "by train", "train"} <= drawn()
