"""Tokens and answers that there is no room for cost no more than themselves."""

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.retrieval.gold import gold_demonstrations
from spacy_el4ner.types import Mention
from tests.backends.scripted import Scripted, chat
from tests.pipeline.ensembles import found, pipeline

BLOB = "魏" * 400  # one token of spaCy's, 400 of the model's


@pytest.fixture(scope="module")
def nlp(models):
    return pipeline(models[:2], stages={"verification": False})


@pytest.mark.filterwarnings("ignore:.WL001")
def test_a_token_longer_than_the_context_is_left_out_and_told(nlp):
    with pytest.warns(UserWarning, match="WL050"):
        doc = nlp(f"Bill met Ann. {BLOB} Ann left Paris.")
    assert doc._.el4ner["counts"]["tokens_unread"] == 2  # by each of the voters
    assert "WL050" in doc._.el4ner["counts"]["warnings"]
    assert doc._.el4ner["error"] == ""
    assert not any(BLOB in span.text for span in doc.spans["el4ner"])


def test_its_neighbours_are_what_they_are_without_it(nlp):
    alone = [found(nlp(text)) for text in ("Bill met Ann.", "Ann left Paris.")]
    with pytest.warns(UserWarning, match="WL050"):
        docs = list(nlp.pipe(["Bill met Ann.", BLOB, "Ann left Paris."]))
    assert [found(docs[0]), found(docs[2])] == alone
    assert found(docs[1]) == []


@pytest.mark.filterwarnings("ignore:.WL007")  # no room for a tag around each
def test_a_run_of_emoji_is_counted_as_it_is_written(nlp):
    backend = nlp.get_pipe("llm_ensemble_ner").voters["terse"].backend
    assert backend.count("😀" * 400) == 1 < backend.count("😀") * 400  # "[UNK]", and 400 of them
    with pytest.warns(UserWarning, match="WL001"):
        doc = nlp("😀" * 400)
    assert doc._.el4ner["counts"]["windows_split"] > 0


def test_a_refusal_is_asked_again_and_told():
    server = Scripted(lambda body: chat("I cannot help with that."))
    backend = {
        "@el4ner_backends": "spacy-el4ner.OpenAIBackend.v1",
        "model": "tiny",
        "base_url": server.url,
    }
    remote = {"@el4ner_voters": "spacy-el4ner.PromptedVoter.v1", "backend": backend}
    nlp = pipeline([], voters={"remote": remote})
    try:
        with pytest.warns(UserWarning, match="WL007.*1 times"):
            counts = nlp("Bill met Ann.")._.el4ner["counts"]
    finally:
        server.stop()
        nlp.get_pipe("llm_ensemble_ner").voters["remote"].unload()
    assert (counts["unparsed"], counts["warnings"]) == (1, ["WL007"])
    assert len(server.seen) == 2


def test_labels_named_like_every_word_for_no_entity_leave_one_more():
    labels = dict.fromkeys(("none", "no entity", "nothing", "nothing 2"), "")
    assert PromptTemplate().options(labels)[-1] == "nothing 3"


def test_a_gold_entity_ends_where_it_can_be_seen():
    doc = Doc(spacy.blank("en").vocab, words=["\u200b", "Bill", "\u200b", "left", "\x00"])
    doc.ents = [Span(doc, 0, 3, "PERSON"), Span(doc, 4, 5, "GPE")]
    [demonstration] = gold_demonstrations([doc])
    assert demonstration.window.text == "Bill \u200b left"
    assert demonstration.mentions == (Mention(0, 4, "PERSON"),)
