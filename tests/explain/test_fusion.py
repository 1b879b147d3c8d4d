"""A trained tagger and a language model that says what it is told to, explained."""

import json
import math
from dataclasses import asdict

import pytest
from spacy.language import Language
from spacy.tokens import Span

from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.explain.page import page
from spacy_el4ner.explain.structure import explain
from spacy_el4ner.explain.terminal import terminal
from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.readings import LLMReading
from spacy_el4ner.fusion.routing import uncertainty
from spacy_el4ner.fusion.rules.registered import find_rule
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from tests.html import parsed
from tests.pipeline.taggers import SENTENCES, Letters, Scripted, annotated, trained

NAME = "slm_llm_fusion"
TEXT = "Bill paid the bill in Paris. Quux left <b> Zanzibar </b> & Oslo."
SAID = {"Bill paid": "ORG", "Paris": "ORG", "Zanzibar": "GPE", "Oslo": "GPE"}


@pytest.fixture(scope="module")
def nlp():
    return trained()


@pytest.fixture
def explained(nlp):
    """Explains a text, with a language model that is asked only for this."""
    component = nlp.get_pipe(NAME)
    kept = dict(component.cfg), component.retriever, component.rule

    def use(llm=None, text=TEXT, calibration=None, rule="paper", **cfg):
        component.rule = find_rule(rule)[1]
        component.llm = Scripted(SAID, sure=0.9) if llm is None else llm
        component.calibration = calibration or Calibration()
        component.retriever = SentenceSimilarity(Letters())
        component.set_pool(annotated(nlp.vocab, line) for line in SENTENCES.splitlines())
        component.cfg.update(k=2, **cfg)
        return explain(nlp, component, text)

    yield use
    component.llm, component.calibration = None, Calibration()
    component.cfg, component.retriever, component.rule = kept


def places(data):
    return [place for window in data["windows"] for place in window["disagreements"]]


def words(text):
    return " ".join(text.split())


def test_it_explains_what_the_pipeline_does(nlp, explained):
    data = explained()
    doc = nlp(TEXT)
    assert [(e.start_char, e.end_char, e.label_, e._.confidence) for e in doc.ents] == [
        (e["start"], e["end"], e["label"], e["confidence"]) for e in data["entities"]
    ]
    assert data["counts"] == doc._.el4ner["counts"]
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["method"] == NAME


def test_both_models_entities_come_with_how_sure_they_are(explained):
    first, second = explained()["windows"]
    assert [(e["text"], e["label"]) for e in first["slm"]] == [("Bill", "PERSON"), ("Paris", "GPE")]
    assert all(0.5 < e["probability"] <= 1 and e["entropy"] > 0 for e in first["slm"])
    assert [(e["text"], e["label"]) for e in second["llm"]] == [("Zanzibar", "GPE"), ("Oslo", "GPE")]
    assert all(e["category"] == e["boundary"] == 0.9 for e in second["llm"])
    assert first["uncertainty"] >= max(e["entropy"] for e in first["slm"])


def test_every_disagreement_has_its_kind_its_scores_and_a_winner(explained):
    data = explained(rule="paper")
    kinds = {place["text"]: place["kind"] for place in places(data)}
    assert kinds["Bill paid"] == "boundary"
    assert kinds["Paris"] == "category"
    assert len(places(data)) == data["counts"]["disagreements"]
    for place in places(data):
        assert place["scores"]["slm"] == pytest.approx(1 - place["entropy"])
        if place["llm"]:
            assert place["scores"]["llm"] == pytest.approx(0.2 * math.exp(0.9))
        won = place["scores"]["slm"] >= place["scores"]["llm"]
        assert place["winner"] == ("slm" if won else "llm")
    assert "λ·e^P = 0.2·e^0.90 = 0.49" in places(data)[0]["compared"]


def test_a_disagreement_tells_how_often_its_names_were_labelled_so(explained):
    """In the demonstrations "Paris" is a GPE, and never an ORG, as the language model has it."""
    data = explained(rule="paper")
    (place,) = (place for place in places(data) if place["text"] == "Paris")
    times = SENTENCES.count("[GPE Paris]")
    assert place["slm"][0]["seen"] == {"labelled": times, "otherwise": 0}
    assert place["llm"][0]["seen"] == {"labelled": 0, "otherwise": times}
    assert f"labelled so {times} of {times} times" in words(terminal(data))


def test_what_the_rule_decided_against_is_dropped_by_the_other_side(explained):
    data = explained(rule="paper")
    dropped = [c for c in data["candidates"] if not c["outcome"]["kept"]]
    assert {"Bill paid", "Paris"} <= {c["text"] for c in dropped}
    for c in dropped:
        place = next(p for p in places(data) if p["start"] <= c["start"] < p["end"])
        assert c["outcome"]["stage"] == "decision"
        assert c["outcome"]["by"] == [place["winner"]] != [c["side"]]
        assert c["outcome"]["reason"] == place["compared"]
    assert [(c["text"], c["label"]) for c in data["candidates"] if c["outcome"]["kept"]] == [
        (e["text"], e["label"]) for e in data["entities"]
    ]


