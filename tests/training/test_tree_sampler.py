import random
from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.retrieval.gold import gold_demonstrations
from spacy_el4ner.training.backbones import FOLDS, TAGS, sentences_outside
from spacy_el4ner.training.tree_sampler import SamplingRates, TreeSampler
from spacy_el4ner.training.vocabulary import build_tokenizer, extend
from tests.training.corpus import LABELS, docs

POOL = gold_demonstrations(docs())
ZERO_SHOT = SamplingRates(zero_shot_share=1.0, extraction_share=0.0)


@pytest.fixture(scope="module")
def tokenizer():
    texts = [
        *(demonstration.window.text for demonstration in POOL),
        " ".join([*LABELS, "true false none"]),
    ]
    words = sorted({word for text in texts for word in text.lower().split()})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    return PieceTokenizer(build_tokenizer(extend(pieces, texts, TAGS), 512))


def sampler(tokenizer, pool=POOL, template="compact/marked", label_names=None, **settings):
    settings.setdefault("rates", ZERO_SHOT)
    labels = sorted({m.label for demonstration in pool for m in demonstration.mentions})
    unrelated = [[] for _ in pool]
    template = PromptTemplate(template, label_names=label_names)
    return TreeSampler(pool, unrelated, labels, template, tokenizer, random.Random(0), **settings)


def answers(tokenizer, made, rounds=20):
    """What was to be answered, and how often, in some rounds over the pool."""
    trees = (made.tree(n) for _ in range(rounds) for n in made.trained_on)
    decisions = (b.decisions[0] for tree in trees for b in tree.branches)
    return Counter(tokenizer.tokenizer.decode(d.allowed[d.target]).strip() for d in decisions)


def test_most_candidates_to_verify_are_true_as_they_are_after_a_vote(tokenizer):
    found = answers(tokenizer, sampler(tokenizer))
    assert 0.6 < found["true"] / (found["true"] + found["false"]) < 0.8


def test_most_spans_to_classify_are_entities_as_they_are_in_a_union(tokenizer):
    found = answers(tokenizer, sampler(tokenizer))
    entities = sum(found[label] for label in LABELS)
    assert 0.7 < entities / (entities + found["none"]) < 0.9


def test_where_there_is_one_type_what_is_false_lies_in_a_wrong_place(tokenizer):
    people = [
        replace(demonstration, mentions=found)
        for demonstration in POOL
        if (found := tuple(m for m in demonstration.mentions if m.label == "PERSON"))
    ]
    found = answers(tokenizer, sampler(tokenizer, people))
    assert 0.6 < found["true"] / (found["true"] + found["false"]) < 0.8


def test_nothing_is_asked_about_a_sentence_that_is_not_taught(tokenizer):
    made = sampler(tokenizer, trained_on=[0, 3])
    trees = [tree for batch in islice(made.batches(2), 8) for tree in batch]
    asked = {tokenizer.tokenizer.decode(tree.prefix) for tree in trees}
    expected = {tokenizer.tokenizer.decode(made.tree(n).prefix) for n in (0, 3)}
    assert asked == expected


def test_each_document_is_left_out_once():
    folds = [sentences_outside(POOL, fold, seed=1) for fold in range(FOLDS)]
    left_out = [set(range(len(POOL))) - set(fold) for fold in folds]
    assert sorted(n for fold in left_out for n in fold) == list(range(len(POOL)))
    documents = [{POOL[n].id.rpartition("/")[0] for n in fold} for fold in left_out]
    assert sum(map(len, documents)) == len(set().union(*documents))


def test_of_few_documents_none_is_left_out():
    few = gold_demonstrations(docs()[: FOLDS - 1])
    assert sentences_outside(few, 0, seed=0) == list(range(len(few)))


@pytest.mark.parametrize("template", ["completion", "turns"])
def test_templates_whose_questions_share_no_prefix_are_refused(tokenizer, template):
    with pytest.raises(ValueError, match=rf"\[EL010\].*{template}"):
        sampler(tokenizer, template=template)


def test_labels_are_taught_by_the_names_that_the_template_has(tokenizer):
    found = answers(tokenizer, sampler(tokenizer, label_names={LABELS[0]: "human"}))
    assert found[LABELS[0]] == 0 < found[LABELS[1]]
