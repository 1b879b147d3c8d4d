"""The component `slm_llm_fusion` as spaCy trains it."""

import subprocess
import sys
import warnings

import pytest
from spacy.tokens import Span
from spacy.training import Example

from spacy_el4ner.training.resume import resume_v1
from tests.pipeline.taggers import examples, pipeline, trained

NAME = "slm_llm_fusion"


@pytest.fixture(scope="module")
def nlp():
    return trained()


def ents(doc):
    return [(e.text, e.label_) for e in doc.ents]


def test_it_learns_a_dozen_sentences_by_heart(nlp):
    assert nlp.evaluate(examples(nlp))["ents_f"] == 1.0


def test_it_finds_them_in_raw_text(nlp):
    assert ents(nlp("Bill paid the bill in Paris.")) == [("Bill", "PERSON"), ("Paris", "GPE")]
    assert ("New York City", "GPE") in ents(nlp("Ann Lee met Søren in New York City."))


@pytest.mark.slow
def test_the_factory_is_found_without_importing_the_package_and_its_defaults_work():
    code = (
        "import spacy\n"
        "from spacy.training import Example\n"
        "nlp = spacy.blank('en')\n"
        "nlp.add_pipe('slm_llm_fusion')\n"
        "eg = Example.from_dict(nlp.make_doc('Bill left.'), {'entities': [(0, 4, 'PERSON')]})\n"
        "nlp.initialize(lambda: [eg])\n"
        "losses = nlp.update([eg])\n"
        "assert losses['slm_llm_fusion'] > 0\n"
        "assert nlp('Bill left.')._.el4ner['counts']['windows'] == 1\n"
        "import sys\n"
        "assert 'sentence_transformers' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=300)


def loss_of(nlp, reference):
    example = Example(nlp.make_doc(reference.text), reference)
    component = nlp.get_pipe(NAME)
    scores = component.model.predict([example.predicted])
    return component.get_loss([example], scores)


def test_tokens_without_annotation_have_no_part_in_the_loss(nlp):
    doc = nlp.make_doc("Bill left Paris.")
    loss, gradients = loss_of(nlp, doc)
    assert loss == 0.0
    assert not gradients[0].any()


def test_partly_annotated_documents_count_where_they_are_annotated(nlp):
    doc = nlp.make_doc("Bill left Paris.")
    doc.set_ents([Span(doc, 0, 1, label="GPE")], missing=[doc[2:3]], default="outside")
    loss, gradients = loss_of(nlp, doc)
    assert loss > 1.0
    assert gradients[0][0].any()
    assert not gradients[0][2].any()


def test_entities_that_do_not_fit_the_tokens_are_missing(nlp):
    doc = nlp.make_doc("Billboards left.")
    with pytest.warns(UserWarning, match="W030"):
        example = Example.from_dict(doc, {"entities": [(0, 4, "PERSON")]})
    component = nlp.get_pipe(NAME)
    _, gradients = component.get_loss([example], component.model.predict([doc]))
    assert not gradients[0][0].any()
    assert gradients[0][1].any()


def test_labels_come_from_the_examples_in_the_order_of_the_alphabet(nlp):
    assert nlp.get_pipe(NAME).labels == ("GPE", "ORG", "PERSON")


def test_labels_can_be_given_with_descriptions():
    nlp = pipeline(labels={"PERSON": "people", "GPE": "places", "ORG": "firms"})
    nlp.initialize(lambda: examples(nlp))
    component = nlp.get_pipe(NAME)
    assert component.label_data == {"PERSON": "people", "GPE": "places", "ORG": "firms"}
    again = pipeline()
    again.get_pipe(NAME).initialize(lambda: examples(again), labels=component.label_data)
    assert again.get_pipe(NAME).scheme == component.scheme


def test_labels_can_be_given_in_the_config_of_initialize():
    nlp = pipeline()
    labels = {"PERSON": "people", "ORG": "firms", "GPE": "places"}
    nlp.config["initialize"]["components"] = {NAME: {"labels": labels}}
    nlp.initialize(lambda: examples(nlp))
    assert nlp.get_pipe(NAME).label_data == labels


def test_types_that_are_not_among_the_labels_are_told():
    nlp = pipeline(labels={"PERSON": "people"})
    with pytest.warns(UserWarning, match=r"WL010.*GPE, ORG"):
        nlp.initialize(lambda: examples(nlp))


def test_types_that_are_not_among_the_labels_are_told_once_in_training():
    nlp = trained(steps=1)
    doc = nlp.make_doc("Bill saw the Everest.")
    doc.ents = [Span(doc, 3, 4, "LOC")]
    example = Example(nlp.make_doc(doc.text), doc)
    with pytest.warns(UserWarning, match=r"WL010.*LOC"):
        nlp.update([example])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp.update([example])


def test_a_tagger_that_is_made_cannot_be_given_other_labels():
    nlp = trained(steps=1)
    component = nlp.get_pipe(NAME)
    before = component.labels
    with pytest.raises(ValueError, match=r"EL134.*Train a new one"):
        component.initialize(lambda: examples(nlp), labels=[*before, "LOC"])
    assert component.labels == before
    component.initialize(lambda: examples(nlp), labels=before)


@pytest.mark.filterwarnings("ignore:.*WL010")
@pytest.mark.parametrize("labels", ["GPE LOC ORG PERSON", "GPE ORG", "GPE LOC PERSON"])
def test_a_checkpoint_must_have_the_same_labels(tmp_path, labels):
    trained(steps=1).to_disk(tmp_path)
    nlp = pipeline()
    nlp.get_pipe(NAME).initialize(lambda: examples(nlp), labels=labels.split())
    with pytest.raises(ValueError, match=r"EL135.*GPE, ORG, PERSON"):
        resume_v1(str(tmp_path))(nlp)
    nlp = pipeline(labels={"PERSON": "", "ORG": "", "GPE": ""})
    nlp.initialize(lambda: examples(nlp))
    assert resume_v1(str(tmp_path))(nlp).get_pipe(NAME).labels == ("GPE", "ORG", "PERSON")


def test_a_label_can_be_added_until_the_tagger_is_made():
    nlp = pipeline()
    component = nlp.get_pipe(NAME)
    assert component.add_label("EVENT", "happenings") == 1
    assert component.add_label("EVENT") == 0
    nlp.initialize(lambda: [e for e in examples(nlp) if not e.reference.ents])
    with pytest.raises(ValueError, match=r"EL030.*LOC"):
        component.add_label("LOC")


def test_without_labels_the_error_names_the_remedy():
    nlp = pipeline()
    with pytest.raises(ValueError, match="EL001"):
        nlp.initialize()


def test_an_untrained_tagger_says_so():
    with pytest.raises(ValueError, match="EL031"):
        pipeline()("Bill left.")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"on_error": "shrug"}, "EL010.*on_error"),
        ({"route": "sometimes"}, "EL010.*always, uncertain"),
        ({"max_sentences": 0}, "EL010.*max_sentences"),
        (
            {"retriever": {"@el4ner_retrievers": "spacy-el4ner.SpanSimilarity.v1"}},
            "EL032.*SpanSimilarity",
        ),
        (
            {"retriever": {"@el4ner_vote_rules": "spacy-el4ner.ProbabilityVote.v1"}},
            "EL120.*@el4ner_retrievers",
        ),
        (
            {"llm": {"@el4ner_backends": "spacy-el4ner.HFBackend.v1", "model": "any"}},
            "EL120.*'llm'.*HFBackend.*@el4ner_llms",
        ),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_settings_that_make_no_sense_are_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        pipeline(**setting)
