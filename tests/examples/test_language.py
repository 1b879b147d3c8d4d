import pytest

from tests.tiny import save_compact

SCRIPT = """
    import sys

    import spacy

    from spacy_el4ner.languages import find_language
    from spacy_el4ner.prompts.tagging import TaggingTemplate
    from spacy_el4ner.retrieval.weights import POS_WEIGHTS, span_weight

    voter = {
        "@el4ner_voters": "spacy-el4ner.PromptedVoter.v1",
        "template": "da",
        "backend": {
            "@el4ner_backends": "spacy-el4ner.HFBackend.v1",
            "model": sys.argv[1],
            "context": 4096,
        },
    }
    nlp = spacy.blank("da")
    config = {"labels": {"GPE": "byer"}, "voters": {"one": voter}, "on_error": "raise"}
    nlp.add_pipe("llm_ensemble_ner", config=config)
    doc = nlp("Hun rejste til Aarhus.")
    print(doc._.el4ner["error"] or "read")
    print(TaggingTemplate("da").name, find_language("da").code)
    print(span_weight(doc, 0, 3, POS_WEIGHTS))
"""


@pytest.mark.filterwarnings("ignore")
def test_a_language_brings_its_prompts_and_pronouns(run_script, tmp_path):
    save_compact(tmp_path / "model", 0)
    assert run_script(SCRIPT, tmp_path / "model").splitlines() == ["read", "da da", "1.0"]
