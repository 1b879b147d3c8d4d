"""An estimate counts what a few documents take, and extrapolates."""

import json
from dataclasses import replace

import pytest

from spacy_el4ner.bulk.estimate import Estimate, estimate, metered
from spacy_el4ner.bulk.worker import AnnotationJob
from tests.bulk.inputs import BAD, write_jsonl
from tests.pipeline.ensembles import gold, pipeline
from tests.tiny import save_compact
from tests.tiny_tokenizers import TEXTS


@pytest.fixture
def job(ruler, tmp_path):
    return AnnotationJob(str(ruler), write_jsonl(tmp_path / "in.jsonl"), "", max_length=500)


def test_all_documents_of_a_small_input_are_tried(job, tmp_path):
    found = estimate(job)
    assert (found.documents, found.sample, found.failed) == (30, 30, len(BAD))
    assert 0 < found.start < found.seconds
    assert found.requests == found.prompt_tokens == found.answer_tokens == 0
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_sample_comes_from_all_over_the_input(job):
    told = []
    lines = job.source.read_text(encoding="utf8").splitlines()
    kept = {0, 10, 20}
    damaged = [line if n in kept else "this is not JSON" for n, line in enumerate(lines)]
    job.source.write_text("\n".join(damaged), encoding="utf8")
    found = estimate(job, 3, told.append)
    assert (found.documents, found.sample, found.failed) == (30, 3, 1)  # line 21 is too long
    assert sum(told) == 3


def test_a_sample_without_texts_is_refused(job):
    job.source.write_text('{"no": "text"}\n{"text": "Paris"}\n', encoding="utf8")
    with pytest.raises(ValueError, match=r"EL354.*in\.jsonl.*--sample"):
        estimate(job, 1)


def test_requests_and_tokens_grow_with_the_documents(job, tmp_path):
    nlp = pipeline([save_compact(tmp_path / str(seed), seed) for seed in range(2)])
    nlp.initialize(lambda: gold(nlp))
    nlp.to_disk(tmp_path / "pipeline")
    job = replace(job, pipeline=str(tmp_path / "pipeline"))
    job.source.write_text(json.dumps({"text": TEXTS[0]}) + "\n", encoding="utf8")
    one = estimate(job)
    job.source.write_text((json.dumps({"text": TEXTS[0]}) + "\n") * 8, encoding="utf8")
    sampled = estimate(job, 1)
    assert one.requests >= 2  # each voter is asked
    assert one.prompt_tokens > one.answer_tokens > 0
    assert (sampled.documents, sampled.sample) == (8, 1)
    assert sampled.requests == 8 * one.requests
    assert sampled.prompt_tokens == 8 * one.prompt_tokens


def test_counting_leaves_the_voters_what_they_are(tmp_path):
    nlp = pipeline([save_compact(tmp_path / "0", 0)])
    (voter,) = nlp.get_pipe("llm_ensemble_ner").voters.values()
    before = voter.identity
    metered(nlp)
    assert voter.identity == before
    nlp(TEXTS[0])
    once = metered(nlp)
    nlp(TEXTS[1])
    assert once.requests >= 1


def test_the_price_is_that_of_prompts_and_answers():
    found = Estimate(10, 5, 0, 1.0, 2.0, 40, 3_000_000, 500_000)
    assert found.price(0.5, 2) == 2.5
