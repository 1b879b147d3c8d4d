import json
import shutil
import time
from dataclasses import replace

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_el4ner.bulk.engines.local import in_this_process
from spacy_el4ner.bulk.manifest import pipeline_fingerprint
from spacy_el4ner.bulk.parts import Parts
from spacy_el4ner.bulk.pipeline import silent
from spacy_el4ner.bulk.run import BulkRun, Share
from spacy_el4ner.bulk.worker import AnnotationJob
from tests.bulk.inputs import BAD, read_jsonl, save_ruler, write_jsonl
from tests.kills import KILLS, Killer, needs_fork


def make_job(ruler, folder, suffix=".jsonl", **settings):
    source = folder / "in.jsonl"
    if not source.is_file():
        write_jsonl(source)
    return AnnotationJob(str(ruler), source, suffix, **{"shard_size": 4, "max_length": 500, **settings})


def annotate(job, out, share=None, engine=in_this_process, keep=False, **settings):
    run = BulkRun(job, out, **settings)
    if not run.complete:
        run.annotate(engine, run.todo(share or Share()), silent)
    return run.finish(keep)


def everything(folder):
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and path.name != "in.jsonl"
    }


def save_docs(folder):
    folder.mkdir()
    nlp = spacy.blank("en")
    DocBin(docs=[nlp("Ann met Bill.")]).to_disk(folder / "a.spacy")
    return folder


def fresh(tmp_path, name):
    """A folder with the same input."""
    (tmp_path / name).mkdir()
    write_jsonl(tmp_path / name / "in.jsonl")
    return tmp_path / name


def test_a_run_leaves_output_failures_and_manifest(ruler, tmp_path):
    summary = annotate(make_job(ruler, tmp_path), tmp_path / "out.jsonl")
    assert (summary.documents, summary.failed, summary.missing) == (30, len(BAD), 0)
    assert set(everything(tmp_path)) == {
        "out.jsonl",
        "out.jsonl.failed.jsonl",
        "out.jsonl.manifest.json",
    }
    assert not Parts(tmp_path / "out.jsonl").folder.exists()
    assert [r["id"] for r in read_jsonl(tmp_path / "out.jsonl")][:3] == ["d1", "d2", "d3"]
    assert [r["line"] for r in read_jsonl(tmp_path / "out.jsonl.failed.jsonl")] == list(BAD)


def test_shards_do_not_show_in_the_output(ruler, tmp_path):
    one, many = fresh(tmp_path, "one"), fresh(tmp_path, "many")
    annotate(make_job(ruler, one, shard_size=1000), one / "out.jsonl")
    annotate(make_job(ruler, many, shard_size=1), many / "out.jsonl")
    assert (one / "out.jsonl").read_bytes() == (many / "out.jsonl").read_bytes()
    assert (one / "out.jsonl.failed.jsonl").read_bytes() == (
        many / "out.jsonl.failed.jsonl"
    ).read_bytes()


@needs_fork
@pytest.mark.parametrize("suffix", [".jsonl", ".spacy"])
@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_ends_in_the_same_bytes(ruler, tmp_path, suffix):
    whole = fresh(tmp_path, "whole")
    # The first run of a process is slower.
    annotate(make_job(ruler, fresh(tmp_path, "warm"), suffix), tmp_path / "warm" / f"out{suffix}")
    start = time.perf_counter()
    annotate(make_job(ruler, whole, suffix), whole / f"out{suffix}")
    killer = Killer(time.perf_counter() - start, suffix)
    for n in range(KILLS):
        folder = fresh(tmp_path, str(n))
        job, out = make_job(ruler, folder, suffix), folder / f"out{suffix}"
        killer.kill(annotate, job, out)
        killer.kill(annotate, job, out)
        annotate(job, out)
        assert everything(folder) == everything(whole)
        assert not Parts(out).folder.exists()
    print(f"killed while going on: {killer.killed} of {2 * KILLS}")
    assert killer.killed


