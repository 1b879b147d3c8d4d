import torch
from hypothesis import given
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode

from spacy_el4ner.backends.decoding.cache import Cache, KeyValues, _take
from tests.strategies import quick

HEADS, SIZE = 2, 3


def prefix(row: int, n: int) -> KeyValues:
    """Keys that say which row and place they are of."""
    keys = torch.stack([torch.full((HEADS, SIZE), 100.0 * row + at) for at in range(n)], dim=1)
    return KeyValues(((keys, -keys),))


def tokens(cache: Cache, row: int) -> list[float]:
    keys, values = cache.layers[0]
    assert torch.equal(keys, -values)
    return keys[row, 0, cache.mask[row].bool(), 0].tolist()


rows = st.lists(st.integers(1, 6), min_size=1, max_size=4)


@quick
@given(rows)
def test_stacked_prefixes_keep_their_tokens_in_order(lengths):
    cache = Cache.stack([prefix(row, n) for row, n in enumerate(lengths)])
    assert cache.lengths.tolist() == lengths
    for row, n in enumerate(lengths):
        assert tokens(cache, row) == [100.0 * row + at for at in range(n)]


@quick
@given(rows, st.data())
def test_forgetting_takes_the_last_tokens_and_compacting_none(lengths, data):
    cache = Cache.stack([prefix(row, n) for row, n in enumerate(lengths)])
    gone = [data.draw(st.integers(0, n - 1)) for n in lengths]
    left = cache.forget(gone)
    assert left.mask.shape[1] <= cache.mask.shape[1]
    for row, (n, k) in enumerate(zip(lengths, gone, strict=True)):
        assert tokens(left, row) == [100.0 * row + at for at in range(n - k)]
        assert left.lengths[row] == n - k


def test_a_cache_of_mostly_holes_is_compacted():
    cache = Cache.stack([prefix(0, 10), prefix(1, 10)]).forget([8, 7])
    assert cache.mask.shape == (2, 3)
    assert tokens(cache, 0) == [0.0, 1.0]
    assert tokens(cache, 1) == [100.0, 101.0, 102.0]


def test_rows_are_selected_in_the_order_asked_for_and_repeatedly():
    cache = Cache.stack([prefix(0, 1), prefix(1, 2)]).select([1, 0, 1])
    assert [tokens(cache, row) for row in range(3)] == [[100.0, 101.0], [0.0], [100.0, 101.0]]


def test_a_row_without_a_prefix_is_all_holes():
    cache = Cache.stack([None, prefix(1, 2)])
    assert tokens(cache, 0) == []
    assert cache.lengths.tolist() == [0, 2]


def test_rows_without_any_prefix_have_no_cache():
    assert Cache.stack([None, None]) is None


@quick
@given(rows, st.data())
def test_a_part_of_a_row_has_its_tokens_and_no_hole(lengths, data):
    cache = Cache.stack([prefix(row, n) for row, n in enumerate(lengths)])
    holes = torch.tensor([[data.draw(st.integers(0, 1)) for _ in row] for row in cache.mask])
    cache = Cache(cache.layers, cache.mask * holes, (cache.mask * holes).sum(1))
    for row in range(len(lengths)):
        whole = tokens(cache, row)
        start, stop = sorted(data.draw(st.integers(0, len(whole))) for _ in range(2))
        part = cache.part(row, start, stop)
        assert len(part) == stop - start
        assert part.layers[0][0][0, :, 0].tolist() == whole[start:stop]


def test_parts_of_a_row_are_joined_to_the_row():
    whole = prefix(0, 5)
    joined = KeyValues.join([whole.part(0, 2), whole.part(2, 3), whole.part(3, 5)])
    assert torch.equal(joined.layers[0][0], whole.layers[0][0])
    assert torch.equal(joined.layers[0][1], whole.layers[0][1])


def test_layers_may_lie_on_devices_of_their_own():
    with FakeTensorMode():  # where tensors have a device and nothing else
        parts = [torch.zeros(2, HEADS, 5, SIZE, device=device) for device in ("cpu", "meta")]
        order = torch.zeros(2, 3, dtype=torch.long)
        cache = Cache(tuple((part, part) for part in parts), order, order[:, 0]).select([1, 0, 1])
        assert [keys.device for keys, _ in cache.layers] == [part.device for part in parts]
        assert [_take(part, order).device for part in parts] == [part.device for part in parts]
