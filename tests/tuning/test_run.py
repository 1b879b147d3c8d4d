"""Tuning from end to end, with tiny models whose answers are noise."""

import json

import pytest
import spacy

from spacy_el4ner.api import save_pipeline, tune
from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.ensemble.cascade import Cascade
from spacy_el4ner.pipeline.tuned import Tuning
from spacy_el4ner.tuning.budget import BLOCK
from spacy_el4ner.tuning.extraction import GAIN
from tests.pipeline.ensembles import blocks
from tests.tiny import save_compact
from tests.tiny_tokenizers import TEXTS
from tests.tuning.pools import labelled, tunable


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return [save_compact(tmp_path_factory.mktemp(f"model{n}"), n) for n in (1, 2)]


def component(nlp):
    return nlp.get_pipe("llm_ensemble_ner")


@pytest.fixture(scope="module")
def tuned(models, tmp_path_factory):
    nlp = tunable(models)
    checkpoint = tmp_path_factory.mktemp("tuned") / "answers.sqlite"
    return nlp, tune(nlp, minutes=5, checkpoint=checkpoint), checkpoint


def test_every_step_is_measured(tuned):
    _, tuning, _ = tuned
    steps = tuning.report["steps"]
    assert {step["name"] for step in steps} >= {
        "offsets",
        "demonstrations",
        "openings",
        "labels",
        "votes",
        "all",
    }
    assert tuning.report["sentences"] == 24
    assert {step["voter"] for step in steps} == {"terse", "plain", ""}
    assert all(0 <= step[side] <= 1 for step in steps for side in ("with", "without") if step[side])
    json.dumps(steps, allow_nan=False)


def test_the_choices_are_applied_and_saved(tuned, tmp_path):
    nlp, tuning, _ = tuned
    assert component(nlp).tuning == tuning
    save_pipeline(nlp, tmp_path / "pipeline")
    loaded = spacy.load(tmp_path / "pipeline")
    assert component(loaded).tuning == tuning
    for name, voter in component(loaded).voters.items():
        assert voter.calibration == tuning.voters[name]
    assert [e.text for e in loaded(TEXTS[0]).ents] == [e.text for e in nlp(TEXTS[0]).ents]


def test_the_pool_is_the_worse_for_no_choice(tuned):
    """With offsets each voter starts mentions at the right places at least as often as without."""
    for step in tuned[1].report["steps"]:
        if step["name"] == "offsets" and step["choice"].startswith("offset"):
            assert step["with"] > step["without"]


def test_a_second_run_asks_no_model(tuned, models):
    _, tuning, checkpoint = tuned
    nlp = tunable(models)
    before = [voter.backend.forward_passes for voter in component(nlp).voters.values()]
    assert tune(nlp, minutes=5, checkpoint=checkpoint) == tuning
    assert [v.backend.forward_passes for v in component(nlp).voters.values()] == before


def test_demonstrations_of_a_list_are_judged_by_what_is_listed(models):
    lists = blocks(models[:1])
    lists["terse"]["format"] = {"@el4ner_formats": "spacy-el4ner.SpanList.v1"}
    steps = tune(tunable(models[:1], voters=lists), minutes=5).report["steps"]
    (step,) = (step for step in steps if step["name"] == "demonstrations")
    assert step["measure"] == "F1 of spans"
    assert step["choice"] == ("shown" if step["with"] > step["without"] + GAIN else "not shown")


def test_an_earlier_cascade_changes_no_choice(tuned, models):
    _, tuning, checkpoint = tuned
    nlp = tunable(models)
    never = Weights(-100.0, {})  # the second voter is never asked
    component(nlp).apply(Tuning(cascade=Cascade(("terse",), (never,), 0.5)))
    assert tune(nlp, minutes=5, checkpoint=checkpoint) == tuning
    assert tuning.cascade is None


def test_the_voter_that_alone_decides_is_never_left_out(models):
    """The models answer with noise, so that tuning would leave out either of them."""
    for voter in ("terse", "plain"):
        vote = {"@el4ner_vote_rules": "spacy-el4ner.SingleVote.v1", "voter": voter}
        assert voter not in tune(tunable(models, vote=vote), minutes=0).left_out


def test_the_budget_limits_how_many_sentences_are_measured(models):
    nlp, shown = tunable(models), []
    tuning = tune(nlp, minutes=0, show=lambda *progress: shown.append(progress))
    assert tuning.report["sentences"] == BLOCK
    assert ("terse: decisions", BLOCK, BLOCK) in shown


def test_a_tiny_pool_changes_nothing(models):
    nlp = tunable(models, docs=lambda nlp: labelled(nlp)[:4])
    tuning = tune(nlp)
    assert (tuning.voters, tuning.left_out, tuning.verification) == ({}, (), True)
    assert "too few" in tuning.report["steps"][0]["choice"]


@pytest.mark.parametrize("entities", [18, 2])
def test_one_voter_and_hardly_a_wrong_or_a_right_sentence(models, entities):
    """All sentences have an entity, or hardly any has."""

    def docs(nlp):
        all_ = labelled(nlp)
        named, others = ([d for d in all_ if bool(d.ents) is some] for some in (True, False))
        return named if entities > 2 else [*named[:entities], *(others * 4)[:10]]

    nlp = tunable(models[:1], docs=docs)
    tuning = tune(nlp)
    assert tuning.left_out == ()
    assert not any(step["name"] == "votes" for step in tuning.report["steps"])
    if entities == 2:
        assert tuning.voters["terse"].offsets == {}
        assert tuning.voters["terse"].priors == {}


def test_development_documents_come_first(models):
    nlp = tunable(models)
    dev = [nlp.make_doc(f"Nobody met Ann {n} times .") for n in range(BLOCK)]
    for doc in dev:
        doc.ents = [doc.char_span(11, 14, "PERSON")]
    tuning = tune(nlp, dev, minutes=0)
    assert tuning.report["entities"] == BLOCK


def test_the_voters_and_settings_of_the_component_are_left_alone(models):
    nlp = tunable(models)
    component(nlp).apply(Tuning(left_out=("plain",)))
    tuning = tune(nlp, minutes=0)
    assert set(tuning.voters) == {"terse", "plain"}
    assert set(component(nlp).voters) == {"terse", "plain"}


def test_a_verification_switched_off_is_not_measured(models):
    nlp = tunable(models, stages={"verification": False})
    steps = tune(nlp, minutes=0).report["steps"]
    assert not any(step["name"] == "verification" for step in steps)


def test_voters_that_take_no_offsets_are_calibrated_on_labels_alone(models, monkeypatch):
    from spacy_el4ner.backends.hf import HFBackend

    monkeypatch.setattr(HFBackend, "takes_offsets", False)
    nlp = tunable(models[:1])
    with pytest.warns(UserWarning, match="WL240"):
        tuning = tune(nlp, minutes=0)
    assert tuning.voters["terse"].offsets == {}
    assert [s["choice"] for s in tuning.report["steps"] if s["name"] == "offsets"] == [
        "the backend takes no offsets"
    ]


def test_a_vote_rule_that_learns_is_fitted(models):
    nlp = tunable(models, vote={"@el4ner_vote_rules": "spacy-el4ner.ReliabilityVote.v1"})
    tuning = tune(nlp, minutes=0)
    (step, *remarks) = [s for s in tuning.report["steps"] if s["name"] == "reliability"]
    assert step["measure"] == "F1 of the ensemble"
    applied = step["choice"] == "applied"
    assert (set(tuning.vote_rules) == {"reliability"}) is applied
    assert [remark["voter"] for remark in remarks] == (["terse", "plain"] if applied else [])
