"""Building an index, killed at random moments: the folder is whole or not there."""

import time

import pytest
from spacy.language import Language

from spacy_el4ner.pipeline.saving import save_pipeline
from spacy_el4ner.storage import manifest
from tests.kills import KILLS, Killer, needs_fork
from tests.pipeline.ensembles import gold, pipeline


def build(models, out):
    nlp: Language = pipeline(models, k=1)
    nlp.initialize(lambda: gold(nlp))
    save_pipeline(nlp, out)


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@needs_fork
@pytest.mark.parametrize("there", [False, True])
def test_an_index_that_is_killed_at_any_moment_is_whole_or_not_there(models, tmp_path, there):
    build(models[:1], tmp_path / "warm")  # the first one is slower
    start = time.perf_counter()
    build(models[:1], tmp_path / "whole")
    killer = Killer(time.perf_counter() - start, there)
    whole = contents(tmp_path / "whole")
    for n in range(KILLS):
        out = tmp_path / str(n)
        if there:
            build(models[:1], out)
        killer.kill(build, models[:1], out)
        assert out.exists() or not there
        if out.exists():
            manifest.verify(out)
            assert contents(out) == whole
        build(models[:1], out)
        assert contents(out) == whole
    print(f"killed while going on: {killer.killed} of {KILLS}")
    assert killer.killed
