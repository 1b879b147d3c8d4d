"""What `spacy project run` makes of project.yml, without running it."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from spacy.cli import app
from typer.testing import CliRunner
from weasel.util.config import load_project_config

ROOT = Path(__file__).parents[2]
SFT = re.compile(r'--vars\.sft "([^"]+)"')


def dry(monkeypatch, tmp_path, name, *variables):
    """The commands, one a line, with quotes where a value has a space."""
    shutil.copy(ROOT / "project.yml", tmp_path)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["project", "run", name, ".", "--dry", *variables])
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["project.yml"]
    return [line for line in result.output.splitlines() if line.startswith("Running command")]


@pytest.mark.parametrize("file", ["project.yml"])
def test_options_of_fine_tuning_are_given_as_documented(file, monkeypatch, tmp_path):
    (value,) = SFT.findall((ROOT / file).read_text(encoding="utf8"))
    (line,) = dry(monkeypatch, tmp_path, "sft", "--vars.sft", value)
    assert line.endswith(" --template en")


def test_every_seed_has_the_variables_that_were_given(monkeypatch, tmp_path):
    given = ["--vars.slm", "my.cfg", "--vars.sft", " --template en", "--vars.eval_sentences", "7"]
    *runs, _ = dry(monkeypatch, tmp_path, "fusion-seeds", *given)
    assert len(runs) == 3
    for line in runs:
        assert "--vars.slm my.cfg" in line
        assert re.search(r"--vars\.sft '\s+--template en'", line)
        assert "--vars.eval_sentences 7" in line


def test_every_seed_fine_tunes_the_model_that_was_named(monkeypatch, tmp_path):
    *runs, _ = dry(monkeypatch, tmp_path, "fusion-seeds", "--vars.llm", "my/model")
    assert ["--vars.llm my/model" in line for line in runs] == [True] * 3


def test_literary_chinese_has_a_language_model_of_its_own(monkeypatch, tmp_path):
    (line,) = dry(monkeypatch, tmp_path, "fusion-zh", "--vars.llm", "my/model")
    assert "my/model" not in line
    assert "--vars.llm training/sample_zh/base" in line


def test_literary_chinese_is_measured_as_told(monkeypatch, tmp_path):
    (line,) = dry(
        monkeypatch, tmp_path, "fusion-zh", "--vars.eval_sentences", "7", "--vars.gpu_id", "3"
    )
    assert "--vars.eval_sentences 7" in line
    assert "--vars.gpu_id 3" in line


def test_a_fusion_can_be_made_again_with_other_settings(monkeypatch, tmp_path):
    (line,) = dry(monkeypatch, tmp_path, "sft")
    assert "--overwrite" in line


@pytest.mark.parametrize("name", ["convert", "fusion-seeds"])
def test_a_corpus_can_have_a_space_in_its_name(name, monkeypatch, tmp_path):
    line, *_ = dry(monkeypatch, tmp_path, name, "--vars.corpus", "my texts")
    assert "'my texts'" in line


COMMANDS = [command["name"] for command in load_project_config(ROOT)["commands"]]


@pytest.mark.parametrize("name", COMMANDS)
def test_files_and_runs_can_have_a_space_in_their_names(name, monkeypatch, tmp_path):
    spaced = ("name", "name_zh", "corpus", "slm", "llm", "llm_zh", "backbones", "start_voters")
    spaced += ("start_adapters",)
    given = [word for key in spaced for word in (f"--vars.{key}", "left right")]
    lines = dry(monkeypatch, tmp_path, name, *given)
    assert lines
    for line in lines:
        words = shlex.split(line.partition(": ")[2])
        assert not [word for word in words if word.endswith("left") or word.startswith("right")]


def test_the_tagger_has_the_language_of_the_corpus(monkeypatch, tmp_path):
    (line,) = dry(monkeypatch, tmp_path, "slm", "--vars.lang", "de", "--vars.slm", "configs/slm_en.cfg")
    assert "--nlp.lang de" in line


def test_a_page_can_be_made_of_a_fusion_alone(monkeypatch, tmp_path):
    for folder in ("training/mine/fusion", "corpus/mine", "metrics/mine"):
        (tmp_path / folder).mkdir(parents=True)
    variables = ["--vars.name", "mine", "--vars.report_pipeline", "fusion"]
    shutil.copy(ROOT / "project.yml", tmp_path)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["project", "run", "report", ".", "--dry", *variables])
    assert "Missing dependency" not in result.output
