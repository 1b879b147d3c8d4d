"""Inputs and outputs at addresses, here of fsspec's file system in memory."""

import json

import fsspec
import pytest

from spacy_el4ner.bulk.addresses import fetched, publish
from spacy_el4ner.errors import EL4NERValueError
from tests.bulk.inputs import save_ruler, text
from tests.cli.runner import call

SOURCE, OUT = "memory://bucket/in/texts.jsonl", "memory://bucket/out/texts.jsonl"


@pytest.fixture(autouse=True)
def remote():
    """The file system, empty before and after a test."""
    system = fsspec.filesystem("memory")
    yield system
    system.rm("/", recursive=True)
    system.pseudo_dirs[:] = [""]


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    return save_ruler(tmp_path_factory.mktemp("pipeline") / "ruler")


def write(address, *lines):
    with fsspec.open(address, "w") as file:
        file.writelines(f"{json.dumps(line)}\n" for line in lines)


def read(address):
    with fsspec.open(address) as file:
        return [json.loads(line) for line in file]


def annotate(pipeline, folder, *options, code=0):
    result = call("annotate", pipeline, SOURCE, OUT, "--work", folder, *options)
    assert result.exit_code == code, result.output
    return result.output


def test_the_output_is_written_to_its_address(pipeline, tmp_path):
    write(SOURCE, *({"text": text(n)} for n in range(5)))
    annotate(pipeline, tmp_path)
    assert [row["text"] for row in read(OUT)] == [text(n) for n in range(5)]
    assert fsspec.filesystem("memory").exists(f"{OUT}.manifest.json")


def test_what_failed_is_written_too_and_removed_once_it_is_annotated(pipeline, tmp_path):
    write(SOURCE, {"text": text(0)}, {"note": "no text"})
    annotate(pipeline, tmp_path, code=3)
    assert [row["line"] for row in read(f"{OUT}.failed.jsonl")] == [2]
    write(SOURCE, {"text": text(0)}, {"text": text(1)})
    annotate(pipeline, tmp_path, "--overwrite")
    assert not fsspec.filesystem("memory").exists(f"{OUT}.failed.jsonl")


def test_an_interrupted_run_continues_in_its_folder(pipeline, tmp_path):
    write(SOURCE, *({"text": text(n)} for n in range(6)))
    annotate(pipeline, tmp_path, "--shard-size", 2, "--shard", "0/3")
    assert not fsspec.filesystem("memory").exists(OUT)
    annotate(pipeline, tmp_path, "--shard-size", 2)
    assert len(read(OUT)) == 6


def test_an_output_of_somebody_else_is_not_replaced(pipeline, tmp_path):
    write(SOURCE, {"text": text(0)})
    write(OUT, {"text": "mine"})
    assert "EL065" in annotate(pipeline, tmp_path, code=1)
    assert read(OUT) == [{"text": "mine"}]
    annotate(pipeline, tmp_path, "--overwrite")
    assert [row["text"] for row in read(OUT)] == [text(0)]


def test_a_run_for_one_address_does_not_replace_the_file_at_another(pipeline, tmp_path):
    write(SOURCE, {"text": text(0)})
    annotate(pipeline, tmp_path / "new")
    other = OUT.replace("/out/", "/theirs/")
    write(other, {"text": "theirs"})
    result = call("annotate", pipeline, SOURCE, other, "--work", tmp_path / "new")
    assert "EL065" in result.output
    assert read(other) == [{"text": "theirs"}]


def test_an_input_is_copied_again_only_when_it_has_changed(remote, tmp_path, monkeypatch):
    write(SOURCE, {"text": "one"})
    first = fetched(SOURCE, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(type(remote), "open", None)
        assert fetched(SOURCE, tmp_path) == first
    write(SOURCE, {"text": "another"})
    assert "another" in fetched(SOURCE, tmp_path).read_text(encoding="utf8")


def test_copies_are_left_alone_by_commands_that_copy_at_the_same_time(remote, tmp_path, monkeypatch):
    write(SOURCE, {"text": "one"})
    opened = type(remote).open

    def slow(*args, **kwargs):
        monkeypatch.setattr(type(remote), "open", opened)
        first.append(fetched(SOURCE, tmp_path))  # another command, which is faster
        before.append(first[0].stat())
        return opened(*args, **kwargs)

    first, before = [], []
    monkeypatch.setattr(type(remote), "open", slow)
    assert fetched(SOURCE, tmp_path) == first[0]
    assert first[0].stat() == before[0]
    assert [p.name for p in first[0].parent.parent.iterdir()] == [first[0].parent.name]


@pytest.mark.parametrize("address", [SOURCE, "nothing://like/this.jsonl"])
def test_an_address_that_cannot_be_reached_is_named(address, tmp_path):
    with pytest.raises(EL4NERValueError, match=f"EL391.*{address}"):
        fetched(address, tmp_path)


def test_a_path_is_left_as_it_is(tmp_path):
    assert fetched("texts.jsonl", tmp_path).as_posix() == "texts.jsonl"


def test_only_files_that_exist_are_published(tmp_path):
    (tmp_path / "texts.jsonl").write_text("{}\n", encoding="utf8")
    files = [tmp_path / "texts.jsonl", tmp_path / "texts.jsonl.failed.jsonl"]
    assert publish(files, OUT) == [OUT]
