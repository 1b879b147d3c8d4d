"""The config of a student, and its training by spaCy."""

import pytest
import spacy
from thinc.api import Config

from spacy_el4ner.training.student import DEFAULT, student_config, train_student
from tests.distillation.teachers import save_config, save_gold

ENGLISH = spacy.blank("en")


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    path = save_gold(tmp_path_factory.mktemp("student") / "train.spacy")
    return {"train": path, "dev": path}


@pytest.fixture
def config(tmp_path):
    return student_config(save_config(tmp_path / "student.cfg"), ENGLISH, max_steps=30)


def changed(path, change):
    config = Config().from_disk(DEFAULT, interpolate=False)
    change(config)
    config.to_disk(path)
    return path


def names(folder):
    return [(e.text, e.label_) for e in spacy.load(folder)("Ann Lee met Bill in Oslo .").ents]


def test_the_default_has_the_teacher_s_language_and_tokenizer():
    config = student_config(None, spacy.blank("zh"))
    assert config["nlp"]["lang"] == "zh"
    assert config["nlp"]["tokenizer"]["segmenter"] == "char"


def test_seed_and_steps_are_set_and_the_last_step_is_evaluated(tmp_path):
    training = student_config(None, ENGLISH, seed=3, max_steps=20)["training"]
    assert (training["seed"], training["max_steps"], training["eval_frequency"]) == (3, 20, 20)
    training = student_config(None, ENGLISH, max_steps=1000)["training"]
    assert (training["max_steps"], training["eval_frequency"]) == (1000, 200)
    training = student_config(None, ENGLISH)["training"]
    assert (training["seed"], training["max_steps"]) == (0, 20000)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda config: config["corpora"]["dev"].update(path="elsewhere.spacy"), "paths.dev"),
        (lambda config: config.pop("corpora"), "paths.train"),
        (lambda config: config.pop("training"), r"\[training\] is missing"),
        (lambda config: config["training"].update(dropout="${nowhere.dropout}"), "nowhere.dropout"),
    ],
)
def test_a_config_that_cannot_train_a_student_is_refused(tmp_path, change, problem):
    path = changed(tmp_path / "own.cfg", change)
    with pytest.raises(ValueError, match=rf"EL370.*own\.cfg.*{problem}.*init config"):
        student_config(path, ENGLISH)


def test_a_file_that_is_no_config_is_refused(tmp_path):
    (tmp_path / "own.cfg").write_text("no config")
    for name in ("own.cfg", "nowhere.cfg"):
        with pytest.raises(ValueError, match=rf"EL370.*{name}"):
            student_config(tmp_path / name, ENGLISH)


@pytest.mark.usefixtures("capsys")
def test_a_student_is_trained_once_and_goes_on_from_another(config, corpora, tmp_path):
    train_student(config, corpora, tmp_path / "first")
    assert ("Oslo", "GPE") in names(tmp_path / "first")
    before = (tmp_path / "first" / "meta.json").stat().st_mtime_ns
    train_student(config, corpora, tmp_path / "first")
    assert (tmp_path / "first" / "meta.json").stat().st_mtime_ns == before
    frozen = config.copy()
    frozen["training"]["optimizer"]["learn_rate"] = 0.0
    train_student(frozen, corpora, tmp_path / "second", source=tmp_path / "first")
    assert names(tmp_path / "second") == names(tmp_path / "first")
    saved = Config().from_disk(tmp_path / "second" / "config.cfg", interpolate=False)
    assert saved["components"]["ner"]["factory"] == "ner"
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.usefixtures("capsys")
def test_what_an_interrupted_training_left_does_no_harm(config, corpora, tmp_path):
    left = tmp_path / ".student.training" / "model-best"
    left.mkdir(parents=True)
    (left / "meta.json").write_text("{")
    train_student(config, corpora, tmp_path / "student")
    assert names(tmp_path / "student")
