"""An ensemble made from a file of voters and labelled documents."""

import pytest
import spacy
from spacy.util import Config

from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.pipeline.ensemble_setup import make_ensemble, read_voters
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from tests.pipeline.ensembles import blocks
from tests.pipeline.taggers import SENTENCES, annotated
from tests.tiny import save_compact

RANDOM = {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A file of two voters whose models are in `paths.backbones`, and a retriever."""
    folder = tmp_path_factory.mktemp("voters")
    save_compact(folder / "model", 0)
    voters = blocks(["${paths.backbones}/model"] * 2)
    settings = {"paths": {"backbones": str(folder)}, "retriever": RANDOM, "voters": voters}
    (folder / "voters.cfg").write_text(Config(settings).to_str(interpolate=False), encoding="utf8")
    return folder / "voters.cfg"


@pytest.fixture
def docs():
    vocab = spacy.blank("en").vocab
    return [annotated(vocab, line) for line in SENTENCES.splitlines()]


def models(settings):
    return {block["backend"]["model"] for block in settings["voters"].values()}


def test_the_settings_have_the_variables_of_the_file(file):
    settings = read_voters(file)
    assert set(settings) == {"retriever", "voters"}
    assert models(settings) == {str(file.parent / "model")}


def test_the_folder_of_backbones_can_be_another(file, tmp_path):
    assert models(read_voters(str(file), tmp_path)) == {str(tmp_path / "model")}


def test_the_model_of_adapters_can_be_another(tmp_path):
    file = tmp_path / "voters.cfg"
    settings = {"paths": {"base": "smollm2-135m"}, "voters": blocks(["${paths.base}"])}
    file.write_text(Config(settings).to_str(interpolate=False), encoding="utf8")
    assert models(read_voters(file)) == {"smollm2-135m"}
    assert models(read_voters(file, base="gemma3-270m")) == {"gemma3-270m"}


def test_a_file_can_have_settings_that_are_plain_values(tmp_path):
    file = tmp_path / "voters.cfg"
    settings = {"settings": {"k": 0}, "voters": blocks(["some/model"])}
    file.write_text(Config(settings).to_str(), encoding="utf8")
    assert read_voters(file) | {"voters": {}} == {"k": 0, "voters": {}}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "EL215"),
        ("[voters\n", "EL216"),
        ("[voters]\na = ${no.such}\n", "EL216"),
        ("k = 1", "EL217"),
    ],
)
def test_a_file_that_is_not_one_of_voters_is_named(tmp_path, text, code):
    path = tmp_path / "own.cfg"
    if text is not None:
        path.write_text(text if text.startswith("[") else f"[training]\n{text}\n", encoding="utf8")
    with pytest.raises(EL4NERValueError) as error:
        read_voters(path)
    assert error.value.code == code
    assert str(path) in str(error.value)


def test_the_sentences_of_the_documents_become_demonstrations(file, docs):
    nlp = make_ensemble(file, docs, lang="de", k=3)
    ensemble = find_component(nlp, LLMEnsembleNER)
    assert nlp.lang == "de"
    assert ensemble.cfg["k"] == 3
    assert len(ensemble.pool.entries) == len(docs)
    assert set(ensemble.labels) == {ent.label_ for doc in docs for ent in doc.ents}


def test_without_documents_it_works_zero_shot(file):
    nlp = make_ensemble(file, labels={"PERSON": "", "GPE": ""})
    assert find_component(nlp).pool.entries == []
    assert nlp("Bill left Paris.")._.el4ner["counts"]["windows"] == 1


def test_it_is_saved_with_everything_that_it_was_made_of(file, docs, tmp_path):
    make_ensemble(file, docs, k=1).to_disk(tmp_path)
    ensemble = find_component(spacy.load(tmp_path), LLMEnsembleNER)
    assert ensemble.cfg["k"] == 1
    assert len(ensemble.pool.entries) == len(docs)