def test_a_run_that_stopped_after_its_merge_notes_the_result(ruler, tmp_path, monkeypatch):
    whole, folder = fresh(tmp_path, "whole"), fresh(tmp_path, "stopped")
    annotate(make_job(ruler, whole), whole / "out.jsonl")
    job, out = make_job(ruler, folder), folder / "out.jsonl"
    with monkeypatch.context() as stopped:
        stopped.setattr(BulkRun, "summarized", lambda run: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            annotate(job, out)
    annotate(job, out)
    assert everything(folder) == everything(whole)


def test_finished_shards_are_not_annotated_again(ruler, tmp_path):
    job, out = make_job(ruler, tmp_path), tmp_path / "out.jsonl"
    run = BulkRun(job, out)
    run.annotate(in_this_process, [0, 3, 5], silent)
    assert BulkRun(job, out).todo(Share()) == [1, 2, 4, 6, 7]


def test_a_finished_run_does_nothing_more(ruler, tmp_path):
    job, out = make_job(ruler, tmp_path), tmp_path / "out.jsonl"
    first = annotate(job, out)
    before = out.stat()
    assert annotate(job, out, engine=None) == first
    assert out.stat().st_mtime_ns == before.st_mtime_ns


def test_two_shares_make_one_run(ruler, tmp_path):
    whole, shared = fresh(tmp_path, "whole"), fresh(tmp_path, "shared")
    annotate(make_job(ruler, whole), whole / "out.jsonl")
    job, out = make_job(ruler, shared), shared / "out.jsonl"
    assert annotate(job, out, Share(1, 2)).missing == 4
    assert not out.exists()
    with pytest.raises(ValueError, match=r"EL066.*4 of 8 shards.*0, 1, 2, 3"):
        BulkRun(job, out).finish(must=True)
    assert annotate(job, out, Share(0, 2)).missing == 0
    assert everything(shared) == everything(whole)


def test_parts_stay_when_asked(ruler, tmp_path):
    out = tmp_path / "out.jsonl"
    annotate(make_job(ruler, tmp_path), out, keep=True)
    parts = sorted(Parts(out).folder.glob("??????.jsonl"))
    assert b"".join(part.read_bytes() for part in parts) == out.read_bytes()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("input", "input was"),
        ("pipeline", "pipeline was"),
        ("shard_size", "shard_size was 4, is 5"),
        ("batch_size", "batch_size was 128, is 2"),
        ("keep_ents", "keep_ents was False, is True"),
    ],
)
def test_a_run_on_something_else_is_refused(ruler, tmp_path, change, named):
    job, out = make_job(ruler, tmp_path), tmp_path / "out.jsonl"
    BulkRun(job, out).annotate(in_this_process, [0], silent)
    if change == "input":
        write_jsonl(job.source, 29)
    elif change == "pipeline":
        other = save_ruler(tmp_path / "other", overwrite_ents=True)
        job = make_job(other, tmp_path)
    else:
        job = make_job(
            ruler, tmp_path, **{change: {"shard_size": 5, "batch_size": 2, "keep_ents": True}[change]}
        )
    with pytest.raises(ValueError, match=rf"EL064.*{named}.*--overwrite"):
        BulkRun(job, out)
    assert annotate(job, out, overwrite=True).missing == 0


def test_settings_that_nothing_was_made_with_do_not_bind(ruler, tmp_path):
    out = tmp_path / "out.jsonl"
    BulkRun(make_job(ruler, tmp_path, batch_size=2), out)
    assert annotate(make_job(ruler, tmp_path), out).missing == 0


def test_a_run_whose_output_another_has_taken_over_writes_nothing(ruler, tmp_path):
    out = tmp_path / "out.jsonl"
    first = BulkRun(make_job(ruler, tmp_path, batch_size=2), out)
    BulkRun(make_job(ruler, tmp_path), out)
    with pytest.raises(ValueError, match="EL064"):
        first.annotate(in_this_process, [0], silent)
    assert not first.parts.done()


def test_a_copy_of_the_pipeline_is_the_same_pipeline(ruler, tmp_path):
    job, out = make_job(ruler, tmp_path), tmp_path / "out.jsonl"
    BulkRun(job, out)
    shutil.copytree(ruler, tmp_path / "copy")
    BulkRun(make_job(tmp_path / "copy", tmp_path), out)


@pytest.mark.parametrize(
    ("named", "file"),
    [
        ("model", "model/config.json"),
        ("ruler", "ruler/config.cfg"),
        ("model.gguf", "model.gguf"),
        ("names.jsonl", "names.jsonl"),
        ("words", "words/system.jinja"),
    ],
)
def test_a_model_that_the_pipeline_names_is_part_of_it(tmp_path, named, file):
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("{}")
    nlp = spacy.blank("en")
    nlp.config["paths"]["train"] = str(tmp_path / named)
    nlp.to_disk(tmp_path / "pipeline")
    before = pipeline_fingerprint(str(tmp_path / "pipeline"))
    assert pipeline_fingerprint(str(tmp_path / "pipeline")) == before
    path.write_text("{} ")
    assert pipeline_fingerprint(str(tmp_path / "pipeline")) != before


