"""The demonstrations of a fusion."""

import pickle

from spacy_el4ner.retrieval.lexicon import Seen
from tests.pipeline.taggers import (
    NAME,
    SENTENCES,
    Scripted,
    examples,
    pipeline,
)


def test_the_most_similar_sentences_are_shown_most_similar_first(with_pool):
    llm = Scripted()
    nlp, _ = with_pool(llm, k=2)
    nlp("Nobody paid the bills .")
    assert llm.calls[0][1][0] == "d5/0"
    assert len(llm.calls[0][1]) == 2


def test_a_sentence_of_the_pool_does_not_find_itself(with_pool):
    llm = Scripted()
    nlp, docs = with_pool(llm, k=12)
    component = nlp.get_pipe(NAME)
    component(docs[5].copy())
    assert "d5/0" not in llm.calls[0][1]
    assert len(llm.calls[0][1]) == 11


def test_another_text_with_the_same_id_does_not_hide_a_sentence(with_pool):
    llm = Scripted()
    nlp, _ = with_pool(llm, k=12)
    doc = nlp.make_doc("Quux .")
    doc.user_data["id"] = "d5"
    nlp.get_pipe(NAME)(doc)
    assert len(llm.calls[0][1]) == 12


def test_a_disputed_name_knows_how_often_it_was_labelled_so(with_pool):
    nlp, _ = with_pool(Scripted({"Oslo": "ORG"}))
    (ent,) = nlp("They met in Oslo .").ents
    (slm,), (llm,) = (ent._.provenance[side]["entities"] for side in ("slm", "llm"))
    times = SENTENCES.count("[GPE Oslo]")
    assert (slm["label"], slm["seen"]) == ("GPE", {"labelled": times, "otherwise": 0})
    assert (llm["label"], llm["seen"]) == ("ORG", {"labelled": 0, "otherwise": times})


def test_a_sentence_of_the_pool_is_no_witness_for_itself(with_pool):
    nlp, docs = with_pool(Scripted({"Oslo": "ORG"}))
    doc = nlp.get_pipe(NAME)(next(doc for doc in docs if "Oslo" in doc.text).copy())
    (oslo,) = (ent for ent in doc.ents if ent.text == "Oslo")
    (slm,) = oslo._.provenance["slm"]["entities"]
    assert slm["seen"]["labelled"] == SENTENCES.count("[GPE Oslo]") - 1


def test_a_pipeline_that_looked_names_up_can_be_sent_to_another_process(with_pool):
    nlp, _ = with_pool(Scripted({"Oslo": "ORG"}))
    nlp("They met in Oslo .")
    component = nlp.get_pipe(NAME)
    sent = pickle.loads(pickle.dumps(component.pool))
    assert sent.lexicon.seen(["Oslo"], "GPE") == component.pool.lexicon.seen(["Oslo"], "GPE") != Seen()


def test_what_both_models_have_needs_no_witness(with_pool):
    nlp, _ = with_pool(Scripted({"Oslo": "GPE"}))
    (ent,) = nlp("They met in Oslo .").ents
    assert "seen" not in ent._.provenance["slm"]["entities"][0]


def test_initializing_with_a_language_model_takes_the_pool():
    nlp = pipeline()
    component = nlp.get_pipe(NAME)
    component.llm = Scripted()
    nlp.initialize(lambda: examples(nlp))
    assert len(component.pool.entries) == len(SENTENCES.splitlines())


def test_initializing_without_one_takes_none(nlp):
    assert nlp.get_pipe(NAME).pool.entries == []
