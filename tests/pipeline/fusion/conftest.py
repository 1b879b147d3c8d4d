import pytest

from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.rules.paper import PaperRule
from spacy_el4ner.fusion.rules.registered import find_rule
from spacy_el4ner.retrieval.pool import Pool
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from tests.pipeline.taggers import (
    NAME,
    SENTENCES,
    Letters,
    annotated,
    trained,
)


@pytest.fixture(scope="module")
def nlp():
    return trained()


@pytest.fixture
def fused(nlp):
    """The trained pipeline with a language model, which is taken away again."""
    component = nlp.get_pipe(NAME)

    def use(llm, rule="paper", **cfg):
        component.llm, component.rule = llm, find_rule(rule)[1]
        component.cfg.update(cfg)
        return nlp

    kept = dict(component.cfg)
    yield use
    component.llm = None
    component.cfg, component.rule = kept, PaperRule()
    component.calibration = Calibration()
    component.pool = Pool()


@pytest.fixture
def with_pool(fused):
    def use(llm, **cfg):
        nlp = fused(llm, **cfg)
        component = nlp.get_pipe(NAME)
        component.retriever = SentenceSimilarity(Letters())
        docs = [annotated(nlp.vocab, line) for line in SENTENCES.splitlines()]
        for n, doc in enumerate(docs):
            doc.user_data["id"] = f"d{n}"
        component.set_pool(docs)
        return nlp, docs

    return use
