import pytest

from spacy_el4ner.bulk.worker import AnnotationJob, Worker
from tests.bulk.inputs import save_ruler


@pytest.fixture(scope="session")
def ruler(tmp_path_factory):
    return save_ruler(tmp_path_factory.mktemp("ruler") / "pipeline")


@pytest.fixture
def worker(ruler):
    """Makes a worker on an input; texts may have 500 characters."""

    def make(source, suffix=".jsonl", **settings):
        return Worker(AnnotationJob(str(ruler), source, suffix, **{"max_length": 500, **settings}))

    return make
