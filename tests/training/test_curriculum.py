import random
from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.pipeline.pool import demonstrations
from spacy_el4ner.prompts.wording import Wording
from spacy_el4ner.training.backbones import FOLDS, TAGS, taught
from spacy_el4ner.training.curriculum import Amounts, Curriculum
from spacy_el4ner.training.vocabulary import build_tokenizer, extend
from tests.training.corpus import LABELS, docs

POOL = demonstrations(docs())
ZERO_SHOT = Amounts(zero_shot=1.0, extracted=0.0)


@pytest.fixture(scope="module")
def tokenizer():
    texts = [*(shot.window.text for shot in POOL), " ".join([*LABELS, "true false none"])]
    words = sorted({word for text in texts for word in text.lower().split()})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    return PieceTokenizer(build_tokenizer(extend(pieces, texts, TAGS), 512))


def curriculum(tokenizer, pool=POOL, **settings):
    settings.setdefault("amounts", ZERO_SHOT)
    labels = sorted({m.label for shot in pool for m in shot.mentions})
    unrelated = [[] for _ in pool]
    wording = Wording("compact/marked")
    return Curriculum(pool, unrelated, labels, wording, tokenizer, random.Random(0), **settings)


def answers(tokenizer, made, rounds=20):
    """What was to be answered, and how often, in some rounds over the pool."""
    trees = (made.tree(n) for _ in range(rounds) for n in made.taught)
    decisions = (b.decisions[0] for tree in trees for b in tree.branches)
    return Counter(tokenizer.tokenizer.decode(d.allowed[d.target]).strip() for d in decisions)


def test_most_candidates_to_verify_are_true_as_they_are_after_a_vote(tokenizer):
    found = answers(tokenizer, curriculum(tokenizer))
    assert 0.6 < found["true"] / (found["true"] + found["false"]) < 0.8


def test_most_spans_to_classify_are_entities_as_they_are_in_a_union(tokenizer):
    found = answers(tokenizer, curriculum(tokenizer))
    entities = sum(found[label] for label in LABELS)
    assert 0.7 < entities / (entities + found["none"]) < 0.9


def test_where_there_is_one_type_what_is_false_lies_in_a_wrong_place(tokenizer):
    people = [
        replace(shot, mentions=found)
        for shot in POOL
        if (found := tuple(m for m in shot.mentions if m.label == "PERSON"))
    ]
    found = answers(tokenizer, curriculum(tokenizer, people))
    assert 0.6 < found["true"] / (found["true"] + found["false"]) < 0.8


def test_nothing_is_asked_about_a_sentence_that_is_not_taught(tokenizer):
    made = curriculum(tokenizer, taught=[0, 3])
    trees = [tree for batch in islice(made.batches(2), 8) for tree in batch]
    asked = {tokenizer.tokenizer.decode(tree.prefix) for tree in trees}
    expected = {tokenizer.tokenizer.decode(made.tree(n).prefix) for n in (0, 3)}
    assert asked == expected


def test_each_document_is_left_out_once():
    folds = [taught(POOL, fold, seed=1) for fold in range(FOLDS)]
    left_out = [set(range(len(POOL))) - set(fold) for fold in folds]
    assert sorted(n for fold in left_out for n in fold) == list(range(len(POOL)))
    documents = [{POOL[n].id.rpartition("/")[0] for n in fold} for fold in left_out]
    assert sum(map(len, documents)) == len(set().union(*documents))


def test_of_few_documents_none_is_left_out():
    few = demonstrations(docs()[: FOLDS - 1])
    assert taught(few, 0, seed=0) == list(range(len(few)))
