import hypothesis.strategies as st
from hypothesis import given

from spacy_el4ner.training.sft.batching import batches, micro_batches
from tests.strategies import quick

lengths = st.lists(st.integers(1, 50), max_size=60)


@quick
@given(lengths, st.integers(1, 8), st.integers(0, 3))
def test_an_epoch_has_every_lesson_once(found, size, epoch):
    made = batches(found, size, 0, epoch)
    assert sorted(n for batch in made for n in batch) == list(range(len(found)))
    assert all(1 <= len(batch) <= size for batch in made)
    assert len(made) == -(-len(found) // size)


@quick
@given(lengths, st.integers(1, 8))
def test_the_order_depends_on_seed_and_epoch_alone(found, size):
    assert batches(found, size, 1, 2) == batches(found, size, 1, 2)


def test_another_epoch_has_another_order():
    assert batches([3] * 40, 4, 0, 0) != batches([3] * 40, 4, 0, 1)


@quick
@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.integers(1, 200))
def test_passes_keep_to_the_most_tokens_where_they_can(found, most):
    made = list(micro_batches(range(len(found)), found, most))
    assert sorted(n for part in made for n in part) == list(range(len(found)))
    for part in made:
        assert len(part) == 1 or len(part) * max(found[n] for n in part) <= most
