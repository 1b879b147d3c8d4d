import json
import sys
from functools import partial

import pytest

from spacy_el4ner.bulk import run as bulk
from spacy_el4ner.cli import options
from tests.bulk.inputs import BAD, read_jsonl, save_ruler, write_jsonl
from tests.cli.runner import call


@pytest.fixture(scope="module")
def ruler(tmp_path_factory):
    return save_ruler(tmp_path_factory.mktemp("ruler") / "pipeline")


def said(result):
    """What it printed, without line breaks."""
    return " ".join(result.output.split())


annotate = partial(call, "annotate")


def test_it_annotates_and_counts(ruler, tmp_path):
    source = write_jsonl(tmp_path / "in.jsonl", bad={})
    result = annotate(ruler, source, tmp_path / "out.jsonl", "--shard-size", 7)
    assert result.exit_code == 0
    assert "30 documents" in said(result)
    assert len(read_jsonl(tmp_path / "out.jsonl")) == 30


def test_failures_show_in_exit_code_and_message(ruler, tmp_path):
    source = write_jsonl(tmp_path / "in.jsonl")
    arguments = (ruler, source, tmp_path / "out.jsonl", "--max-length", 500)
    for _ in range(2):  # and again where there is nothing more to do
        result = annotate(*arguments)
        assert result.exit_code == 3
        assert f"{len(BAD)} of them failed" in said(result)
        assert "out.jsonl.failed.jsonl" in said(result)


def test_shares_merge_by_themselves_or_when_told(ruler, tmp_path):
    source = write_jsonl(tmp_path / "in.jsonl", bad={})
    common = (ruler, source, tmp_path / "out.jsonl", "--shard-size", 4)
    first = annotate(*common, "--shard", "0/2")
    assert first.exit_code == 0
    assert "4 of 8 shards are not finished yet" in said(first)
    early = annotate(*common, "--merge")
    assert early.exit_code == 1
    assert "EL066" in said(early)
    assert annotate(*common, "--shard", "1/2", "--keep-parts").exit_code == 0
    assert len(read_jsonl(tmp_path / "out.jsonl")) == 30


def test_keys_can_be_named(ruler, tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"body": "Bill left.", "key": "k"}) + "\n")
    result = annotate(ruler, source, tmp_path / "out.jsonl", "--text-key", "body", "--id-key", "key")
    assert result.exit_code == 0
    assert [(r["id"], r["text"]) for r in read_jsonl(tmp_path / "out.jsonl")] == [("k", "Bill left.")]


def test_a_stop_is_told_with_how_to_go_on(ruler, tmp_path, monkeypatch):
    source = write_jsonl(tmp_path / "in.jsonl", bad={})
    common = (ruler, source, tmp_path / "out.jsonl", "--shard-size", 4)
    write = bulk.Parts.write

    def stop_at_three(self, part):
        if part.number == 3:
            raise KeyboardInterrupt
        write(self, part)

    with monkeypatch.context() as patched:
        patched.setattr(bulk.Parts, "write", stop_at_three)
        result = annotate(*common)
    assert result.exit_code == 130
    assert "3 shards are kept; to continue, repeat the command." in said(result)
    again = annotate(*common)
    assert again.exit_code == 0
    assert "12 of 30 documents are done" in said(again)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--shard", "2/2"), "EL072"),
        (("--n-process", "2", "--gpu-id", "0"), "EL067"),
        (("--text-key", "body"), "EL063"),
    ],
)
def test_a_mistake_is_told_without_a_traceback(ruler, tmp_path, options, code):
    source = write_jsonl(tmp_path / "in.jsonl", bad={})
    result = annotate(ruler, source, tmp_path / "out.jsonl", *options)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert code in said(result)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("nowhere", "in.jsonl", "out.jsonl"), "EL070"),
        (("pipeline", "nowhere.jsonl", "out.jsonl"), "EL060"),
        (("pipeline", "in.jsonl", "out.csv"), "EL061"),
    ],
)
def test_a_wrong_name_is_told_without_a_traceback(ruler, tmp_path, names, code):
    write_jsonl(tmp_path / "in.jsonl", bad={})
    pipeline, *files = names
    where = ruler if pipeline == "pipeline" else tmp_path / pipeline
    result = annotate(where, *(tmp_path / name for name in files))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert code in said(result)


