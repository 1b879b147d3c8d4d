"""Recall by whether training has seen an entity."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_el4ner.evaluation.unseen import (
    GoldByNovelty,
    names_of_demonstrations,
    names_of_documents,
)
from spacy_el4ner.retrieval.gold import gold_demonstrations

VOCAB = spacy.blank("en").vocab


def doc(words, *entities):
    made = Doc(VOCAB, words=words.split())
    made.ents = [Span(made, start, end, label) for start, end, label in entities]
    return made


TRAIN = [doc("Ann Lee met Bill", (0, 2, "PERSON"), (3, 4, "PERSON"))]


@pytest.mark.parametrize(
    ("gold", "seen"),
    [
        (doc("Bill left", (0, 1, "PERSON")), True),
        (doc("bill left", (0, 1, "PERSON")), False),
        (doc("Bill left", (0, 1, "ORG")), False),
        (doc("Ann left", (0, 1, "PERSON")), False),
        (doc("we met Ann Lee", (2, 4, "PERSON")), True),
    ],
    ids=["the same", "other case", "other label", "a part", "elsewhere in the sentence"],
)
def test_what_is_seen_has_the_surface_and_the_label_of_a_training_entity(gold, seen):
    divided = GoldByNovelty.divide([gold], names_of_documents(TRAIN))
    assert bool(divided.seen) is seen
    assert bool(divided.unseen) is not seen


def test_the_pool_knows_the_names_of_its_documents():
    assert names_of_demonstrations(gold_demonstrations(TRAIN)) == names_of_documents(TRAIN)


PLACES = st.frozensets(st.tuples(st.integers(0, 3), st.integers(0, 3), st.just(9), st.just("A")))


@given(PLACES, PLACES, PLACES)
def test_both_recalls_together_are_the_recall_of_all(unseen, seen, predicted):
    seen -= unseen
    recalls = GoldByNovelty(unseen, seen).recalls(predicted)
    right = (recalls["unseen_r"] or 0) * len(unseen) + (recalls["seen_r"] or 0) * len(seen)
    assert right == pytest.approx(len(predicted & (unseen | seen)))
    assert (recalls["unseen_r"] is None) is (not unseen)
