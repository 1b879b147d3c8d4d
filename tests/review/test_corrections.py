from pathlib import Path

import pytest

from spacy_el4ner.corpora.documents import LabelledText
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.review.corrections import join, to_docs
from tests.pipeline import ensembles, taggers
from tests.tiny import save_compact
from tests.tiny_tokenizers import TEXTS

FILE = Path("exported.jsonl")
BILL = LabelledText("7", "Bill paid Ann. She left.", ((0, 4, "PERSON"), (10, 13, "PERSON")))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return [save_compact(folder / str(seed), seed) for seed in range(2)]


@pytest.fixture
def nlp(models):
    """An ensemble with a pool."""
    nlp = ensembles.pipeline(models)
    nlp.initialize(lambda: ensembles.gold(nlp))
    return nlp


def take(nlp, *reviewed):
    report = ConversionReport()
    component = find_component(nlp)
    return join(to_docs(reviewed, nlp, report), component, FILE), report


def sentences(nlp):
    entries = find_component(nlp).pool.entries
    return {e.demonstration.window.text: e.demonstration for e in entries}


def test_corrected_documents_become_demonstrations(nlp):
    before = sentences(nlp)
    joined, _ = take(nlp, BILL)
    assert (joined.documents, joined.demonstrations, joined.replaced) == (1, 2, 0)
    after = sentences(nlp)
    assert set(after) == {*before, "Bill paid Ann.", "She left."}
    demonstration = after["Bill paid Ann."]
    assert demonstration.id == "7/0"
    assert [(m.start, m.end, m.label) for m in demonstration.mentions] == list(BILL.entities)


def test_they_are_retrieved(nlp):
    component = find_component(nlp)
    component.cfg["k"] = 99
    take(nlp, BILL)
    shown = component.trace([nlp.make_doc("Ann came.")]).tasks[0].demonstrations
    assert "Bill paid Ann." in {demonstration.window.text for demonstration in shown}


def test_the_same_file_twice_changes_nothing(nlp):
    take(nlp, BILL, LabelledText("", "Rain fell.", ()))
    once = sentences(nlp)
    joined, _ = take(nlp, BILL, LabelledText("", "Rain fell.", ()))
    assert joined.replaced == joined.demonstrations == 3
    assert sentences(nlp) == once


def test_a_later_correction_takes_the_place_of_the_one_before(nlp):
    take(nlp, BILL)
    joined, _ = take(nlp, LabelledText("7", BILL.text, ((0, 4, "ORG"),)))
    assert joined.replaced == 2
    assert [m.label for m in sentences(nlp)["Bill paid Ann."].mentions] == ["ORG"]


def test_a_sentence_of_the_pool_can_be_corrected(nlp):
    size = len(sentences(nlp))
    assert [m.label for m in sentences(nlp)[TEXTS[0]].mentions] == ["PERSON", "GPE"]
    joined, _ = take(nlp, LabelledText("", TEXTS[0], ((22, 27, "GPE"),)))
    assert joined.replaced == 1
    assert [m.label for m in sentences(nlp)[TEXTS[0]].mentions] == ["GPE"]
    assert len(sentences(nlp)) == size


def test_the_name_of_another_document_is_not_taken(nlp):
    """Documents without an id are named by their number, in the pool and in a file to annotate."""
    before = sentences(nlp)
    assert before[TEXTS[1]].id == "1/0"
    for _ in range(2):
        take(nlp, LabelledText("1", "Rain fell.", ()))
        after = sentences(nlp)
        assert after[TEXTS[1]] == before[TEXTS[1]]
        assert (
            len({demonstration.id for demonstration in after.values()}) == len(after) == len(before) + 1
        )


def test_of_several_answers_to_one_text_the_last_counts(nlp):
    joined, _ = take(nlp, BILL, LabelledText("7", BILL.text, ()))
    assert joined.documents == 1
    assert sentences(nlp)["Bill paid Ann."].mentions == ()


def test_what_was_not_accepted_is_left_out_and_counted(nlp):
    skipped = LabelledText("8", "Rain fell.", (), accepted=False)
    joined, report = take(nlp, BILL, skipped)
    assert joined.documents == 1
    assert report.repairs == {"object that its annotator rejected or ignored: skipped": 1}
    assert "Rain fell." not in sentences(nlp)


def test_entities_that_are_not_at_tokens_are_counted(nlp):
    odd = LabelledText("8", "Bills came.", ((0, 4, "PERSON"), (-1, -1, "ORG")))
    _, report = take(nlp, odd)
    assert report.repairs == {
        "entity not at token boundaries: widened to them": 1,
        "entity with offsets outside the text, or empty: skipped": 1,
    }
    assert [(m.start, m.end) for m in sentences(nlp)["Bills came."].mentions] == [(0, 5)]


def test_unknown_labels_are_an_error_that_changes_nothing(nlp):
    before = sentences(nlp)
    with pytest.raises(ValueError, match=r"EL105.*: PER\. Its labels: PERSON, ORG, GPE"):
        take(nlp, BILL, LabelledText("8", "Ann left.", ((0, 3, "PER"),)))
    assert sentences(nlp) == before


def test_nothing_accepted_is_an_error(nlp):
    with pytest.raises(ValueError, match="EL107"):
        take(nlp, LabelledText("8", "Rain fell.", (), accepted=False))


def test_spans_of_new_sentences_are_extracted_where_they_are_compared(models):
    nlp = ensembles.pipeline(models, retriever={"@el4ner_retrievers": "spacy-el4ner.SpanSimilarity.v1"})
    component = find_component(nlp)
    component.retriever.encoder = component.retriever.sentences.encoder = taggers.Letters()
    nlp.initialize(lambda: ensembles.gold(nlp))
    before = list(component.pool.entries)
    take(nlp, BILL)
    assert component.pool.entries[: len(before)] == before
    fresh = nlp.get_pipe("llm_ensemble_ner").method()
    demonstrations = [entry.demonstration for entry in component.pool.entries]
    assert fresh.entries(demonstrations) == component.pool.entries
    assert component.retriever.pool == component.pool.entries


def test_a_fusion_takes_them_too():
    nlp = taggers.trained(steps=1)
    component = nlp.get_pipe("slm_llm_fusion")
    component.llm = taggers.Scripted()
    take(nlp, BILL)
    take(nlp, BILL)
    assert [e.demonstration.id for e in component.pool.entries] == ["7/0", "7/1"]
    component(nlp.make_doc("Ann came."))
    ((_, demonstrations),) = component.llm.calls
    assert set(demonstrations) == {"7/0", "7/1"}
