"""A distillation from end to end, interrupted and not, and what it refuses."""

import json
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import spacy
from spacy.cli.package import package
from spacy.tokens import DocBin

from spacy_el4ner.bulk.worker import Worker
from spacy_el4ner.distillation import run as course
from spacy_el4ner.distillation.run import distil
from tests.distillation.teachers import DOUBTFUL, QUICK, save_texts
from tests.kills import KILLS, Killer, needs_fork

ONCE = replace(QUICK, max_steps=1)
PLAIN = """
import importlib.metadata as metadata
import sys

installed = metadata.distributions
metadata.distributions = lambda **where: (
    one for one in installed(**where) if one.metadata["Name"] != "spacy-el4ner"
)
sys.modules["spacy_el4ner"] = None  # every import of it fails

import spacy

nlp = spacy.load(sys.argv[1])
print([(ent.text, ent.label_) for ent in nlp(sys.argv[2]).ents])
"""
"""Runs a pipeline where this package is neither installed nor can be imported."""


@pytest.fixture(autouse=True)
def _quiet(capsys):
    """spaCy's table of each training is not shown."""


def call(inputs, out, settings=ONCE, with_gold=True, with_test=False, **options):
    gold = inputs / "gold.spacy"
    options = {
        "gold": gold if with_gold else None,
        "test": gold if with_test else None,
        "config": inputs / "student.cfg",
        **options,
    }
    teacher, texts = str(inputs / "teacher" / "pipeline"), inputs / "texts.txt"
    return distil(teacher, options.pop("texts", texts), out, settings, **options)


@pytest.fixture(scope="module")
def made(inputs, tmp_path_factory):
    """The folder of a distillation with everything, and what it returned."""
    out = tmp_path_factory.mktemp("made") / "out"
    return out, call(inputs, out, QUICK, with_test=True)


def everything(folder):
    """The files by their content; metrics are timed, and say when they were made."""
    timed = ("meta.json", "distillation.json", "distillation.md")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): None if path.name in timed else path.read_bytes()
        for path in files
        if path.name != "config.cfg"  # names the folder
    }


def test_the_student_learns_the_names(made):
    out, result = made
    assert result.student == out / "student"
    doc = spacy.load(result.student)("Ann Lee met Bill in Oslo .")
    assert [(ent.text, ent.label_) for ent in doc.ents] == [
        ("Ann Lee", "PERSON"),
        ("Bill", "PERSON"),
        ("Oslo", "GPE"),
    ]


def test_the_record_compares_student_and_teacher(made):
    out, result = made
    record = json.loads((out / "distillation.json").read_text(encoding="utf8"))
    assert record == result.record
    assert record["teacher_f"] == 1
    assert 0 < record["alone_f"] <= 1
    assert 0 < record["student_f"] <= 1
    speeds = {name: row["docs_per_s"] for name, row in record["rows"].items()}
    assert record["speedup"] == speeds["student"] / speeds["teacher"]
    assert record["rows"]["teacher"]["expected_calibration_error"] > 0
    assert record["rows"]["student"]["expected_calibration_error"] is None
    assert {"machine", "date", "versions"} <= record.keys()
    assert f"| teacher | {record['teacher_f']:.3f} |" in (out / "distillation.md").read_text("utf8")


def test_uncertain_names_are_missing_annotation_in_what_the_student_learns(made):
    out, result = made
    assert result.record["silver"] == {"documents": 24, "entities": 42, "uncertain": 4}
    docs = list(DocBin().from_disk(out / "data" / "all.spacy").get_docs(spacy.blank("en").vocab))
    doubted = [doc for doc in docs[:24] if DOUBTFUL in doc.text]
    assert len(doubted) == 4
    for doc in doubted:
        assert [token.text for token in doc if not token.ent_iob] == DOUBTFUL.split()


def test_the_student_is_a_pipeline_of_spacy_alone(made):
    _, result = made
    command = [sys.executable, "-c", PLAIN, str(result.student), "Bill left Oslo ."]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "('Bill', 'PERSON')" in printed


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # those that spaCy writes
def test_the_package_of_the_student_requires_spacy_alone(made, tmp_path):
    package(made[1].student, tmp_path, name="small", version="1.0.0", create_sdist=False)
    (meta,) = tmp_path.glob("*/meta.json")
    assert json.loads(meta.read_text(encoding="utf8"))["requirements"] == []


def test_a_finished_run_does_nothing_more(made, inputs, monkeypatch):
    out, result = made
    before = {path: path.stat().st_mtime_ns for path in (out / "student").rglob("*")}
    for work in ("bulk.engines.local.Worker", "training.student.train", "distillation.evaluation._row"):
        monkeypatch.setattr(f"spacy_el4ner.{work}", None)
    assert call(inputs, out, QUICK, with_test=True) == result
    assert {path: path.stat().st_mtime_ns for path in (out / "student").rglob("*")} == before


