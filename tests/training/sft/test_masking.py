import hypothesis.strategies as st
import torch
from hypothesis import given

from spacy_el4ner.training.sft.examples import TrainingExample
from spacy_el4ner.training.sft.masking import mask_input
from tests.strategies import quick

GAP = 99
ROWS = st.lists(
    st.tuples(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.sets(st.integers(0, 7))),
    min_size=1,
    max_size=4,
)


def side_by_side(rows):
    examples = [
        TrainingExample(tuple(tokens), (), tuple(sorted(n for n in text if n < len(tokens))))
        for tokens, text in rows
    ]
    length = max(map(len, examples))
    return examples, torch.tensor([[*one.tokens, *[0] * (length - len(one))] for one in examples])


@quick
@given(ROWS, st.floats(0, 1))
def test_nothing_but_text_is_hidden(rows, share):
    examples, tokens = side_by_side(rows)
    found = mask_input(tokens, examples, share, GAP)
    for example, before, after in zip(examples, tokens.tolist(), found.tolist(), strict=True):
        for n, (old, new) in enumerate(zip(before, after, strict=True)):
            assert new == old or (new == GAP and n in example.text)


@quick
@given(ROWS)
def test_all_or_nothing_can_be_hidden(rows):
    examples, tokens = side_by_side(rows)
    assert mask_input(tokens, examples, 0.0, GAP).equal(tokens)
    everything = mask_input(tokens, examples, 1.0, GAP)
    assert (everything == GAP).sum() == sum(len(example.text) for example in examples)


def test_about_so_much_is_hidden_and_each_time_something_else():
    example = TrainingExample(tuple([1] * 1000), (), tuple(range(1000)))
    first, second = (mask_input(torch.tensor([example.tokens]), [example], 0.2, GAP) for _ in range(2))
    assert 140 < (first == GAP).sum() < 260
    assert not first.equal(second)
