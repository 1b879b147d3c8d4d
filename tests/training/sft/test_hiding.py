import hypothesis.strategies as st
import torch
from hypothesis import given

from spacy_el4ner.training.sft.data import Lesson
from spacy_el4ner.training.sft.hiding import hide
from tests.strategies import quick

GAP = 99
ROWS = st.lists(
    st.tuples(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.sets(st.integers(0, 7))),
    min_size=1,
    max_size=4,
)


def side_by_side(rows):
    lessons = [
        Lesson(tuple(tokens), (), tuple(sorted(n for n in text if n < len(tokens))))
        for tokens, text in rows
    ]
    length = max(map(len, lessons))
    return lessons, torch.tensor([[*one.tokens, *[0] * (length - len(one))] for one in lessons])


@quick
@given(ROWS, st.floats(0, 1))
def test_nothing_but_text_is_hidden(rows, share):
    lessons, tokens = side_by_side(rows)
    found = hide(tokens, lessons, share, GAP)
    for lesson, before, after in zip(lessons, tokens.tolist(), found.tolist(), strict=True):
        for n, (old, new) in enumerate(zip(before, after, strict=True)):
            assert new == old or (new == GAP and n in lesson.text)


@quick
@given(ROWS)
def test_all_or_nothing_can_be_hidden(rows):
    lessons, tokens = side_by_side(rows)
    assert hide(tokens, lessons, 0.0, GAP).equal(tokens)
    everything = hide(tokens, lessons, 1.0, GAP)
    assert (everything == GAP).sum() == sum(len(lesson.text) for lesson in lessons)


def test_about_so_much_is_hidden_and_each_time_something_else():
    lesson = Lesson(tuple([1] * 1000), (), tuple(range(1000)))
    first, second = (hide(torch.tensor([lesson.tokens]), [lesson], 0.2, GAP) for _ in range(2))
    assert 140 < (first == GAP).sum() < 260
    assert not first.equal(second)