def test_the_cost_is_measured_once_and_shown(ruler, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "spacy_el4ner.evaluation.annotation_cost.measure",
        lambda pipeline, texts, documents, workers, *_: {
            "documents": documents,
            "workers": workers,
            "seconds": 2.0,
            "docs_per_s": documents / 2,
            "cpu_s": 1.5,
            "peak_mb": 300.0,
        },
    )
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "Bill left. Ann Lee stayed.", "entities": []}\n')
    arguments = [ruler, source, tmp_path / "cost.json", "--documents", "1,50", "--workers", "1,2"]
    for _ in range(2):
        result = call("annotate-cost", *arguments)
        assert result.exit_code == 0
        assert " 25 " in result.output
    assert len(json.loads((tmp_path / "cost.json").read_text())["rows"]) == 4
    assert "| 50 | 2 | 2 | 25 |" in (tmp_path / "cost.md").read_text()


def test_what_is_there_stays_where_the_gpu_is_not(ruler, tmp_path, monkeypatch):
    def refuse(gpu_id):
        raise ValueError("No GPU devices detected")

    source, out = write_jsonl(tmp_path / "in.jsonl", bad={}), tmp_path / "out.jsonl"
    assert annotate(ruler, source, out).exit_code == 0
    monkeypatch.setattr(options, "require_gpu", refuse)
    result = annotate(ruler, source, out, "--overwrite", "--gpu-id", 0)
    assert result.exit_code == 1
    assert "GPU 0 cannot be used" in said(result)
    assert len(read_jsonl(out)) == 30


def test_what_is_there_stays_where_ray_is_not(ruler, tmp_path, monkeypatch):
    source, out = write_jsonl(tmp_path / "in.jsonl", bad={}), tmp_path / "out.jsonl"
    assert annotate(ruler, source, out).exit_code == 0
    monkeypatch.setitem(sys.modules, "ray", None)
    result = annotate(ruler, source, out, "--overwrite", "--engine", "ray")
    assert "EL069" in said(result)
    assert len(read_jsonl(out)) == 30


@pytest.mark.parametrize(("gpus", "there"), [(0.5, True), (0, False)])
def test_the_manifest_says_whether_the_actors_of_ray_have_gpus(
    ruler, tmp_path, monkeypatch, gpus, there
):
    monkeypatch.setattr(
        "spacy_el4ner.cli.annotate._engine", lambda *_: lambda job, numbers, tell: iter(())
    )
    monkeypatch.setattr("spacy_el4ner.bulk.engines.ray.check", lambda: None)
    source = write_jsonl(tmp_path / "in.jsonl", bad={})
    annotate(ruler, source, tmp_path / "out.jsonl", "--engine", "ray", "--gpus-per-worker", gpus)
    manifest = json.loads((tmp_path / "out.jsonl.manifest.json").read_text())
    assert manifest["gpu"] is there


def test_a_budget_stops_between_shards_and_the_command_goes_on(ruler, tmp_path):
    source, out = write_jsonl(tmp_path / "in.jsonl", bad={}), tmp_path / "out.jsonl"
    common = (ruler, source, out, "--shard-size", 4)
    result = annotate(*common, "--max-minutes", 0)
    assert result.exit_code == 5
    assert "8 shards are left; to continue, repeat the command." in said(result)
    restarted = annotate(*common, "--max-minutes", 0, "--overwrite")
    assert "8 shards are left; to continue, repeat the command without --overwrite." in said(restarted)
    assert annotate(*common, "--max-minutes", 60).exit_code == 0
    assert len(read_jsonl(out)) == 30
    assert annotate(*common, "--max-minutes", 0).exit_code == 0  # nothing is left


def test_ray_has_no_budget(ruler, tmp_path):
    source = write_jsonl(tmp_path / "in.jsonl", bad={})
    result = annotate(ruler, source, tmp_path / "out.jsonl", "--engine", "ray", "--max-minutes", 5)
    assert (result.exit_code, "EL355" in said(result)) == (1, True)


def test_an_estimate_shows_time_tokens_and_price(ruler, tmp_path):
    source = write_jsonl(tmp_path / "in.jsonl")
    arguments = (ruler, source, "--max-length", 500, "--prompt-price", 1)
    result = call("annotate-estimate", *arguments)
    assert result.exit_code == 0
    for words in ("documents 30", "time in one process 0:00:", "requests 0", "price 0.00"):
        assert words in said(result)
    assert f"{len(BAD)} of the 30 documents of the sample failed" in said(result)
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
