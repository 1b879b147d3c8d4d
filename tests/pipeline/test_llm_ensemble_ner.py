import pickle
import subprocess
import sys
import warnings

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span

from tests.pipeline.ensembles import blocks, found, gold, pipeline
from tests.tiny import LABELS
from tests.tiny_tokenizers import TEXTS


@pytest.fixture(scope="module")
def nlp(models):
    """With a pool and without verification, which random models would fail everything at."""
    nlp = pipeline(models, stages={"verification": False})
    nlp.initialize(lambda: gold(nlp))
    return nlp


def test_the_factory_is_found_without_importing_the_package():
    code = "import spacy; spacy.blank('en').add_pipe('llm_ensemble_ner')"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=300)


def test_importing_the_package_imports_no_torch():
    code = "import sys, spacy_el4ner; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_entities_do_not_overlap_and_lie_in_the_label_set(nlp):
    docs = list(nlp.pipe(TEXTS))
    assert any(doc.spans["el4ner"] for doc in docs)
    for doc in docs:
        covered = [t.i for ent in doc.ents for t in ent]
        assert len(covered) == len(set(covered))
        assert {s.label_ for s in doc.spans["el4ner"]} <= set(LABELS)


@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_batches_of_any_size_agree(nlp, batch_size):
    texts = TEXTS * 3
    expected = [found(nlp(text)) for text in texts]
    assert [found(doc) for doc in nlp.pipe(texts, batch_size=batch_size)] == expected


@pytest.mark.slow
def test_two_hundred_documents_in_batches_equal_one_by_one(nlp):
    names = ("Ann", "Bill", "Acme", "Oslo", "Søren", "the bill", "Yahoo!", "Jordan")
    texts = [
        f"{names[n % 8]} met {names[n // 8 % 8]} in {names[n // 3 % 8]}, {n} times." for n in range(200)
    ]
    together = [found(doc) for doc in nlp.pipe(texts, batch_size=32)]
    assert together == [found(nlp(text)) for text in texts]


def test_two_runs_agree(nlp):
    assert [found(d) for d in nlp.pipe(TEXTS)] == [found(d) for d in nlp.pipe(TEXTS)]


def test_the_order_of_the_voters_does_not_matter(models):
    there, back = (
        pipeline(order, stages={"verification": False}, labels=LABELS) for order in (models, models)
    )
    component = back.get_pipe("llm_ensemble_ner")
    component.voters = dict(reversed(component.voters.items()))
    assert [found(d) for d in there.pipe(TEXTS)] == [found(d) for d in back.pipe(TEXTS)]


def test_verification_drops_what_the_verifier_denies(models):
    with_it = pipeline(models)
    without = pipeline(models, stages={"verification": False})
    for a, b in zip(with_it.pipe(TEXTS), without.pipe(TEXTS), strict=True):
        assert {x[:3] for x in found(a)} <= {x[:3] for x in found(b)}
        assert all(s._.provenance["verification"]["true"] for s in a.spans["el4ner"])


