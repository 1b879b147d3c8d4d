import pickle
import warnings
from dataclasses import replace

import pytest
import spacy
import srsly
from spacy.tokens import Doc, DocBin, Span

from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.routing import uncertainty
from spacy_el4ner.fusion.rules.paper import PaperRule
from spacy_el4ner.fusion.rules.registered import find_rule
from spacy_el4ner.fusion.rules.slm import SLMRule
from spacy_el4ner.registry import registry
from spacy_el4ner.retrieval.lexicon import Seen
from spacy_el4ner.retrieval.pool import Pool
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from tests.pipeline.ensembles import found
from tests.pipeline.taggers import (
    SENTENCES,
    Letters,
    Scripted,
    annotated,
    examples,
    pipeline,
    trained,
)

NAME = "slm_llm_fusion"
TEXTS = [
    "Bill paid the bill in Paris.",
    "",
    "Ann Lee met Søren in New York City. Then Acme Ltd. paid Bill.",
    "   \n\n ",
    "😀🎉 Bill 🚀 Oslo",
    "İstanbul'da Bill, e\u0301 and \u200f RTL",
    "Delta Pumps hired Ann Lee in São Paulo.",
]


@pytest.fixture(scope="module")
def nlp():
    return trained()


@pytest.fixture
def fused(nlp):
    """The trained pipeline with a language model, which is taken away again."""
    component = nlp.get_pipe(NAME)

    def use(llm, rule="paper", **cfg):
        component.llm, component.rule = llm, find_rule(rule)[1]
        component.cfg.update(cfg)
        return nlp

    kept = dict(component.cfg)
    yield use
    component.llm = None
    component.cfg, component.rule = kept, PaperRule()
    component.calibration = Calibration()
    component.pool = Pool()


def ents(doc):
    return [(e.text, e.label_) for e in doc.ents]


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


# Demonstrations


@pytest.fixture
def with_pool(fused):
    def use(llm, **cfg):
        nlp = fused(llm, **cfg)
        component = nlp.get_pipe(NAME)
        component.retriever = SentenceSimilarity(Letters())
        docs = [annotated(nlp.vocab, line) for line in SENTENCES.splitlines()]
        for n, doc in enumerate(docs):
            doc.user_data["id"] = f"d{n}"
        component.set_pool(docs)
        return nlp, docs

    return use


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


# Saving


def test_a_saved_pipeline_finds_the_same(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert [found(d) for d in loaded.pipe(TEXTS)] == [found(d) for d in nlp.pipe(TEXTS)]


def test_a_pipeline_in_bytes_finds_the_same(nlp):
    other = pipeline().from_bytes(nlp.to_bytes())
    assert [found(d) for d in other.pipe(TEXTS)] == [found(d) for d in nlp.pipe(TEXTS)]


def test_pool_and_calibration_are_saved(with_pool, tmp_path):
    nlp, _ = with_pool(Scripted())
    component = nlp.get_pipe(NAME)
    component.calibration = Calibration({"paper": {"lam": 0.125}}, threshold=0.5)
    component.to_disk(tmp_path / "fusion")
    other = pipeline().get_pipe(NAME)
    other.retriever = SentenceSimilarity(Letters())
    other.from_disk(tmp_path / "fusion")
    assert other.calibration == component.calibration
    assert srsly.read_json(tmp_path / "fusion" / "calibration.json") == component.calibration.to_dict()
    assert other.pool.entries == component.pool.entries
    assert (other.retriever.vectors == component.retriever.vectors).all()


def test_settings_are_those_of_the_config_and_can_be_changed_on_loading(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    block = {"@el4ner_fusion_rules": "spacy-el4ner.SLMRule.v1"}
    changed = {"components": {NAME: {"rule": block, "spans_key": "both"}}}
    component = spacy.load(tmp_path, config=changed).get_pipe(NAME)
    assert (component.rule, component.cfg["spans_key"]) == (SLMRule(), "both")


def test_two_processes_find_the_same(nlp):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads, Python 3.12
        docs = list(nlp.pipe(TEXTS, n_process=2, batch_size=2))
    assert [found(d) for d in docs] == [found(nlp(text)) for text in TEXTS]


def test_a_pickled_pipeline_finds_the_same(nlp):
    copy = srsly.pickle_loads(srsly.pickle_dumps(nlp))
    assert [found(d) for d in copy.pipe(TEXTS)] == [found(d) for d in nlp.pipe(TEXTS)]


def scripted(surfaces: dict[str, str]) -> Scripted:
    return Scripted(surfaces)


def test_a_language_model_can_be_put_into_a_trained_pipeline_on_loading(nlp, tmp_path):
    registry.el4ner_llms.register("test.Scripted.v1", func=scripted)
    nlp.to_disk(tmp_path)
    block = {"@el4ner_llms": "test.Scripted.v1", "surfaces": {"Bill paid": "ORG"}}
    always = {"@el4ner_fusion_rules": "spacy-el4ner.LLMRule.v1"}
    loaded = spacy.load(tmp_path, config={"components": {NAME: {"llm": block, "rule": always}}})
    assert ents(loaded(TEXTS[0])) == [("Bill paid", "ORG")]
    loaded.to_disk(tmp_path / "again")
    again = spacy.load(tmp_path / "again")
    assert ents(again(TEXTS[0])) == [("Bill paid", "ORG")]