def test_a_file_that_something_else_wrote_is_left_alone(ruler, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("mine")
    with pytest.raises(ValueError, match=r"EL065.*--overwrite"):
        BulkRun(make_job(ruler, tmp_path), out)
    assert out.read_text() == "mine"
    annotate(make_job(ruler, tmp_path), out, overwrite=True)
    assert len(read_jsonl(out)) == 28


def test_an_input_without_texts_is_refused_before_anything_is_written(ruler, tmp_path):
    (tmp_path / "in.jsonl").write_text(json.dumps({"body": "Paris"}) + "\n")
    with pytest.raises(ValueError, match=r"EL063.*'body'.*--text-key"):
        BulkRun(make_job(ruler, tmp_path), tmp_path / "out.jsonl")
    assert not everything(tmp_path)


def test_an_empty_input_is_refused(ruler, tmp_path):
    (tmp_path / "in.jsonl").write_text("\n")
    with pytest.raises(ValueError, match=r"EL063.*empty"):
        BulkRun(make_job(ruler, tmp_path), tmp_path / "out.jsonl")


def test_no_pipeline_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"EL070.*nowhere"):
        BulkRun(make_job("nowhere", tmp_path), tmp_path / "out.jsonl")


@pytest.mark.parametrize("text", ["1", "2/2", "a/b", "-1/2", "1/", "/2", "0/0"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(ValueError, match="EL072"):
        Share.parse(text)


def test_a_merge_that_another_process_was_quicker_with_is_fine(ruler, tmp_path):
    job, out = make_job(ruler, tmp_path), tmp_path / "out.jsonl"
    run = BulkRun(job, out)
    run.annotate(in_this_process, run.todo(Share()), silent)
    annotate(job, out)
    expected = everything(tmp_path)
    run.parts.merge(run.shards, run.output)
    assert everything(tmp_path) == expected


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.failed.jsonl"])
def test_an_input_that_the_output_would_replace_is_refused_and_stays(ruler, tmp_path, name):
    source = write_jsonl(tmp_path / name)
    before = source.read_bytes()
    with pytest.raises(ValueError, match="EL121"):
        BulkRun(AnnotationJob(str(ruler), source, ".jsonl"), tmp_path / "out.jsonl", overwrite=True)
    assert source.read_bytes() == before


def test_an_output_inside_of_the_input_is_refused(ruler, tmp_path):
    folder = save_docs(tmp_path / "docs")
    with pytest.raises(ValueError, match="EL121"):
        BulkRun(AnnotationJob(str(ruler), folder, ".spacy"), folder / "out.spacy")


@pytest.mark.parametrize("broken", ["pipeline", "source"])
def test_what_is_there_stays_while_nothing_can_take_its_place(ruler, tmp_path, broken):
    job, out = make_job(ruler, tmp_path), tmp_path / "out.jsonl"
    annotate(job, out)
    before = everything(tmp_path)
    wrong = {"pipeline": "nowhere", "source": tmp_path / "nowhere.jsonl"}[broken]
    with pytest.raises(ValueError, match="nowhere"):
        BulkRun(replace(job, **{broken: wrong}), out, overwrite=True)
    assert everything(tmp_path) == before


def test_outputs_of_one_name_keep_their_failures_apart(ruler, tmp_path):
    annotate(make_job(ruler, tmp_path), tmp_path / "out.jsonl")
    whole = write_jsonl(tmp_path / "whole.jsonl", bad={})
    annotate(AnnotationJob(str(ruler), whole, ".spacy"), tmp_path / "out.spacy")
    assert len(read_jsonl(tmp_path / "out.jsonl.failed.jsonl")) == len(BAD)


def test_a_run_that_a_gpu_began_does_not_go_on_without(ruler, tmp_path):
    job, out = make_job(ruler, tmp_path), tmp_path / "out.jsonl"

    def on_gpu(job, numbers, tell):
        return in_this_process(replace(job, gpu_id=-1), numbers, tell)

    BulkRun(replace(job, gpu_id=0), out).annotate(on_gpu, [0], silent)
    with pytest.raises(ValueError, match=r"EL064.*gpu was True, is False"):
        BulkRun(job, out)


def test_an_input_that_grows_while_it_is_read_is_noticed(ruler, tmp_path):
    job = make_job(ruler, tmp_path, shard_size=10)

    def growing(job, numbers, tell):
        for part in in_this_process(job, numbers, tell):
            with job.source.open("a") as file:
                file.write('{"text": "Ann Lee left."}\n')
            yield part

    run = BulkRun(job, tmp_path / "out.jsonl")
    with pytest.raises(ValueError, match=r"EL231.*in\.jsonl.*--overwrite"):
        run.annotate(growing, run.todo(Share()), silent)
    assert not run.parts.done()