def test_an_entity_knows_who_proposed_it_and_each_vote(nlp):
    span = next(s for doc in nlp.pipe(TEXTS) for s in doc.spans["el4ner"])
    assert 0 <= span._.confidence <= 1
    provenance = span._.provenance
    assert set(provenance["proposed_by"]) <= {"terse", "plain", "marked"}
    assert [v["voter"] for v in provenance["votes"]] == ["terse", "plain", "marked"]
    assert sum(provenance["votes"][0]["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert len(provenance["demonstrations"]) > 0


def test_counts_tell_what_each_stage_did(nlp):
    doc = nlp(TEXTS[1])
    counts = doc._.el4ner["counts"]
    assert counts["windows"] == 1
    assert counts["union"] >= max(counts["proposed"].values()) > 0
    assert counts["union"] >= counts["typed"] == len(doc.spans["el4ner"])
    assert counts["unaligned"] == counts["unparsed"] == 0


def test_scores_stand_where_the_span_categorizer_puts_them(nlp):
    doc = nlp(TEXTS[1])
    assert doc.spans["el4ner"].attrs["scores"] == [s._.confidence for s in doc.spans["el4ner"]]


def test_what_was_found_survives_bytes_docbin_and_pickle(nlp):
    doc = nlp(TEXTS[1])
    expected = found(doc)
    assert expected
    stored = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    for copy in (
        Doc(nlp.vocab).from_bytes(doc.to_bytes()),
        next(iter(DocBin().from_bytes(stored).get_docs(nlp.vocab))),
        pickle.loads(pickle.dumps(doc)),
    ):
        assert found(copy) == expected


def test_existing_entities_are_kept(nlp):
    doc = nlp.make_doc(TEXTS[0])
    doc.ents = [Span(doc, 2, 4, label="BILL")]
    kept = nlp.get_pipe("llm_ensemble_ner")(doc)
    assert (2, 4, "BILL") in [(e.start, e.end, e.label_) for e in kept.ents]


def test_tokens_that_are_blocked_are_left_alone(models):
    nlp = pipeline(models, overwrite_ents=True, stages={"verification": False})
    found = next(ent for doc in nlp.pipe(TEXTS) for ent in doc.ents)
    doc = nlp.make_doc(found.doc.text)
    doc.set_ents([], blocked=[doc[found.start : found.end]], default="missing")
    nlp.get_pipe("llm_ensemble_ner")(doc)
    assert not any(token.ent_type for token in doc[found.start : found.end])
    assert {token.ent_iob_ for token in doc[found.start : found.end]} == {"B"}


def test_existing_entities_are_replaced_when_asked(models):
    nlp = pipeline(models, overwrite_ents=True)
    doc = nlp.make_doc(TEXTS[0])
    doc.ents = [Span(doc, 2, 4, label="BILL")]
    assert "BILL" not in [e.label_ for e in nlp.get_pipe("llm_ensemble_ner")(doc).ents]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\n ",
        "😀🎉🚀",
        "İstanbul'da İstanbul İSTANBUL",
        "bill paid the bill and the bill paid Bill",
        "魏丞相使怒去，歸告懷王。秦王聞之大喜。",
        "a <e>b</e> c ; d #2 | none",
        "NUL \x00 and \u200f RTL e\u0301",
    ],
)
def test_odd_texts_keep_their_characters_and_their_offsets(nlp, text):
    doc = nlp(text)
    assert doc.text == text
    for span in doc.spans["el4ner"]:
        assert text[span.start_char : span.end_char] == span.text


def test_chinese_without_spaces(models):
    doc = pipeline(models, lang="zh", stages={"verification": False})(TEXTS[3])
    assert doc._.el4ner["counts"]["windows"] == 2
    assert all(s.text in TEXTS[3] for s in doc.spans["el4ner"])


def test_a_document_of_5000_characters_is_cut_and_nothing_is_lost(nlp):
    text = " ".join(TEXTS[:3] * 40)
    assert len(text) > 5000
    doc = nlp(text)
    assert doc._.el4ner["counts"]["windows"] == 40 * 4
    assert doc._.el4ner["counts"]["windows_split"] == 0
    assert doc._.el4ner["counts"]["warnings"] == []
    assert max(s.end_char for s in doc.spans["el4ner"]) > 4500


def test_a_sentence_longer_than_the_context_is_cut_with_a_warning(models):
    nlp = pipeline(models, stages={"verification": False})
    text = "Bill of Acme met Ann in Paris and " * 60
    with pytest.warns(UserWarning, match="WL001"):
        doc = nlp(text)
    assert doc._.el4ner["counts"]["windows_split"] > 0
    assert doc._.el4ner["counts"]["warnings"] == ["WL001"]
    assert max(s.end_char for s in doc.spans["el4ner"]) > 1500