def test_annotations_and_finished_trainings_are_used_again(inputs, tmp_path, monkeypatch):
    annotated, trained = [], []
    work, train = Worker.__call__, course.train_student

    def counted(self, number, tell):
        annotated.append(number)
        if annotated == [0, 1, 2, 3]:
            raise KeyboardInterrupt
        return work(self, number, tell)

    def interrupted(config, corpora, out, **settings):
        trained.append(out.name)
        if trained == ["first", "student"]:
            raise KeyboardInterrupt
        train(config, corpora, out, **settings)

    monkeypatch.setattr(Worker, "__call__", counted)
    monkeypatch.setattr(course, "train_student", interrupted)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            call(inputs, tmp_path / "out")
    first = (tmp_path / "out" / "first" / "meta.json").stat().st_mtime_ns
    call(inputs, tmp_path / "out")
    assert annotated == [0, 1, 2, 3, 3, 4]
    assert (tmp_path / "out" / "first" / "meta.json").stat().st_mtime_ns == first


@needs_fork
@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_ends_in_the_same_students(inputs, tmp_path):
    call(inputs, tmp_path / "warm", with_test=True)
    start = time.perf_counter()
    call(inputs, tmp_path / "whole", with_test=True)
    killer = Killer(time.perf_counter() - start, "distil")
    for n in range(KILLS):
        out = tmp_path / str(n)
        for _ in range(2):
            killer.kill(call, inputs, out, with_test=True)
        call(inputs, out, with_test=True)
        assert everything(out) == everything(tmp_path / "whole")
    print(f"killed: {killer.killed} of {2 * KILLS}")
    assert killer.killed


def test_without_gold_the_student_learns_from_the_teacher_alone(inputs, tmp_path):
    result = call(inputs, tmp_path / "out", with_gold=False, test=inputs / "gold.spacy")
    assert result.record["alone_f"] is None
    assert (result.record["gold"], result.record["dev"]) == (0, 3)
    assert not (tmp_path / "out" / "first").exists()


def test_mixed_training_has_one_phase(inputs, tmp_path):
    call(inputs, tmp_path / "out", replace(ONCE, finetune=False))
    folders = {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()}
    assert folders == {"data", "student"}


def test_other_settings_are_refused_and_replace_the_student_when_told(inputs, tmp_path, monkeypatch):
    out, other = tmp_path / "out", replace(ONCE, min_confidence=0.5)
    call(inputs, out)
    with pytest.raises(ValueError, match=r"EL052.*min_confidence"):
        call(inputs, out, other)
    monkeypatch.setattr("spacy_el4ner.bulk.engines.local.Worker", None)
    said = []
    call(inputs, out, other, overwrite=True, say=said.append)
    assert any("46 of 46 entities are kept" in line for line in said)


def test_other_texts_are_refused_and_annotated_when_told(inputs, tmp_path):
    out, texts = tmp_path / "out", save_texts(tmp_path / "texts.txt", times=1)
    call(inputs, out)
    with pytest.raises(ValueError, match=r"EL064.*--overwrite"):
        call(inputs, out, texts=texts)
    assert call(inputs, out, texts=texts, overwrite=True).documents == 12


def test_documents_that_fail_are_counted_and_left_out(inputs, tmp_path):
    texts = save_texts(tmp_path / "texts.txt")
    long = " ".join(["Bill"] * 200)
    texts.write_text(f"{long}\n{texts.read_text(encoding='utf8')}", encoding="utf8")
    result = call(inputs, tmp_path / "out", replace(ONCE, max_length=500), texts=texts)
    assert (result.documents, result.failed) == (25, 1)
    docs = DocBin().from_disk(tmp_path / "out" / "data" / "all.spacy")
    assert len(docs) == 24 + 9


def test_a_teacher_that_is_never_confident_teaches_nothing(inputs, tmp_path):
    with pytest.raises(ValueError, match=r"EL367.*46 entities.*0\.95.*--min-confidence"):
        call(inputs, tmp_path / "out", replace(ONCE, min_confidence=0.95))


def test_texts_that_all_fail_are_refused(inputs, tmp_path):
    with pytest.raises(ValueError, match=r"EL371.*24 documents.*failed\.jsonl"):
        call(inputs, tmp_path / "out", replace(ONCE, max_length=3))


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_no_texts_are_refused(inputs, tmp_path, content):
    (tmp_path / "texts.txt").write_text(content)
    with pytest.raises(ValueError, match="EL063"):
        call(inputs, tmp_path / "out", texts=tmp_path / "texts.txt")


def test_a_pipeline_without_confidences_is_no_teacher(inputs, tmp_path):
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ValueError, match="EL014"):
        distil(str(tmp_path / "blank"), inputs / "texts.txt", tmp_path / "out")
    with pytest.raises(ValueError, match="EL070"):
        distil(str(tmp_path / "nowhere"), inputs / "texts.txt", tmp_path / "out")
    assert not (tmp_path / "out").exists()
