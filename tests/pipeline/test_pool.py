import spacy

from spacy_el4ner.pipeline.pool import Pool, demonstrations
from spacy_el4ner.retrieval.base import PoolEntry
from spacy_el4ner.retrieval.fixed import FixedDemonstrations

NLP = spacy.blank("en")


def entries(*texts):
    docs = [NLP.make_doc(text) for text in texts]
    for doc, name in zip(docs, "abcdef", strict=False):
        doc.user_data["id"] = name
    return [PoolEntry(shot) for shot in demonstrations(docs)]


def pool(*texts):
    made, retriever = Pool(), FixedDemonstrations()
    made.take([entry.demonstration for entry in entries(*texts)], retriever)
    return made, retriever


def texts(made):
    return [entry.demonstration.window.text for entry in made.entries]


def test_new_entries_join_and_are_indexed():
    made, retriever = pool("Ann left.")
    assert made.merge(entries("Bill came."), retriever, ()) == 0
    assert texts(made) == ["Ann left.", "Bill came."]
    assert retriever.pool == made.entries


def test_the_same_sentence_gives_way():
    made, retriever = pool("Ann left. Rain fell.", "Rain fell.")
    assert made.merge(entries("Rain fell."), retriever, ()) == 2
    assert texts(made) == ["Ann left.", "Rain fell."]


def test_what_is_named_gives_way():
    made, retriever = pool("Ann left. Rain fell.")
    assert made.merge(entries("Bill came."), retriever, {"a/0"}) == 1
    assert texts(made) == ["Rain fell.", "Bill came."]


def test_sentences_are_found_by_their_document():
    made, _ = pool("Ann left. Rain fell.", "Bill came.")
    assert made.named("a") == {"a/0", "a/1"}
    assert made.named("c") == frozenset()
