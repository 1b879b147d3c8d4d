import pytest

from spacy_el4ner.explain.structure import explain
from tests.pipeline.ensembles import gold, pipeline
from tests.tiny import save_compact
from tests.tiny_tokenizers import TEXTS


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Folders of three tiny models, of whose proposals every stage drops some."""
    folder = tmp_path_factory.mktemp("models")
    return [save_compact(folder / str(seed), seed) for seed in (6, 7, 8)]


@pytest.fixture(scope="session")
def nlp(models):
    """Their ensemble, with a pool."""
    nlp = pipeline(models)
    nlp.initialize(lambda: gold(nlp))
    return nlp


@pytest.fixture(scope="session")
def explained(nlp):
    """Several texts explained, one of them in two windows with markup in it."""
    component = nlp.get_pipe("llm_ensemble_ner")
    texts = [
        *TEXTS[:3],
        "Ann <script>alert('1 & 2')</script> left Paris. Bill of Acme paid \"the\" bill.",
    ]
    return [explain(nlp, component, text) for text in texts]
