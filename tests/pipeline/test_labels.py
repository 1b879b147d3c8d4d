"""Labels, saved and loaded."""

import json
from functools import partial

import pytest
import spacy
import srsly
from spacy.training import Example
from thinc.api import Config

from spacy_el4ner.storage import manifest
from tests.pipeline import taggers
from tests.pipeline.ensembles import pipeline

ENSEMBLE, FUSION = "llm_ensemble_ner", "slm_llm_fusion"
HARD = {"a:b": "x", "[x]": "y", "#x": "z", "$5": "sums such as $5", "PERSON": "people"}


def ensemble(**labels):
    return pipeline(["some/model"], labels=labels)


def labels(nlp, name=ENSEMBLE):
    return nlp.get_pipe(name).cfg["labels"]


def load(folder, name=ENSEMBLE, **given):
    return spacy.load(folder, config={"components": {name: {"labels": given}}} if given else {})


def edit(folder, old, new):
    path = folder / "config.cfg"
    text = path.read_text(encoding="utf8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf8")


def test_labels_given_on_loading_are_used(tmp_path):
    ensemble(PERSON="people", GPE="").to_disk(tmp_path)
    loaded = load(tmp_path, PERSON="real people", DRUG="medicines")
    assert labels(loaded) == {"PERSON": "real people", "GPE": "", "DRUG": "medicines"}


def test_labels_edited_in_the_config_are_used(tmp_path):
    ensemble(PERSON="people", GPE="places").to_disk(tmp_path)
    edit(tmp_path, 'GPE = "places"', 'EVENT = "events"')
    assert labels(spacy.load(tmp_path)) == {"PERSON": "people", "EVENT": "events"}


def test_labels_given_on_loading_are_saved(tmp_path):
    ensemble(PERSON="people").to_disk(tmp_path / "one")
    load(tmp_path / "one", PERSON="real people").to_disk(tmp_path / "two")
    assert labels(spacy.load(tmp_path / "two")) == {"PERSON": "real people"}


def test_labels_that_no_config_can_hold_come_back_however_often_they_are_saved(tmp_path):
    nlp = ensemble(**HARD)
    for n in range(3):
        folder = tmp_path / str(n)
        nlp.to_disk(folder)
        # As packaging writes the config, which doubles each "$".
        Config().from_disk(folder / "config.cfg", interpolate=False).to_disk(
            folder / "config.cfg", interpolate=False
        )
        nlp = spacy.load(folder)
        assert labels(nlp) == HARD


@pytest.mark.parametrize("hard", [{label: text} for label, text in HARD.items()])
def test_a_label_that_is_hard_to_write_comes_back_alone(tmp_path, hard):
    ensemble(**hard).to_disk(tmp_path)
    assert labels(spacy.load(tmp_path)) == hard


def test_labels_of_the_examples_come_back(tmp_path):
    nlp = ensemble()
    nlp.get_pipe(ENSEMBLE).cfg["labels"] = {"PERSON": "", "GPE": ""}
    nlp.to_disk(tmp_path)
    assert labels(spacy.load(tmp_path)) == {"PERSON": "", "GPE": ""}
    assert labels(load(tmp_path, PERSON="people")) == {"PERSON": "people"}


def test_a_folder_without_the_configs_labels_is_loaded(tmp_path):
    ensemble(PERSON="people").to_disk(tmp_path)
    (tmp_path / ENSEMBLE / manifest.NAME).unlink()
    saved = {"configured": "", "used": "by hand"}
    (tmp_path / ENSEMBLE / "labels").write_bytes(srsly.msgpack_dumps(saved))
    assert labels(spacy.load(tmp_path)) == saved


def about(nlp, label):
    """An example with one entity, of this type."""
    doc = nlp.make_doc("Ann took aspirin.")
    doc.ents = [doc.char_span(9, 16, label)]
    return [Example(nlp.make_doc(doc.text), doc)]


@pytest.mark.parametrize("make", [ensemble, taggers.pipeline])
def test_initializing_again_takes_the_labels_of_the_new_examples(make):
    nlp = make()
    for label in ("DRUG", "MEDICINE"):
        nlp.initialize(partial(about, nlp, label))
        assert nlp.get_pipe(nlp.pipe_names[0]).labels == (label,)


def test_initializing_again_without_entities_leaves_the_labels():
    nlp = ensemble()
    nlp.initialize(partial(about, nlp, "DRUG"))
    with pytest.warns(UserWarning, match="WL003"):
        nlp.initialize()
    assert labels(nlp) == {"DRUG": ""}


@pytest.mark.parametrize("make", [ensemble, lambda **found: taggers.pipeline(labels=found)])
def test_the_labels_of_the_config_are_kept_when_initializing_again(make):
    nlp = make(PERSON="people")
    for label in ("DRUG", "MEDICINE"):
        with pytest.warns(UserWarning, match=label):
            nlp.initialize(partial(about, nlp, label))
        assert nlp.get_pipe(nlp.pipe_names[0]).labels == ("PERSON",)


# Of a tagger


def test_labels_that_were_added_are_kept_when_initializing():
    nlp = taggers.pipeline()
    nlp.get_pipe(FUSION).add_label("PERSON", "people")
    nlp.get_pipe(FUSION).add_label("DRUG")
    nlp.initialize(partial(about, nlp, "DRUG"))
    assert labels(nlp, FUSION) == {"PERSON": "people", "DRUG": ""}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tagger with descriptions, one of which came later than the config."""
    nlp = taggers.trained(steps=1, labels={"PERSON": "people", "GPE": "places", "ORG": "", "a:b": "x"})
    labels(nlp, FUSION)["ORG"] = "firms"
    folder = tmp_path_factory.mktemp("tagger")
    nlp.to_disk(folder)
    return folder


def test_a_taggers_labels_come_back_in_their_order(folder):
    expected = {"PERSON": "people", "GPE": "places", "ORG": "firms", "a:b": "x"}
    assert list(labels(spacy.load(folder), FUSION).items()) == list(expected.items())


def test_what_is_said_of_a_taggers_labels_can_be_changed_on_loading(folder):
    expected = {"PERSON": "people", "GPE": "countries", "ORG": "firms", "a:b": "x"}
    loaded = load(folder, FUSION, GPE="countries")
    assert list(labels(loaded, FUSION).items()) == list(expected.items())


def test_a_label_that_the_tagger_does_not_know_is_refused_on_loading(folder):
    with pytest.raises(ValueError, match=r"EL030.*'DRUG'"):
        load(folder, FUSION, DRUG="medicines")


def test_a_taggers_folder_without_the_configs_labels_is_loaded(tmp_path):
    taggers.trained(steps=1, labels={"PERSON": "people", "GPE": "", "ORG": ""}).to_disk(tmp_path)
    (tmp_path / FUSION / manifest.NAME).unlink()
    saved = {"PERSON": "folk", "GPE": "", "ORG": ""}
    (tmp_path / FUSION / "labels.json").write_text(json.dumps(saved), encoding="utf8")
    assert labels(spacy.load(tmp_path), FUSION) == saved
