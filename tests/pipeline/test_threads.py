"""Several threads on one component."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.pipeline.ensembles import found, gold, pipeline
from tests.tiny_tokenizers import TEXTS


@pytest.mark.parametrize("keep_loaded", [True, False])
def test_threads_find_what_one_thread_finds(models, keep_loaded):
    nlp = pipeline(models[:2], stages={"verification": False}, keep_loaded=keep_loaded)
    nlp.initialize(lambda: gold(nlp))
    alone = [found(nlp(text)) for text in TEXTS]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda text: found(nlp(text)), TEXTS)) == alone