@pytest.mark.parametrize("rule", ["paper", "scaled", "llm"])
def test_every_rule_says_what_it_compared(explained, rule):
    data = explained(rule=rule)
    assert data["settings"]["rule"] == rule
    assert all(place["compared"] for place in places(data))
    assert data["settings"]["description"] in words(terminal(data))


def learned(explained, *types):
    """What the first place says under a learned rule that was fitted to these types."""
    weights = Weights(0.0, dict.fromkeys(types, 0.0))
    return places(
        explained(rule="learned", calibration=Calibration({"learned": {"weights": asdict(weights)}}))
    )[0]


def test_a_learned_rule_gives_its_probability(explained):
    types = [f"{side}:{label}" for side in ("slm", "llm") for label in ("PERSON", "GPE", "ORG")]
    assert learned(explained, *types)["compared"] == "the tagger is right with probability 0.50 ≥ 0.50"


def test_a_learned_rule_says_nothing_about_types_that_it_was_not_fitted_to(explained):
    place = learned(explained)
    assert place["compared"] == "the rule was not fitted to these labels, so the tagger wins"
    assert place["winner"] == "slm"


def test_demonstrations_are_the_most_similar_ones(explained):
    data = explained()
    first = data["windows"][0]["demonstrations"]
    assert len(first) == 2
    assert first[0]["text"] == "Bill paid the bill in Paris ."
    assert first[0]["similarity"] == pytest.approx(1, abs=1e-3)
    assert [e["text"] for e in first[0]["entities"]] == ["Bill", "Paris"]
    assert all(demonstration["shown"] for demonstration in first)


def test_demonstrations_without_room_are_the_least_similar(explained):
    class Cramped(Scripted):
        def read(self, windows, demonstrations, labels, guesses=()):
            return [LLMReading(copied=(0.5,) * len(w.tokens), dropped=1) for w in windows]

    for window in explained(Cramped())["windows"]:
        assert [demonstration["shown"] for demonstration in window["demonstrations"]] == [True, False]


def test_the_route_says_why_a_sentence_is_asked_about_or_not(nlp, explained):
    component = nlp.get_pipe(NAME)
    doc = nlp.make_doc(TEXT)
    sure, unsure = (
        uncertainty(c.slm) for c in component.method().tagged([doc], component.logits([doc]))
    )
    threshold = (sure + unsure) / 2
    assert sure < unsure
    data = explained(route="uncertain", calibration=Calibration(threshold=threshold))
    first, second = data["windows"]
    assert (first["asked"], second["asked"]) == (False, True)
    assert first["demonstrations"] == first["disagreements"] == first["llm"] == []
    assert first["answer"] is None
    assert first["why"].endswith(f"is not above the threshold of {threshold:.2f}")
    assert second["why"].endswith(f"is above the threshold of {threshold:.2f}")
    assert explained(rule="slm", route="always")["windows"][0]["why"].startswith('by the rule "slm"')


def test_a_tagger_alone_is_explained_too(nlp):
    data = explain(nlp, nlp.get_pipe(NAME), TEXT)
    assert data["models"] == {"slm": NAME, "llm": None}
    assert data["windows"][0]["why"] == "there is no language model"
    assert {c["how"] for c in data["candidates"]} == {"alone"}


def test_a_reading_that_failed_is_told(explained):
    data = explained(Scripted(error="the server is down"))
    assert data["windows"][0]["answer"]["error"] == "the server is down"
    assert "no reading: the server is down" in terminal(data)
    assert "no reading: the server is down" in page(data)


@Language.component("tests_fusion_one_entity")
def one_entity(doc):
    doc.ents = [Span(doc, 0, 2, label="ALL")]
    return doc


def test_an_entity_that_was_there_before_is_named_as_such(nlp):
    nlp.add_pipe("tests_fusion_one_entity", first=True)
    try:
        data = explain(nlp, nlp.get_pipe(NAME), TEXT)
    finally:
        nlp.remove_pipe("tests_fusion_one_entity")
    assert data["models"]["slm"] == f"tests_fusion_one_entity + {NAME}"
    outcome = data["candidates"][0]["outcome"]
    assert outcome["stage"] == "overlaps"
    assert outcome["reason"] == "overlaps “Bill paid” (ALL), which was there before"


def test_the_terminal_and_the_page_say_all_of_it(explained):
    data = explained(rule="paper")
    said, html = terminal(data), page(data)
    checker = parsed(html, {"small"})
    assert not checker.links
    assert "<b>" not in html
    shown = words(checker.text)
    for place in places(data):
        assert place["compared"] in words(said)
        assert place["compared"] in shown
    for candidate in data["candidates"]:
        outcome = candidate["outcome"]
        mark = "✔" if outcome["kept"] else "✘"
        assert f"{mark} {candidate['text']} {candidate['label']}" in words(said)
        assert f"{mark} {candidate['text']} {candidate['label']}" in shown
    assert said.count("1. Tagger") == said.count("6. Result") == len(data["windows"]) == 2
