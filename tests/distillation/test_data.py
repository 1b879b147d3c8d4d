"""Documents by their use in training."""

from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin, Span

from spacy_el4ner.distillation.data import check_labels, divide

NLP = spacy.blank("en")


def docs(text, n):
    made = [NLP.make_doc(f"{text} {number}") for number in range(n)]
    for doc in made:
        doc.ents = [Span(doc, 0, 1, "NAME")]
    return made


def texts(documents):
    return [doc.text for doc in documents]


def test_a_dev_corpus_leaves_all_others_to_train_on():
    silver, gold, dev = docs("silver", 10), docs("gold", 10), docs("dev", 2)
    data = divide(silver, gold, dev)
    assert (data.silver, data.gold, data.dev) == (silver, gold, dev)


def test_without_one_every_fifth_gold_document_is_held_out():
    data = divide(docs("silver", 3), docs("gold", 7), [])
    assert texts(data.dev) == ["gold 0", "gold 5"]
    assert texts(data.gold) == ["gold 1", "gold 2", "gold 3", "gold 4", "gold 6"]
    assert len(data.silver) == 3


def test_without_gold_every_tenth_silver_document_is_held_out():
    data = divide(docs("silver", 12), [], [])
    assert texts(data.dev) == ["silver 0", "silver 10"]
    assert len(data.silver) == 10


@pytest.mark.parametrize(("silver", "gold", "named"), [(5, 1, "gold"), (1, 0, "texts")])
def test_one_document_is_too_few(silver, gold, named):
    with pytest.raises(ValueError, match=rf"EL369.*{named}.*--dev"):
        divide(docs("silver", silver), docs("gold", gold), [])


def test_the_same_documents_give_the_same_files(tmp_path):
    data = divide(docs("silver", 4), docs("gold", 6), [])
    for name in ("a", "b"):
        data.save(tmp_path / name)
    for file in ("all.spacy", "gold.spacy", "dev.spacy"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    together = DocBin().from_disk(tmp_path / "a" / "all.spacy")
    assert len(together) == 8


def test_labels_that_the_teacher_does_not_find_are_named():
    with pytest.raises(ValueError, match=r"EL368.*gold\.spacy.*NAME.*ORG, PERSON"):
        check_labels(docs("gold", 2), ["ORG", "PERSON"], Path("gold.spacy"))
    check_labels(docs("gold", 2), ["NAME", "ORG"], Path("gold.spacy"))
