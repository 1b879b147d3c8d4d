"""Errors and warnings of a component under each policy: of one document, and of all documents."""

import warnings

import pytest
import spacy

from spacy_el4ner.backends.base import BackendRefused, BackendUnavailable
from spacy_el4ner.errors import EL4NERSetupError
from spacy_el4ner.pipeline import attributes
from spacy_el4ner.pipeline.faults import annotate, errors
from tests.pipeline.ensembles import pipeline

POLICIES = ("raise", "warn", "skip")


@pytest.fixture
def docs():
    attributes.register()
    nlp = spacy.blank("en")
    return [nlp.make_doc(f"Ann met Bill {n} times.") for n in range(4)]


class Component:
    """Predicts the length of each document, except where `raises` gives an error for the batch."""

    def __init__(self, raises=lambda docs: None):
        self.raises = raises
        self.batches = []
        self.written = {}

    def predict(self, docs):
        self.batches.append(len(docs))
        if error := self.raises(docs):
            raise error
        return [len(doc) for doc in docs]

    def write(self, docs, results):
        self.written.update({doc.text: result for doc, result in zip(docs, results, strict=True)})

    def run(self, docs, on_error="skip", name="one"):
        return annotate(docs, self.predict, self.write, on_error, name)


@pytest.mark.parametrize("on_error", POLICIES)
@pytest.mark.parametrize(
    "error",
    [BackendRefused("the key is wrong"), EL4NERSetupError("no such model"), ImportError("no library")],
    ids=lambda error: type(error).__name__,
)
def test_a_pipeline_that_cannot_work_stops_at_once_whatever_the_policy(docs, on_error, error):
    component = Component(lambda docs: error)
    with pytest.raises(type(error), match=str(error)):
        component.run(docs, on_error)
    assert component.batches == [4]


def test_a_server_that_is_down_fails_the_batch_without_asking_for_each_document(docs):
    component = Component(lambda docs: BackendUnavailable("nobody at home"))
    assert component.run(docs) == docs
    assert component.batches == [4]
    assert all("nobody at home" in doc._.el4ner["error"] for doc in docs)


def test_a_document_that_fails_harms_no_other(docs):
    component = Component(lambda batch: ValueError("too odd") if docs[2] in batch else None)
    assert component.run(docs) == docs
    assert list(component.written) == [doc.text for doc in docs if doc is not docs[2]]
    assert [bool(errors(doc)) for doc in docs] == [False, False, True, False]
    assert component.batches == [4, 2, 2, 1, 1]  # those beside it stay together


def test_an_error_while_results_are_written_is_one_of_its_document(docs):
    component = Component()
    write = component.write

    def fail(batch, results):
        if docs[1] in batch:
            raise RuntimeError("no room")
        write(batch, results)

    component.write = fail
    component.run(docs)
    assert len(component.written) == 3
    assert "no room" in docs[1]._.el4ner["error"]


@pytest.mark.parametrize("on_error", ["warn", "skip"])
def test_a_warning_that_is_an_error_fails_no_document(docs, on_error):
    component = Component()
    predict = component.predict

    def warn(batch):
        warnings.warn("mind the gap", stacklevel=1)
        return predict(batch)

    component.predict = warn
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert component.run(docs, on_error) == docs
    assert len(component.written) == 4
    assert not any(errors(doc) for doc in docs)


def test_the_warning_of_a_failed_document_ends_no_stream(docs):
    component = Component(lambda docs: ValueError("too odd"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert component.run(docs, "warn") == docs
    assert all(errors(doc) for doc in docs)


def test_the_errors_of_two_components_are_both_kept(docs):
    Component(lambda docs: ValueError("first")).run(docs[:1], name="one")
    Component(lambda docs: ValueError("second")).run(docs[:1], name="two")
    assert list(errors(docs[0])) == ["one", "two"]
    assert docs[0]._.el4ner["error"] == "ValueError: first; ValueError: second"


@pytest.mark.parametrize("on_error", POLICIES)
def test_a_model_that_cannot_be_loaded_stops_the_stream(on_error, tmp_path):
    nlp = pipeline([tmp_path / "nowhere"], on_error=on_error)
    with pytest.raises(EL4NERSetupError, match=r"EL006|EL114"):
        list(nlp.pipe(["Ann left.", "Bill left."]))


@pytest.mark.parametrize("on_error", POLICIES)
def test_a_component_without_labels_stops_the_stream(on_error):
    nlp = pipeline(["some/model"], labels={}, on_error=on_error)
    with pytest.raises(EL4NERSetupError, match="EL001"):
        nlp("Ann left.")
