import pytest

from spacy_el4ner.fusion.pieces import spread
from spacy_el4ner.fusion.tags import Scheme

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


def test_pieces_spell_the_entity_that_their_tokens_spell():
    scheme = Scheme(("NR", "NG"))
    tags, pieces = ["O", "B-NR", "I-NR", "L-NR", "U-NG"], [2, 1, 3, 2, 4]
    ids = scheme.ids(t for tag, n in zip(tags, pieces, strict=True) for t in spread(tag, n))
    assert scheme.is_legal(ids)
    assert scheme.decode(ids) == [(2, 8, "NR"), (8, 12, "NG")]
