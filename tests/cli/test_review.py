"""Out to the annotation tool and back into the pipeline, as a person does it."""

import json

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_el4ner.review.tools import review_tools
from tests.cli.runner import call, run
from tests.html_report.documents import TEXT, annotated, doc, vote, voted
from tests.pipeline.ensembles import gold, pipeline
from tests.review.exports import EXPORT
from tests.tiny import save_compact


def ok(*arguments):
    """The output of a command that must succeed, on one line."""
    return " ".join(run(*arguments).split())


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ensemble")
    nlp = pipeline([save_compact(folder / str(seed), seed) for seed in range(2)])
    nlp.initialize(lambda: gold(nlp))
    nlp.to_disk(folder / "pipeline")
    return folder / "pipeline"


@pytest.fixture
def docs(tmp_path):
    """Annotated documents, of which the second is the more disputed one."""
    sure, unsure = (voted(vote("a", "ORG", p, GPE=1 - p)) for p in (0.9, 0.6))
    found = [
        annotated("Acme grew.", [("Acme", "ORG", sure)], id="sure"),
        annotated(TEXT, [("Acme", "ORG", unsure)], id="unsure"),
    ]
    DocBin(docs=found, store_user_data=True).to_disk(tmp_path / "docs.spacy")
    return tmp_path / "docs.spacy"


def pool(path):
    entries = spacy.load(path).get_pipe("llm_ensemble_ner").pool.entries
    return [entry.demonstration for entry in entries]


def test_the_most_disputed_comes_first(docs, tmp_path):
    said = ok("review", docs, tmp_path / "tasks.jsonl", "--limit", 1)
    assert "1 of 2 documents for Prodigy, dispute" in said
    assert "--label ORG" in said
    (task,) = map(json.loads, (tmp_path / "tasks.jsonl").read_text(encoding="utf8").splitlines())
    assert task["meta"]["id"] == "unsure"


def test_a_random_sample_needs_no_votes(tmp_path):
    DocBin(docs=[doc("Rain fell."), doc("Ann left.")]).to_disk(tmp_path / "bare.spacy")
    said = ok("review", tmp_path / "bare.spacy", tmp_path / "tasks", "--strategy", "random")
    assert "2 of 2 documents for Prodigy" in said


def test_the_pipeline_may_compare_the_names(docs, tmp_path, ensemble):
    said = ok("review", docs, tmp_path / "tasks", "--pipeline", ensemble)
    assert "2 of 2 documents for Prodigy" in said


@pytest.mark.parametrize("tool", review_tools())
def test_what_was_corrected_joins_the_pool_once(docs, tmp_path, ensemble, tool):
    tasks, exported, out = tmp_path / "tasks", tmp_path / "exported", tmp_path / "pipeline"
    ok("review", docs, tasks, "--format", tool)
    exported.write_text(EXPORT[tool](tasks.read_text(encoding="utf8")), encoding="utf8")
    size = len(pool(ensemble))
    said = ok("review-import", ensemble, exported, out, "--format", tool)
    assert "2 of 2 documents: 2 demonstrations, 0 of which were there" in said
    once = pool(out)
    assert len(once) == size + 2
    start = TEXT.index("Acme")
    (demonstration,) = [demonstration for demonstration in once if demonstration.window.text == TEXT]
    assert [(m.start, m.end, m.label) for m in demonstration.mentions] == [(start, start + 4, "ORG")]
    said = ok("review-import", out, exported, out, "--format", tool)
    assert "2 of which were there" in said
    assert pool(out) == once


def test_a_folder_with_something_else_is_left_alone(docs, tmp_path, ensemble):
    ok("review", docs, tmp_path / "tasks")
    exported, out = tmp_path / "exported", tmp_path / "pipeline"
    exported.write_text(EXPORT["prodigy"]((tmp_path / "tasks").read_text(encoding="utf8")))
    ok("review-import", ensemble, exported, out)
    (out / "notes.txt").write_text("mine")
    result = call("review-import", ensemble, exported, out)
    assert result.exit_code == 1
    assert "EL130" in result.output
    assert (out / "notes.txt").read_text() == "mine"


def test_rejected_documents_are_counted(docs, tmp_path, ensemble):
    ok("review", docs, tmp_path / "tasks")
    content = EXPORT["prodigy"]((tmp_path / "tasks").read_text(encoding="utf8"), ["reject", "accept"])
    (tmp_path / "exported").write_text(content)
    said = ok("review-import", ensemble, tmp_path / "exported", tmp_path / "pipeline")
    assert "rejected or ignored: skipped: 1" in said
    assert "1 of 2 documents" in said


def test_mistakes_are_told_without_a_traceback(docs, tmp_path, ensemble):
    bare, tasks, unknown = tmp_path / "bare.spacy", tmp_path / "tasks", tmp_path / "unknown"
    DocBin(docs=[doc("Rain fell.")]).to_disk(bare)
    ok("review", docs, tasks)
    record = {"text": "Ann left.", "spans": [{"start": 0, "end": 3, "label": "X"}], "answer": "accept"}
    unknown.write_text(json.dumps(record))
    spacy.blank("en").to_disk(tmp_path / "blank")
    out = tmp_path / "out"
    for arguments, said in (
        (("review", tmp_path / "no.spacy", out), "no.spacy"),
        (("review", bare, out), "None of the 1 documents"),
        (("review", tasks, out), "EL008"),
        (("review", docs, out, "--format", "brat"), "EL010"),
        (("review", docs, out, "--strategy", "best"), "EL010"),
        (("review", docs, out, "--pipeline", tmp_path / "blank"), "EL014"),
        (("review-import", ensemble, tmp_path / "no.jsonl", out), "no.jsonl"),
        (("review-import", ensemble, tasks, out), "EL106"),
        (("review-import", ensemble, tasks, out, "--format", "label-studio"), "EL106"),
        (("review-import", ensemble, unknown, out), "EL105"),
        (("review-import", tmp_path / "blank", unknown, out), "EL014"),
        (("review-import", tmp_path / "nowhere", unknown, out), "nowhere"),
    ):
        result = call(*arguments)
        assert result.exit_code == 1, arguments
        assert isinstance(result.exception, SystemExit)
        assert said in result.output
        assert not out.exists()
