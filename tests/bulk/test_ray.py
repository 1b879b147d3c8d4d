"""The same over Ray Data, on two actors of this machine."""

import sys

import pytest

from spacy_el4ner.bulk.engines.local import in_this_process
from spacy_el4ner.bulk.engines.ray import on_ray
from spacy_el4ner.bulk.pipeline import silent
from spacy_el4ner.bulk.worker import AnnotationJob
from tests.bulk.inputs import write_jsonl


def test_without_ray_the_error_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"EL069.*spacy-el4ner\[ray\]"):
        next(on_ray(AnnotationJob("any", tmp_path, ".jsonl"), [0], silent, 1))


@pytest.mark.filterwarnings("ignore:`use_.*:DeprecationWarning:ray.data.context")  # its own settings
def test_two_actors_make_the_same_shards_once_each(ruler, tmp_path):
    ray = pytest.importorskip("ray", reason="needs the extra 'ray'")
    job = AnnotationJob(
        str(ruler), write_jsonl(tmp_path / "in.jsonl"), ".jsonl", shard_size=4, max_length=500
    )
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        told = []
        parts = list(on_ray(job, range(8), told.append, workers=2))
    finally:
        ray.shutdown()
    assert sorted(parts, key=lambda part: part.number) == list(in_this_process(job, range(8), silent))
    assert sum(told) == 30
