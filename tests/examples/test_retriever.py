import pytest

from tests.tiny import save_compact

SCRIPT = """
    import sys

    import spacy
    from spacy.training import Example

    LABELS = {"PERSON": "people", "GPE": "countries and cities"}
    LABELLED = [
        ("Ann left Oslo.", {"entities": [(0, 3, "PERSON"), (9, 13, "GPE")]}),
        ("It rained in Lima.", {"entities": [(13, 17, "GPE")]}),
    ]
    voter = {
        "@el4ner_voters": "spacy-el4ner.PromptedVoter.v1",
        "template": "compact/terse",
        "backend": {"@el4ner_backends": "spacy-el4ner.HFBackend.v1", "model": sys.argv[1]},
    }
    nlp = spacy.blank("en")
    config = {
        "labels": LABELS,
        "voters": {"one": voter},
        "retriever": {"@el4ner_retrievers": "plugins.WordOverlap.v1"},
        "k": 1,
        "on_error": "raise",
    }
    ensemble = nlp.add_pipe("llm_ensemble_ner", config=config)
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc(t), marks) for t, marks in LABELLED])
    nlp.to_disk("saved")
    for pipeline in (nlp, spacy.load("saved")):
        doc = pipeline.make_doc("Yesterday it rained in Rome.")
        (task,) = pipeline.get_pipe("llm_ensemble_ner").trace([doc]).tasks
        print(task.demonstrations[0].window.text, f"{task.similarities[0]:.2f}")
"""


@pytest.mark.filterwarnings("ignore")
def test_a_retriever_finds_demonstrations_before_and_after_saving(run_script, tmp_path):
    save_compact(tmp_path / "model", 0)
    assert run_script(SCRIPT, tmp_path / "model").splitlines() == ["It rained in Lima. 0.50"] * 2
