"""Sentences to tune on: drawn by seed, never shown themselves."""

import pytest
from spacy.tokens import Span

from spacy_el4ner.tuning.budget import Budget
from spacy_el4ner.tuning.measuring import Measurer
from spacy_el4ner.tuning.sample import draw, near_misses
from tests.tiny import save_compact
from tests.tuning.pools import labelled, tunable


@pytest.fixture(scope="module")
def nlp(tmp_path_factory):
    return tunable([save_compact(tmp_path_factory.mktemp("model"), 1)])


def sample(nlp, docs=(), limit=100, seed=0):
    return draw(nlp, nlp.get_pipe("llm_ensemble_ner"), docs, limit, seed)


def test_a_draw_depends_on_its_seed_alone(nlp):
    texts = [one.window.text for one in sample(nlp, limit=9)]
    assert texts == [one.window.text for one in sample(nlp, limit=9)]
    assert texts != [one.window.text for one in sample(nlp, limit=9, seed=1)]
    assert len(texts) == 9


def test_no_sentence_is_shown_itself(nlp):
    component = nlp.get_pipe("llm_ensemble_ner")
    drawn = sample(nlp)
    measurer = Measurer(drawn, component.cfg["labels"], Budget(1))
    measurer.retrieve(component.method(), 1.0)
    assert len(measurer.tasks) == len(drawn)
    for task in measurer.tasks:
        assert task.demonstrations
        assert task.window.text not in {d.window.text for d in task.demonstrations}


def test_sentences_of_its_document_are_not_shown_either(tmp_path):
    def with_a_longer_document(nlp):
        doc = nlp.make_doc("Ann met nobody then . Nobody saw Ann here . They left Ann there .")
        names = [token.i for token in doc if token.text == "Ann"]
        doc.ents = [Span(doc, n, n + 1, "PERSON") for n in names]
        doc.user_data["id"] = "longer"
        return [doc, *labelled(nlp)]

    nlp = tunable([save_compact(tmp_path, 1)], docs=with_a_longer_document)
    siblings = {"longer/0", "longer/1", "longer/2"}
    assert sum(one.own == siblings for one in sample(nlp)) == 3


def test_near_misses_are_wrong(nlp):
    for one in sample(nlp):
        missed = near_misses(one)
        assert len(missed) == len(one.gold)
        assert not missed & set(one.gold)