def test_demonstrations_are_dropped_before_the_window_is_cut(models):
    nlp = spacy.blank("en")
    config = {
        "labels": LABELS,
        "voters": blocks(models, context=100),
        "retriever": {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"},
        "on_error": "raise",
    }
    nlp.add_pipe("llm_ensemble_ner", config=config)
    nlp.initialize(lambda: gold(nlp))
    counts = nlp(TEXTS[0])._.el4ner["counts"]
    assert counts["demonstrations_dropped"] > 0
    assert counts["windows_split"] == 0


def test_a_context_without_room_for_one_token_is_an_error(models):
    nlp = spacy.blank("en")
    config = {"labels": LABELS, "voters": blocks(models, context=8), "on_error": "raise"}
    nlp.add_pipe("llm_ensemble_ner", config=config)
    with pytest.raises(ValueError, match=r"EL005.*8 tokens"):
        nlp("Bill left.")


def test_without_labels_the_error_names_the_remedy(models):
    nlp = pipeline(models, labels={})
    with pytest.raises(ValueError, match="EL001"):
        nlp("Bill left.")


def test_labels_come_from_the_examples(models):
    nlp = pipeline(models, labels={})
    nlp.initialize(lambda: gold(nlp))
    assert nlp.get_pipe("llm_ensemble_ner").labels == ("GPE", "PERSON")


def test_initializing_without_examples_leaves_it_zero_shot(models):
    nlp = pipeline(models)
    with pytest.warns(UserWarning, match="WL003"):
        nlp.initialize()
    assert nlp.get_pipe("llm_ensemble_ner").pool.entries == []


def test_zero_shot_needs_labels_alone(models):
    nlp = pipeline(models)
    doc = nlp(TEXTS[0])
    assert doc._.el4ner["counts"]["demonstrations"] == 0


class Poison(Exception):
    pass


def poisoned(nlp, on_error):
    """Fails on every document that mentions poison."""
    component = nlp.get_pipe("llm_ensemble_ner")
    component.cfg = {**component.cfg, "on_error": on_error}
    predict = component.predict

    def fail(docs):
        if any("poison" in doc.text for doc in docs):
            raise Poison("no such luck")
        return predict(docs)

    component.predict = fail
    return nlp


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_failing_document_is_yielded_marked_and_harms_no_neighbour(models, place):
    nlp = poisoned(pipeline(models, stages={"verification": False}), "skip")
    texts = list(TEXTS[:2])
    expected = [found(doc) for doc in nlp.pipe(texts)]
    texts.insert(place, "poison in Paris")
    docs = list(nlp.pipe(texts))
    assert [doc.text for doc in docs] == texts
    assert "no such luck" in docs.pop(place)._.el4ner["error"]
    assert [found(doc) for doc in docs] == expected


def test_a_failing_document_warns_by_default(models):
    nlp = poisoned(pipeline(models), "warn")
    with pytest.warns(UserWarning, match=r"WL002.*no such luck"):
        nlp("poison")


def test_a_failing_document_raises_when_asked(models):
    nlp = poisoned(pipeline(models), "raise")
    with pytest.raises(Poison):
        nlp("poison")


def test_a_saved_pipeline_finds_the_same(nlp, tmp_path):
    nlp.to_disk(tmp_path / "saved")
    loaded = spacy.load(tmp_path / "saved")
    assert [found(d) for d in loaded.pipe(TEXTS)] == [found(d) for d in nlp.pipe(TEXTS)]
    counts = loaded(TEXTS[0])._.el4ner["counts"]
    assert counts["demonstrations"] > 0


def test_a_pipeline_in_bytes_finds_the_same(nlp, models):
    other = pipeline(models, labels={}, stages={"verification": False})
    other.from_bytes(nlp.to_bytes())
    assert found(other(TEXTS[1])) == found(nlp(TEXTS[1]))


def test_two_processes_find_the_same(nlp):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads, Python 3.12
        docs = list(nlp.pipe(TEXTS, n_process=2, batch_size=2))
    assert [found(d) for d in docs] == [found(nlp(text)) for text in TEXTS]


def test_a_pickled_pipeline_finds_the_same(nlp):
    copy = pickle.loads(pickle.dumps(nlp.get_pipe("llm_ensemble_ner")))
    doc = copy(nlp.make_doc(TEXTS[1]))
    assert found(doc) == found(nlp(TEXTS[1]))


def test_a_pool_can_come_from_a_corpus_path(models, tmp_path):
    data = tmp_path / "train.jsonl"
    data.write_text(
        '{"text": "Bill paid the bill in Paris.", "entities": [[0, 4, "PERSON"], [22, 27, "GPE"]]}\n'
    )
    nlp = pipeline(models, pool=str(data))
    assert nlp("Ann left Paris.")._.el4ner["counts"]["demonstrations"] > 0


def test_nlp_evaluate_scores_it(nlp):
    scores = nlp.evaluate(gold(nlp))
    assert 0 <= scores["ents_f"] <= 1


def test_an_unknown_verifier_is_refused(models):
    with pytest.raises(ValueError, match=r"EL009.*terse, plain, marked"):
        pipeline(models, verifier="nobody")


def test_a_vote_by_an_unknown_voter_is_refused(models):
    with pytest.raises(ValueError, match=r"EL009.*terse, plain, marked"):
        pipeline(models, vote={"@el4ner_vote_rules": "spacy-el4ner.SingleVote.v1", "voter": "nobody"})


def test_a_document_of_the_pool_is_not_its_own_demonstration(models):
    nlp = pipeline(models, retriever={"@el4ner_retrievers": "spacy-el4ner.FixedDemonstrations.v1"}, k=1)
    data = gold(nlp)
    for number, example in enumerate(data):
        example.reference.user_data["id"] = number
    nlp.initialize(lambda: data)
    traced = nlp.get_pipe("llm_ensemble_ner").trace([example.reference for example in data])
    shown = [[demonstration.id for demonstration in task.demonstrations] for task in traced.tasks]
    assert ["0/0"] not in shown[:1]
    assert ["0/0"] in shown[1:]


def test_types_that_are_not_among_the_labels_are_told(models):
    nlp = pipeline(models, labels={"PERSON": "people"})
    with pytest.warns(UserWarning, match=r"WL006.*GPE"):
        nlp.initialize(lambda: gold(nlp))


def test_an_unknown_policy_is_refused(models):
    with pytest.raises(ValueError, match=r"EL010.*raise, warn, skip"):
        pipeline(models, on_error="shrug")


@pytest.mark.parametrize("sentences", [0, -1])
def test_windows_of_no_sentences_are_refused(models, sentences):
    with pytest.raises(ValueError, match=rf"EL010.*'{sentences}' for 'max_sentences'.*1, 2, 3"):
        pipeline(models, max_sentences=sentences)


def test_a_backend_without_a_voter_around_it_is_refused(models):
    bare = {"one": {"@el4ner_backends": "spacy-el4ner.HFBackend.v1", "model": str(models[0])}}
    with pytest.raises(ValueError, match=r"EL120.*voters\.one.*HFBackend.*@el4ner_voters"):
        pipeline(models, voters=bare)


def test_a_retriever_that_retrieves_nothing_is_refused(models):
    with pytest.raises(ValueError, match=r"EL120.*retriever.*ProbabilityVote.*@el4ner_retrievers"):
        pipeline(models, retriever={"@el4ner_vote_rules": "spacy-el4ner.ProbabilityVote.v1"})


def test_voters_are_freed_after_their_turn_when_asked(models):
    nlp = pipeline(models, keep_loaded=False)
    nlp(TEXTS[0])
    backends = [voter.backend for voter in nlp.get_pipe("llm_ensemble_ner").voters.values()]
    assert all(backend._runner is None for backend in backends)
    assert all(backend.forward_passes > 0 for backend in backends)


def test_documents_without_an_id_that_join_the_pool_get_numbers_of_their_own(models):
    nlp = pipeline(models)
    nlp.initialize(lambda: gold(nlp))
    component = nlp.get_pipe("llm_ensemble_ner")
    zoe = nlp.make_doc("Zoe left Rome.")
    zoe.ents = [zoe.char_span(0, 3, "PERSON")]
    component.add_demonstrations([zoe])
    ids = [entry.demonstration.id for entry in component.pool.entries]
    assert len(set(ids)) == len(ids) == 5
