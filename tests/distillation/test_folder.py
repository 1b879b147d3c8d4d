"""The folder of a distillation: whose files it holds, and by which plan."""

import pytest

from spacy_el4ner.distillation.folder import DistillationFolder

PLAN = {"config": "a", "min_confidence": 0.7}


@pytest.fixture
def folder(tmp_path):
    """A folder with annotations, a plan and students."""
    made = DistillationFolder(tmp_path / "out")
    made.path.mkdir()
    made.annotated.write_bytes(b"annotations")
    made.begin(PLAN)
    for student in (made.first, made.student):
        student.mkdir()
        (student / "meta.json").write_text("{}")
    made.record.write_text("{}")
    return made


@pytest.mark.parametrize("name", ["thesis.txt", "student"])
def test_a_folder_of_something_else_is_left_alone(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(ValueError, match=rf"EL366.*{name}"):
        DistillationFolder(tmp_path).check()


def test_a_file_is_something_else(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ValueError, match="EL366"):
        DistillationFolder(tmp_path / "out").check()


def test_a_new_folder_an_empty_one_and_an_earlier_one_are_fine(tmp_path, folder):
    (folder.path / "packages").mkdir()
    for path in (tmp_path / "new", tmp_path / "out"):
        DistillationFolder(path).check()
    (tmp_path / "empty").mkdir()
    DistillationFolder(tmp_path / "empty").check()


def test_what_a_killed_run_left_before_its_first_file_is_fine(tmp_path):
    (tmp_path / ".annotated.spacy.manifest.json.12ab34cd.tmp").touch()
    DistillationFolder(tmp_path).check()


def test_the_same_plan_goes_on(folder):
    folder.begin(PLAN)
    assert (folder.student / "meta.json").is_file()


def test_another_plan_is_refused_and_changes_nothing(folder):
    with pytest.raises(ValueError, match=r"EL052.*min_confidence.*--overwrite"):
        folder.begin({**PLAN, "min_confidence": 0.5})
    assert (folder.student / "meta.json").is_file()
    folder.begin(PLAN)


def test_another_plan_replaces_students_but_keeps_annotations_and_the_files_of_others(folder):
    (folder.path / "notes.txt").write_text("mine")
    other = {**PLAN, "min_confidence": 0.5}
    folder.begin(other, overwrite=True)
    names = sorted(path.name for path in folder.path.iterdir())
    assert names == ["annotated.spacy", "distillation-plan.json", "notes.txt"]
    folder.begin(other)


@pytest.mark.parametrize("name", ["data", "student", "distillation.md"])
def test_what_stands_beside_annotations_of_another_command_is_left_alone(tmp_path, name):
    (tmp_path / "annotated.spacy").write_bytes(b"annotations")
    (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match=rf"EL366.*{name}"):
        DistillationFolder(tmp_path).begin(PLAN, overwrite=True)
    assert (tmp_path / name).is_dir()


def test_leftovers_are_removed(folder):
    (folder.path / ".student.1234abcd.tmp").mkdir()
    (folder.path / ".student.training").mkdir()
    folder.unfinished.write_text("{}")
    folder.clean()
    names = {path.name for path in folder.path.iterdir()}
    assert names == {
        "annotated.spacy",
        "distillation-plan.json",
        "distillation.json",
        "first",
        "student",
    }
