import pytest

SCRIPT = """
    import spacy

    def names(**names):
        return {"@el4ner_voters": "plugins.NameList.v1", "names": names}

    nlp = spacy.blank("en")
    config = {
        "labels": {"PERSON": "people", "GPE": "countries and cities"},
        "voters": {"one": names(Ann="PERSON", Lima="GPE"), "two": names(Ann="GPE")},
        "vote": {"@el4ner_vote_rules": "plugins.Unanimous.v1"},
        "retriever": {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"},
        "stages": {"verification": False},
        "on_error": "raise",
    }
    nlp.add_pipe("llm_ensemble_ner", config=config)
    nlp.to_disk("saved")
    for pipeline in (nlp, spacy.load("saved")):
        doc = pipeline("Ann saw the sun in Lima.")
        print([(ent.text, ent.label_, round(ent._.confidence, 2)) for ent in doc.ents])
        print([vote["abstained"] for vote in doc.ents[0]._.provenance["votes"]])
"""


@pytest.mark.filterwarnings("ignore")
def test_a_voter_abstains_on_what_it_does_not_know_and_a_rule_wants_agreement(run_script):
    expected = ["[('Lima', 'GPE', 0.9)]", "[False, True]"]
    assert run_script(SCRIPT).splitlines() == expected * 2
