"""A committee of spaCy taggers."""

import pytest
from spacy.training import Example

from spacy_el4ner.corpora import unannotated
from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.evaluation.committee import Committee
from spacy_el4ner.pipeline.attributes import records
from spacy_el4ner.retrieval.encoders import SentenceTransformerEncoder
from spacy_el4ner.review.choice import choose_documents
from tests.html_report.documents import doc

GOLD = [doc(f"{name} Lee left.", (f"{name} Lee", "PERSON")) for name in ("Ann", "Bill", "Carl", "Dora")]


@pytest.fixture(scope="module")
def nlp():
    return Committee(members=2, updates=40)([Example(unannotated(one), one) for one in GOLD])


def test_its_members_vote_on_what_they_learnt(nlp):
    found = nlp("Ann Lee left.")
    assert [(ent.text, ent.label_) for ent in found.ents] == [("Ann Lee", "PERSON")]
    (record,) = records(found).values()
    assert [vote["label"] for vote in record["provenance"]["votes"]] == ["PERSON", "PERSON"]


def test_review_can_choose_among_what_it_annotated(nlp):
    docs = list(nlp.pipe(["Ann Lee left.", "Bill Lee left."]))
    assert len(choose_documents(docs, nlp=nlp)) == 2


def test_it_needs_an_entity_to_learn():
    with pytest.raises(EL4NERValueError, match="EL376"):
        Committee()([Example(doc("Rain fell."), doc("Rain fell."))])


def test_its_retriever_has_the_encoder():
    encoder = SentenceTransformerEncoder("mine")
    made = Committee(members=1, updates=1, encoder=encoder)([Example(unannotated(GOLD[0]), GOLD[0])])
    assert made.get_pipe("llm_ensemble_ner").retriever.encoder is encoder
