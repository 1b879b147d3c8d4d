import pickle
from dataclasses import replace

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span

from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.routing import uncertainty
from tests.pipeline.ensembles import found
from tests.pipeline.taggers import (
    NAME,
    SENTENCES,
    TEXTS,
    Scripted,
    ents,
    examples,
    trained,
)

# Results


@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_batches_of_any_size_agree(nlp, batch_size):
    expected = [found(nlp(text)) for text in TEXTS]
    assert [found(doc) for doc in nlp.pipe(TEXTS, batch_size=batch_size)] == expected
    assert any(expected)


@pytest.mark.parametrize("text", TEXTS)
def test_odd_texts_keep_their_characters_and_their_offsets(nlp, text):
    doc = nlp(text)
    assert doc.text == text
    assert doc._.el4ner["error"] == ""
    for span in doc.spans["el4ner"]:
        assert text[span.start_char : span.end_char] == span.text


def test_an_entity_never_crosses_a_sentence(nlp):
    doc = Doc(nlp.vocab, words=["Ann", "Lee", "left"], sent_starts=[True, True, False])
    assert all(len(ent) == 1 for ent in nlp.get_pipe(NAME)(doc).ents)
    whole = Doc(nlp.vocab, words=["Ann", "Lee", "left"], sent_starts=[True, False, False])
    assert ents(nlp.get_pipe(NAME)(whole)) == [("Ann Lee", "PERSON")]


def test_an_entity_knows_how_sure_the_tagger_is(nlp):
    ent = nlp(TEXTS[0]).ents[0]
    assert 0.5 < ent._.confidence <= 1
    assert ent._.provenance["side"] == "slm"
    assert ent._.provenance["llm"] is None


def test_predict_only_reads(nlp):
    doc = nlp.make_doc(TEXTS[0])
    before = doc.to_bytes()
    nlp.get_pipe(NAME).predict([doc])
    assert doc.to_bytes() == before


def test_existing_entities_are_kept(nlp):
    doc = nlp.make_doc(TEXTS[0])
    doc.ents = [Span(doc, 2, 6, label="EVENT")]
    kept = nlp.get_pipe(NAME)(doc)
    assert ents(kept) == [("Bill", "PERSON"), ("the bill in Paris", "EVENT")]


@pytest.mark.parametrize("overwrite", [False, True])
def test_tokens_that_are_blocked_are_left_alone(fused, overwrite):
    nlp = fused(None, overwrite_ents=overwrite)
    doc = nlp.make_doc(TEXTS[0])
    doc.set_ents([], blocked=[doc[0:1]], default="missing")
    nlp.get_pipe(NAME)(doc)
    assert ents(doc) == [("Paris", "GPE")]
    assert (doc[0].ent_iob_, doc[0].ent_type_, doc[1].ent_iob_) == ("B", "", "O")


def test_existing_entities_are_replaced_when_asked(fused):
    nlp = fused(None, overwrite_ents=True)
    doc = nlp.make_doc(TEXTS[0])
    doc.ents = [Span(doc, 2, 6, label="EVENT")]
    assert ents(nlp.get_pipe(NAME)(doc)) == [("Bill", "PERSON"), ("Paris", "GPE")]


def test_what_was_found_survives_bytes_docbin_and_pickle(nlp):
    doc = nlp(TEXTS[0])
    expected = found(doc)
    assert expected
    stored = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    for copy in (
        Doc(nlp.vocab).from_bytes(doc.to_bytes()),
        next(iter(DocBin().from_bytes(stored).get_docs(nlp.vocab))),
        pickle.loads(pickle.dumps(doc)),
    ):
        assert found(copy) == expected


# Both models


def test_the_language_model_is_believed_where_the_tagger_is_unsure(fused):
    llm = Scripted({"Zanzibar": "GPE"})
    nlp = fused(llm)
    nlp.get_pipe(NAME).calibration = Calibration({"paper": {"lam": 100.0}})
    doc = nlp("Nobody left Zanzibar .")
    assert ents(doc) == [("Zanzibar", "GPE")]
    assert doc._.el4ner["counts"]["llm_won"] >= 1


def test_the_tagger_is_believed_where_it_is_sure(fused):
    nlp = fused(Scripted({"Bill paid": "ORG"}))
    doc = nlp(TEXTS[0])
    assert ents(doc) == [("Bill", "PERSON"), ("Paris", "GPE")]
    counts = doc._.el4ner["counts"]
    assert (counts["asked"], counts["disagreements"], counts["slm_won"]) == (1, 2, 2)


def test_the_mentions_of_both_are_kept_as_spans(fused):
    nlp = fused(Scripted({"Bill paid": "ORG", "Paris": "GPE"}))
    doc = nlp(TEXTS[0])
    spans = {(s.text, s.label_): s for s in doc.spans["el4ner"]}
    assert set(spans) == {("Bill", "PERSON"), ("Bill paid", "ORG"), ("Paris", "GPE")}
    assert spans["Bill paid", "ORG"]._.provenance["how"] == "rejected"
    assert spans["Bill paid", "ORG"]._.provenance["scores"].keys() == {"slm", "llm"}
    assert spans["Paris", "GPE"]._.provenance["side"] == "both"
    assert doc.spans["el4ner"].attrs["scores"] == [s._.confidence for s in doc.spans["el4ner"]]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("slm", [("Bill", "PERSON"), ("Paris", "GPE")]), ("llm", [("Bill paid", "ORG")])],
)
def test_a_rule_can_be_one_model_alone(fused, rule, expected):
    nlp = fused(Scripted({"Bill paid": "ORG"}), rule=rule)
    assert ents(nlp(TEXTS[0])) == expected


