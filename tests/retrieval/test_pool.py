import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_el4ner.retrieval.base import PoolEntry
from spacy_el4ner.retrieval.fixed import FixedDemonstrations
from spacy_el4ner.retrieval.gold import gold_demonstrations
from spacy_el4ner.retrieval.pool import Pool
from spacy_el4ner.text import windows

NLP = spacy.blank("en")


def entries(*texts):
    docs = [NLP.make_doc(text) for text in texts]
    for doc, name in zip(docs, "abcdef", strict=False):
        doc.user_data["id"] = name
        doc.ents = []
    return [PoolEntry(demonstration) for demonstration in gold_demonstrations(docs)]


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


def test_the_lexicon_follows_the_sentences():
    made, retriever = pool("Ann left.")
    assert made.lexicon is made.lexicon
    assert made.lexicon.seen(["left"], "EVENT").otherwise == 1
    made.merge(entries("Bill left."), retriever, ())
    assert made.lexicon.seen(["left"], "EVENT").otherwise == 2


def test_documents_follow_the_sentences():
    made, retriever = pool("Ann left.")
    assert made.named("b") == frozenset()
    made.merge(entries("Ann left.", "Bill came."), retriever, ())
    assert made.named("b") == {"b/0"}


def test_what_is_named_gives_way():
    made, retriever = pool("Ann left. Rain fell.")
    assert made.merge(entries("Bill came."), retriever, {"a/0"}) == 1
    assert texts(made) == ["Rain fell.", "Bill came."]


def test_sentences_are_found_by_their_document():
    made, _ = pool("Ann left. Rain fell.", "Bill came.")
    assert made.named("a") == {"a/0", "a/1"}
    assert made.named("c") == frozenset()


def test_sentences_of_which_nothing_is_known_are_no_demonstrations():
    known = Doc(NLP.vocab, words=["Ann", "left", "."], ents=["B-PERSON", "O", "O"])
    partly = Doc(NLP.vocab, words=["Ann", "left", "."], ents=["B-PERSON", "O", None])
    with pytest.warns(UserWarning, match=r"WL005.*Skipped 2 of 3 sentences"):
        found = gold_demonstrations([known, NLP.make_doc("Bill came."), partly])
    assert [demonstration.id for demonstration in found] == ["0/0"]


def test_entities_stand_in_their_own_sentence_alone():
    doc = NLP.make_doc("Ann met Bill. It rained. Bill Lee left.")
    found = {(0, 1): "A", (2, 3): "B", (7, 9): "C"}
    doc.ents = [Span(doc, *place, label) for place, label in found.items()]
    assert [
        [(m.start, m.end, m.label) for m in demonstration.mentions]
        for demonstration in gold_demonstrations([doc])
    ] == [
        [(0, 3, "A"), (8, 12, "B")],
        [],
        [(0, 8, "C")],
    ]


def test_an_entity_across_two_sentences_is_in_neither():
    doc = NLP.make_doc("Ann left. Bill came.")
    doc.ents = [Span(doc, 1, 4, "X"), Span(doc, 4, 5, "Y")]
    assert [len(demonstration.mentions) for demonstration in gold_demonstrations([doc])] == [0, 1]


def test_the_work_grows_with_the_length_of_a_document_alone(monkeypatch):
    seen, visible = [], windows.visible
    monkeypatch.setattr(windows, "visible", lambda token: seen.append(token) or visible(token))

    def work(sentences):
        doc = NLP.make_doc("Ann met Bill. " * sentences)
        doc.ents = [Span(doc, t.i, t.i + 1, "X") for t in doc if t.text in ("Ann", "Bill")]
        seen.clear()
        gold_demonstrations([doc])
        return len(seen)

    assert work(40) == 2 * work(20)


@pytest.mark.parametrize("name", ["a", 7])
def test_a_document_of_the_pool_has_its_own_sentences(name):
    doc = NLP.make_doc("Ann left. Rain fell.")
    doc.ents, doc.user_data["id"] = [], name
    made = Pool()
    made.take(gold_demonstrations([doc]), FixedDemonstrations())
    (window,) = windows.cut(doc, 2)
    assert made.own(doc, window) == {f"{name}/0", f"{name}/1"}
    assert made.own(NLP.make_doc("Ann left."), window) == frozenset()
