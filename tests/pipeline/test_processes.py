"""nlp.pipe() with several processes in fresh interpreters, and with a GPU set."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from spacy_el4ner.pipeline.checks import check_process
from tests.pipeline import taggers
from tests.pipeline.ensembles import blocks, gold, pipeline

pytestmark = pytest.mark.slow

TEXTS = ["Bill left Paris.", "Ann met Bill.", "Who saw Ann in Oslo?"]
PROGRAM = """
import json, multiprocessing, sys
import spacy

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    nlp = spacy.load(sys.argv[2])
    docs = nlp.pipe(sys.argv[3:], n_process=2, batch_size=2)
    print(json.dumps([[[s.start, s.end, s.label_] for s in doc.spans["el4ner"]] for doc in docs]))
"""


def spans(docs):
    return [[[s.start, s.end, s.label_] for s in doc.spans["el4ner"]] for doc in docs]


def spawned(folder) -> list[list[list]]:
    """What two processes in fresh interpreters find in a saved pipeline."""
    program = folder.parent / "program.py"
    program.write_text(PROGRAM, encoding="utf8")
    done = subprocess.run(
        [sys.executable, str(program), "spawn", str(folder), *TEXTS],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_processes_that_begin_anew_find_what_one_finds(models, tmp_path):
    """Forked ones are tested beside each component."""
    nlp = pipeline(models[:1], stages={"verification": False}, k=1)
    nlp.initialize(lambda: gold(nlp))
    nlp.to_disk(tmp_path / "pipeline")
    expected = spans(nlp.pipe(TEXTS))
    assert any(expected)
    assert spawned(tmp_path / "pipeline") == expected


def test_a_fusion_finds_the_same_in_processes_that_begin_anew(models, tmp_path):
    backend = {"@el4ner_backends": "spacy-el4ner.HFBackend.v1", "model": str(models[0])}
    llm = {"@el4ner_llms": "spacy-el4ner.TaggingLLM.v1", "backend": backend, "template": "compact"}
    nlp = taggers.trained(llm=llm, rule="paper")
    nlp.to_disk(tmp_path / "pipeline")
    docs = list(nlp.pipe(TEXTS))
    assert all(doc._.el4ner["counts"]["asked"] for doc in docs)
    expected = spans(docs)
    assert any(expected)
    assert spawned(tmp_path / "pipeline") == expected


def test_a_gpu_is_not_shared_by_processes(models):
    nlp = pipeline(models, voters=blocks(models[:1], device="cuda"), on_error="skip")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads, Python 3.12
        with pytest.raises(ValueError, match=r"(?s)EL119.*n_process=1"):
            list(nlp.pipe(TEXTS, n_process=2, batch_size=1))


def test_one_process_may_use_it():
    class OnGPU:
        place = "cuda:0"

    check_process([OnGPU()])