def test_the_rule_of_the_tagger_alone_asks_nobody(fused):
    llm = Scripted({"Bill paid": "ORG"})
    fused(llm, rule="slm")(TEXTS[0])
    assert llm.calls == []


def test_only_sentences_that_the_tagger_is_unsure_of_are_asked_about(fused):
    llm = Scripted()
    nlp = fused(llm, route="uncertain")
    component = nlp.get_pipe(NAME)
    doc = nlp.make_doc("Bill paid the bill in Paris. Quux frobbed Xyzzy Widget.")
    sure, unsure = component.method().tagged([doc], component.logits([doc]))
    between = (uncertainty(sure.slm) + uncertainty(unsure.slm)) / 2
    component.calibration = Calibration(threshold=between)
    counts = component(doc)._.el4ner["counts"]
    assert [text for text, _ in llm.calls] == ["Quux frobbed Xyzzy Widget."]
    assert (counts["windows"], counts["asked"]) == (2, 1)


def test_where_the_language_model_gives_no_reading_the_tagger_stands(fused):
    nlp = fused(Scripted(error="the prompt was too long"))
    doc = nlp(TEXTS[0])
    assert ents(doc) == [("Bill", "PERSON"), ("Paris", "GPE")]
    assert doc._.el4ner["counts"]["unread"] == 1
    assert doc.ents[0]._.provenance["llm"]["error"] == "the prompt was too long"


def test_prompts_are_pooled_over_the_batch(fused):
    llm = Scripted()
    calls = []
    read = llm.read
    llm.read = lambda windows, *rest: calls.append(len(windows)) or read(windows, *rest)
    list(fused(llm).pipe(TEXTS, batch_size=len(TEXTS)))
    assert calls == [6]


def test_updating_asks_no_language_model(fused):
    llm = Scripted()
    nlp = fused(llm)
    nlp.update(examples(nlp), sgd=lambda key, w, dw, **_: (w, dw * 0))
    assert llm.calls == []


def test_a_real_language_model_reads_and_both_are_saved(models, tmp_path):
    backend = {"@el4ner_backends": "spacy-el4ner.HFBackend.v1", "model": str(models[0])}
    llm = {"@el4ner_llms": "spacy-el4ner.TaggingLLM.v1", "backend": backend, "template": "compact"}
    nlp = trained(llm=llm, k=2, rule="llm")
    docs = list(nlp.pipe(TEXTS))
    assert [doc.text for doc in docs] == TEXTS
    assert docs[0]._.el4ner["counts"]["asked"] == 1
    assert docs[0]._.el4ner["counts"]["unread"] == 0
    nlp.to_disk(tmp_path)
    assert [found(d) for d in spacy.load(tmp_path).pipe(TEXTS)] == [found(d) for d in docs]


def test_cases_hold_both_readings_and_the_truth(fused):
    nlp = fused(Scripted({"Bill": "PERSON"}), rule="slm", route="uncertain")
    cases = nlp.get_pipe(NAME).cases(examples(nlp))
    assert len(cases) == len(SENTENCES.splitlines())
    assert all(case.llm is not None for case in cases)
    assert all(case.slm.mentions == case.gold for case in cases)


# Faults


class Poison(Exception):
    pass


class Poisonous(Scripted):
    """Fails on every batch that mentions poison."""

    def read(self, windows, demonstrations, labels, guesses=()):
        if any("poison" in window.text for window in windows):
            raise Poison("no such luck")
        return super().read(windows, demonstrations, labels, guesses)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_failing_document_is_yielded_marked_and_harms_no_neighbour(fused, place):
    nlp = fused(Poisonous({"Bill": "PERSON"}), on_error="skip")
    texts = [TEXTS[0], TEXTS[2]]
    expected = [found(doc) for doc in nlp.pipe(texts)]
    texts.insert(place, "poison in Paris")
    docs = list(nlp.pipe(texts))
    assert [doc.text for doc in docs] == texts
    failed = docs.pop(place)
    assert "no such luck" in failed._.el4ner["error"]
    assert not failed.ents
    assert [found(doc) for doc in docs] == expected


def test_a_failing_document_warns_when_asked(fused):
    nlp = fused(Poisonous(), on_error="warn")
    with pytest.warns(UserWarning, match=r"WL002.*no such luck"):
        nlp("poison")


def test_a_failing_document_raises_when_asked(fused):
    with pytest.raises(Poison):
        fused(Poisonous(), on_error="raise")("poison")


@pytest.mark.parametrize(
    ("count", "code", "changed"),
    [("windows_split", "WL011", {"parts": 2}), ("unparsed", "WL007", {"unparsed": 1})],
)
def test_windows_not_read_whole_are_told(fused, count, code, changed):
    class Changed(Scripted):
        def _read(self, window):
            return replace(super()._read(window), **changed)

    with pytest.warns(UserWarning, match=rf"{code}.*\b1 "):
        counts = fused(Changed())(TEXTS[0])._.el4ner["counts"]
    assert (counts[count], counts["warnings"]) == (1, [code])
