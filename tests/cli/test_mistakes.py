"""What a command says of a name that is wrong, a file that is another, or a GPU that is not there."""

import json
import os
import shutil
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin
from typer.testing import CliRunner

from spacy_el4ner.cli import app, options
from tests.test_injection_assets import INJECTION

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "results" / "compact" / "sample_en"
COMMANDS = [command.name for command in app.registered_commands]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A pipeline without entities, a corpus, and JSON files of which one is an evaluation."""
    folder = tmp_path_factory.mktemp("folder")
    spacy.blank("en").to_disk(folder / "blank")
    shutil.copytree(folder / "blank", folder / "damaged")
    (folder / "damaged" / "tokenizer").unlink()
    (folder / "texts.txt").write_text("Bill left.\n", encoding="utf8")
    (folder / "latin1.txt").write_text("Zoé left.\n", encoding="latin1")
    (folder / "corpus").mkdir()
    doc = Doc(spacy.blank("en").vocab, words=["Bill", "left"], ents=["B-PERSON", "O"])
    DocBin(docs=[doc]).to_disk(folder / "corpus" / "train.spacy")
    shutil.copy(INJECTION / "en.jsonl", folder / "attacks.jsonl")
    (folder / "voters.cfg").write_text("[training]\nseed = 0\n", encoding="utf8")
    shutil.copy(ROOT / "configs" / "voters" / "compact.cfg", folder)
    for name in ("ensemble", "injection", "bench", "memory"):
        shutil.copy(RESULTS / f"{name}.json", folder)
    partial = json.loads((RESULTS / "fusion.json").read_text(encoding="utf8"))
    del partial["sentences"]
    (folder / "partial.json").write_text(json.dumps(partial), encoding="utf8")
    (folder / "list.json").write_text("[1, 2]", encoding="utf8")
    (folder / "broken.json").write_text("{", encoding="utf8")
    return folder


def call(line, monkeypatch, folder):
    """Run a command in a folder; what it said, on one line, and that it ended as it should."""
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(app, line.split())
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    return " ".join(result.output.split())


@pytest.mark.parametrize(
    "line",
    [
        "show nowhere texts.txt",
        "evaluate nowhere corpus out.json",
        "evaluate-fusion nowhere corpus out.json",
        "memory nowhere corpus out.json",
        "calibrate nowhere corpus out",
        "fuse nowhere model corpus out",
        "attack nowhere attacks.jsonl out.json",
        "bench nowhere corpus out.json",
        "sft model corpus out --tagger nowhere",
        "show blank nowhere",
        "evaluate blank nowhere out.json",
        "memory blank nowhere out.json",
        "backbones nowhere corpus out",
        "bench blank nowhere out.json",
        "bench blank corpus nowhere --render-only",
        "table nowhere out.md",
        "package blank out --name mine --metrics nowhere",
    ],
)
def test_what_is_not_there_is_named(line, monkeypatch, folder):
    assert "'nowhere'" in call(line, monkeypatch, folder)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("show blank latin1.txt", "'latin1.txt'"),
        ("show damaged texts.txt", "damaged"),
        ("table texts.txt out.md", "EL101 'texts.txt'"),
        ("table injection.json out.md", "EL101 'injection.json'"),
        ("table bench.json out.md", "EL101 'bench.json'"),
        ("table memory.json out.md", "EL101 'memory.json'"),
        ("table partial.json out.md", "EL101 'partial.json'"),
        ("table list.json out.md", "EL101 'list.json'"),
        ("table broken.json out.md", "EL101 'broken.json'"),
        ("package blank out --name mine --metrics injection.json", "EL101 'injection.json'"),
        ("package blank out --name mine --metrics bench.json", "EL101 'bench.json'"),
        ("package blank out --name mine --metrics list.json", "EL101 'list.json'"),
        ("bench blank corpus ensemble.json --render-only", "EL101 'ensemble.json'"),
        ("evaluate blank corpus out.json", "EL014"),
        ("evaluate-fusion blank corpus out.json", "EL014 'blank'"),
        ("fuse blank model corpus out", "EL014 'blank'"),
        ("backbones voters.cfg corpus out", "'voters.cfg'"),
        ("backbones broken.json corpus out", "'broken.json'"),
        ("index voters.cfg corpus out", "'voters.cfg'"),
        ("backbones compact.cfg blank out", "EL007 'blank/train.spacy'"),
    ],
)
def test_what_is_something_else_is_named(line, named, monkeypatch, folder):
    code, _, name = named.rpartition(" ")
    said = call(line, monkeypatch, folder)
    assert code in said
    assert name in said
    assert not (folder / "out.md").exists()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("seeds ensemble.json ensemble.json", "EL131"),
        ("table ensemble.json ensemble.json", "EL131"),
        ("table ensemble.json out.png", "EL131"),
        ("table ensemble.md ensemble.md", "EL121"),
        ("review corpus/train.spacy corpus/train.spacy", "EL121"),
        ("evaluate blank corpus/train.spacy corpus/train.spacy", "EL121"),
        ("memory blank corpus/train.spacy corpus/train.spacy", "EL121"),
        ("convert corpus corpus", "EL121"),
        ("index compact.cfg corpus .", "EL121"),
        ("index compact.cfg blank corpus", "EL130"),
        ("index compact.cfg blank texts.txt", "EL130"),
        ("calibrate blank corpus/train.spacy corpus", "EL121"),
        ("calibrate blank texts.txt corpus", "EL130"),
        ("review-import blank texts.txt corpus", "EL130"),
    ],
)
def test_nothing_else_is_overwritten(line, code, monkeypatch, folder):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert code in call(line, monkeypatch, folder)
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "line",
    [
        "convert corpus texts.txt",
        "convert corpus texts.txt/out",
        "table ensemble.json texts.txt/out.md",
        "table ensemble.json folder.md",
        "evaluate blank corpus texts.txt/out.json",
        "evaluate blank corpus corpus",
        "evaluate-fusion blank corpus texts.txt/out.json",
        "memory blank corpus texts.txt/out.json",
        "seeds ensemble.json ensemble.json texts.txt/out.md",
    ],
)
def test_an_output_that_cannot_be_written_is_named_before_the_work(line, monkeypatch, folder):
    (folder / "folder.md").mkdir(exist_ok=True)
    said = call(line, monkeypatch, folder)
    assert "EL132" in said or "EL121" in said
    assert line.split()[-1] in said


def test_a_folder_that_may_not_be_written_to_is_named(monkeypatch, folder):
    monkeypatch.setattr(os, "access", lambda _, mode: not mode & os.W_OK)  # root may anywhere
    assert "EL132" in call("table ensemble.json closed/out.md", monkeypatch, folder)


@pytest.mark.parametrize(
    "line",
    [
        "evaluate blank corpus out.json --limit -1",
        "evaluate-fusion blank corpus out.json --limit -1",
        "calibrate blank corpus out --limit -1",
        "fuse blank model corpus out --limit -1",
        "fuse blank model corpus out --k -1",
        "index compact.cfg corpus out --limit -1",
        "index compact.cfg corpus out --k -1",
    ],
)
def test_a_number_below_zero_is_refused(line):
    result = CliRunner().invoke(app, line.split())
    assert result.exit_code == 2
    assert f"'{line.split()[-2]}'" in result.output


@pytest.mark.parametrize(
    "line",
    [
        "attack blank attacks.jsonl out.json",
        "index voters.cfg corpus out",
        "evaluate blank corpus out.json",
        "evaluate-fusion blank corpus out.json",
        "calibrate blank corpus out",
        "fuse blank model corpus out",
        "bench blank corpus out.json",
        "memory blank corpus out.json",
        "explain blank Bill",
    ],
)
def test_a_gpu_that_is_not_there_is_named(line, monkeypatch, folder):
    def refuse(gpu_id):
        raise ValueError("No GPU devices detected")

    monkeypatch.setattr(options, "require_gpu", refuse)
    said = call(f"{line} --gpu-id 7", monkeypatch, folder)
    assert "GPU 7 cannot be used: No GPU devices detected" in said
    assert "--gpu-id -1" in said


@pytest.mark.parametrize("error", [ValueError, RuntimeError])
def test_either_way_that_a_gpu_is_refused(error, monkeypatch, capsys):
    def refuse(gpu_id):
        raise error("invalid device ordinal")

    monkeypatch.setattr(options, "require_gpu", refuse)
    with pytest.raises(SystemExit):
        options.use_gpu(7)
    assert "invalid device ordinal" in capsys.readouterr().out
    options.use_gpu(-1)


@pytest.mark.parametrize("name", ["ensemble", "fusion"])
def test_an_evaluation_is_read(name):
    path = RESULTS / f"{name}.json"
    assert options.read_metrics(path) == json.loads(path.read_text(encoding="utf8"))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_has_an_example(name):
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0
    assert "Example:" in result.output
