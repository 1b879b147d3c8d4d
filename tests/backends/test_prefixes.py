"""The tree of prefixes, with keys that say which tokens they are of."""

import pickle

import hypothesis.strategies as st
import torch
from hypothesis import given

from spacy_el4ner.backends.decoding.cache import Cache, KeyValues
from spacy_el4ner.backends.decoding.prefixes import PrefixTree, common
from tests.strategies import quick

TOKEN = 2 * 4
"""Memory of the key and the value of a token, in bytes."""
prompts = st.lists(st.integers(1, 3), min_size=1, max_size=8).map(tuple)


def read(tokens) -> Cache:
    """What a model that remembers each token and nothing else makes of a row."""
    keys = torch.tensor(tokens, dtype=torch.float32)[None, :, None]
    return Cache.stack([KeyValues(((keys, -keys),))])


def put(tree, *rows):
    for tokens in rows:
        tree.put(tokens, read(tokens), 0)


def got(tree, tokens) -> tuple[int, ...]:
    """The tokens of which a tree has keys and values."""
    (kept,) = tree.get([tokens])
    if kept is None:
        return ()
    keys, values = kept.layers[0]
    assert torch.equal(keys, -values)
    return tuple(map(int, keys.flatten().tolist()))


def stored_bytes(tree) -> int:
    return sum(node.kept.n_bytes for node in tree._nodes)


@quick
@given(st.lists(prompts, max_size=6), prompts)
def test_the_longest_beginning_of_all_that_was_stored_is_found(rows, tokens):
    tree = PrefixTree(2**20)
    put(tree, *rows)
    longest = max((common(row, tokens) for row in rows), default=0)
    assert tree.match(tokens) == longest
    assert got(tree, tokens) == tokens[:longest]


@quick
@given(st.lists(prompts, max_size=6))
def test_what_prefixes_have_in_common_is_stored_once(rows):
    tree = PrefixTree(2**20)
    put(tree, *rows)
    distinct = {row[:n] for row in rows for n in range(1, len(row) + 1)}
    assert tree.n_bytes == stored_bytes(tree) == TOKEN * len(distinct)


@quick
@given(st.lists(st.one_of(prompts, st.none()), max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_no_limit_is_exceeded_and_no_token_is_mistaken(steps, most, retained):
    """`None` forgets."""
    tree = PrefixTree(most * TOKEN, retained * TOKEN)
    for tokens in steps:
        if tokens is None:
            tree.forget()
            assert tree.n_bytes <= tree.retained_bytes
        else:
            put(tree, tokens)
            found = got(tree, tokens)
            assert found == tokens[: len(found)]
        assert tree.n_bytes == stored_bytes(tree) <= tree.max_bytes


def test_nothing_is_evicted_that_was_used_since_forgetting():
    tree = PrefixTree(4 * TOKEN)
    put(tree, (1, 2), (1, 3), (4, 5, 6))
    assert [tree.match(tokens) for tokens in ((1, 2), (1, 3), (4, 5, 6))] == [2, 2, 0]


def test_what_was_used_last_is_retained():
    tree = PrefixTree(10 * TOKEN, 5 * TOKEN)
    put(tree, (1, 2, 3), (1, 2, 4), (5, 6))
    tree.get([(1, 2, 3)])
    tree.forget()
    assert [tree.match(tokens) for tokens in ((1, 2, 3), (1, 2, 4), (5, 6))] == [3, 2, 2]


def test_what_was_retained_makes_room_for_what_is_new():
    tree = PrefixTree(4 * TOKEN, 4 * TOKEN)
    put(tree, (1, 2), (3, 4))
    tree.forget()
    put(tree, (1, 5))
    assert [tree.match(tokens) for tokens in ((1, 5), (1, 2), (3, 4))] == [2, 2, 0]


def test_rows_with_the_same_beginning_share_it():
    tree = PrefixTree(2**20)
    put(tree, (1, 2, 3), (1, 2, 4))
    one, other, none = tree.get([(1, 2, 5), (1, 2, 6), (7,)])
    assert one is other
    assert none is None


def test_a_copy_is_empty():
    tree = PrefixTree(5 * TOKEN, 2 * TOKEN)
    put(tree, (1, 2))
    copy = pickle.loads(pickle.dumps(tree))
    assert (copy.max_bytes, copy.retained_bytes, copy.n_bytes) == (5 * TOKEN, 2 * TOKEN, 0)


def test_a_cleared_tree_is_empty_and_can_be_filled_again():
    tree = PrefixTree(2 * TOKEN, 2 * TOKEN)
    put(tree, (1, 2))
    tree.clear()
    assert (tree.n_bytes, tree.match((1, 2))) == (0, 0)
    put(tree, (3, 4))
    assert tree.match((3, 4)) == 2
