"""Confident entities are kept; of the tokens of others nothing is known."""

import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from spacy_el4ner.distillation.silver import confident

WORDS = ["Ann", "Lee", "left", "Bonn", "for", "Oslo"]
PLACES = ((0, 2, "PERSON"), (3, 4, "GPE"), (5, 6, "GPE"))


def annotated(confidences, words=WORDS):
    """A document whose entities have these confidences; None for an entity of another component."""
    doc = Doc(spacy.blank("en").vocab, words=words)
    doc.ents = [Span(doc, start, end, label) for start, end, label in PLACES[: len(confidences)]]
    spans = {
        f"{ent.start_char}:{ent.end_char}:{ent.label_}": {"confidence": sure, "provenance": {}}
        for ent, sure in zip(doc.ents, confidences, strict=True)
        if sure is not None
    }
    doc.user_data[("._.", "el4ner", None, None)] = {"spans": spans}
    return doc


def test_the_tokens_of_an_uncertain_entity_have_no_annotation():
    silver = confident([annotated([0.9, 0.5, 0.8])], 0.7)
    (doc,) = silver.docs
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Ann Lee", "PERSON"), ("Oslo", "GPE")]
    assert [token.ent_iob_ for token in doc] == ["B", "I", "O", "", "O", "B"]
    assert (silver.entities, silver.uncertain) == (2, 1)


def test_training_skips_these_tokens_also_after_a_file_and_with_other_tokens():
    (doc,) = confident([annotated([0.1, 0.9, 0.9])], 0.7).docs
    nlp = spacy.blank("en")
    (saved,) = DocBin().from_bytes(DocBin(docs=[doc]).to_bytes()).get_docs(nlp.vocab)
    other = Doc(nlp.vocab, words=["An", "n", "Lee", "left", "Bonn", "for", "Oslo"])
    other = Doc(nlp.vocab, words=[t.text for t in other], spaces=[False, *[True] * 6])
    tags = Example(other, saved).get_aligned_ner()
    assert tags == [None, None, None, "O", "U-GPE", "O", "U-GPE"]


def test_entities_of_other_components_are_kept():
    silver = confident([annotated([None, 0.1])], 0.7)
    assert [ent.text for ent in silver.docs[0].ents] == ["Ann Lee"]


def test_documents_that_failed_or_are_empty_are_left_out():
    failed = annotated([])
    failed.user_data["error"] = "a reason"
    assert confident([failed, annotated([], words=[])], 0.7).docs == []


def test_nothing_but_tokens_and_entities_is_kept():
    doc = annotated([0.9])
    doc.user_data["id"] = "a"
    (silver,) = confident([doc], 0.7).docs
    assert silver.user_data == {"id": "a"}


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=3, max_size=3),
    st.floats(0, 1),
)
def test_each_entity_is_kept_or_unknown(confidences, least):
    silver = confident([annotated(confidences)], least)
    (doc,) = silver.docs
    unknown = {token.i for token in doc if not token.ent_iob}
    for (start, end, label), sure in zip(PLACES, confidences, strict=True):
        is_kept = (start, end, label) in {(e.start, e.end, e.label_) for e in doc.ents}
        assert is_kept == (sure is None or sure >= least)
        assert is_kept != ({*range(start, end)} <= unknown)
    assert silver.entities + silver.uncertain == len(PLACES)
