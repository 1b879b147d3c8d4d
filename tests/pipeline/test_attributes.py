"""What is recorded of spans, where more than one component was there."""

import pytest
from spacy.tokens import Doc, Span

from spacy_el4ner.bulk.files.base import entities
from spacy_el4ner.pipeline import attributes
from spacy_el4ner.pipeline.component import Annotation, write
from spacy_el4ner.pipeline.faults import annotate
from tests.strategies import VOCAB
from tests.test_scorer import make_doc


def test_what_another_component_found_keeps_its_record():
    doc = make_doc([(0, 1, "PERSON"), (2, 3, "GPE")], [0.9, 0.8])
    ann, rome = doc.ents[0], Span(doc, 4, 5, "GPE")
    record = {"confidence": 0.5, "provenance": {}}
    write(doc, Annotation([ann, rome], [rome], [record], {}), "el4ner")
    assert [ent._.confidence for ent in doc.ents] == [0.9, 0.5]
    # Paris is not there any more.
    assert set(doc._.el4ner["spans"]) == {"0:3:PERSON", attributes.key_of(rome)}


@pytest.mark.filterwarnings("ignore:.*WL002")
def test_a_failure_takes_nothing_away():
    doc = make_doc([(0, 1, "PERSON")], [0.9])
    assert doc.vocab is VOCAB

    def fail(docs):
        raise RuntimeError("boom")

    annotate([doc], fail, lambda docs, results: None, "warn")
    assert doc.ents[0]._.confidence == 0.9
    assert doc._.el4ner["error"] == "RuntimeError: boom"


@pytest.fixture
def annotated():
    """A document with two entities, whose confidences are 0.9 and 0.8."""
    doc = make_doc([])
    spans = [Span(doc, 0, 1, "PERSON"), Span(doc, 2, 3, "GPE")]
    records = [{"confidence": sure, "provenance": {"side": "both"}} for sure in (0.9, 0.8)]
    write(doc, Annotation(spans, spans, records, {}), "el4ner")
    return doc


def test_a_part_of_a_document_keeps_the_confidences(annotated):
    part = annotated[2:].as_doc(copy_user_data=True)
    (rome,) = part.ents
    assert (rome.start_char, rome._.confidence, rome._.provenance) == (0, 0.8, None)


@pytest.mark.filterwarnings("ignore:.*W101")
def test_documents_together_keep_the_confidences(annotated):
    both = Doc.from_docs([annotated, annotated])
    assert [ent._.confidence for ent in both.ents] == [0.9, 0.8, 0.9, 0.8]


def test_confidences_survive_bytes(annotated):
    copy = Doc(annotated.vocab).from_bytes(annotated.to_bytes())
    assert [ent._.confidence for ent in copy.ents] == [0.9, 0.8]


def test_spans_that_are_gone_leave_no_confidence(annotated):
    write(annotated, Annotation([], [], [], {}), "el4ner")
    assert Span(annotated, 0, 1, "PERSON")._.confidence is None


@pytest.fixture
def others():
    """The attributes of spans are another package's."""
    for name in ("confidence", "provenance"):
        Span.set_extension(name, default=0.0, force=True)
    yield
    for name in ("confidence", "provenance"):
        Span.remove_extension(name)
    attributes.register()


def test_attributes_of_another_package_are_noticed_and_not_read(annotated, others):
    with pytest.warns(UserWarning, match="WL249") as given:
        attributes.register()
    codes = [str(warning.message)[:30] for warning in given]
    assert all("WL249" in code for code in codes)
    assert len(codes) == 2
    assert [row["confidence"] for row in entities(annotated)] == [0.9, 0.8]


def test_results_are_not_kept_under_another_package_s_attribute():
    Doc.set_extension("el4ner", default=0, force=True)
    try:
        with pytest.raises(ValueError, match="EL311"):
            attributes.register()
    finally:
        Doc.remove_extension("el4ner")
        attributes.register()
