"""A tokenizer that splits tokens into pieces does not change what the tags spell."""

import pytest

from spacy_el4ner.slm.tags import Scheme
from tests.slm.bmes import spread

# Table 1 of Xu et al. 2025, with B, I, L, U for its B, M, E, S.
TABLE = {
    ("B-NR", 1): "B-NR",
    ("B-NR", 2): "B-NR I-NR",
    ("B-NR", 3): "B-NR I-NR I-NR",
    ("B-NR", 4): "B-NR I-NR I-NR I-NR",
    ("I-NR", 1): "I-NR",
    ("I-NR", 2): "I-NR I-NR",
    ("I-NR", 3): "I-NR I-NR I-NR",
    ("I-NR", 4): "I-NR I-NR I-NR I-NR",
    ("L-NR", 1): "L-NR",
    ("L-NR", 2): "I-NR L-NR",
    ("L-NR", 3): "I-NR I-NR L-NR",
    ("L-NR", 4): "I-NR I-NR I-NR L-NR",
    ("U-NR", 1): "U-NR",
    ("U-NR", 2): "B-NR L-NR",
    ("U-NR", 3): "B-NR I-NR L-NR",
    ("U-NR", 4): "B-NR I-NR I-NR L-NR",
    ("O", 1): "O",
    ("O", 3): "O O O",
}


@pytest.mark.parametrize(("tag", "pieces"), list(TABLE))
def test_the_labels_of_the_pieces_of_a_token(tag, pieces):
    assert spread(tag, pieces) == TABLE[tag, pieces].split()


def test_an_entity_over_pieces_is_encoded_as_the_paper_spreads_it():
    scheme = Scheme(("NR", "NG"))
    pieces = [2, 1, 3, 2, 4]
    tokens = [scheme.tags[n] for n in scheme.encode(5, [(1, 4, "NR"), (4, 5, "NG")])]
    assert tokens == ["O", "B-NR", "I-NR", "L-NR", "U-NG"]
    ids = scheme.encode(sum(pieces), [(2, 8, "NR"), (8, 12, "NG")])
    spread_out = [t for tag, n in zip(tokens, pieces, strict=True) for t in spread(tag, n)]
    assert [scheme.tags[n] for n in ids] == spread_out
    assert scheme.decode(ids) == [(2, 8, "NR"), (8, 12, "NG")]
