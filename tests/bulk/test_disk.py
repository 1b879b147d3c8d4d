"""A disk without room, and one that may not be written to."""

import errno
import os

import pytest

from spacy_el4ner.storage import atomic
from tests.bulk.inputs import write_jsonl
from tests.bulk.test_run import everything, fresh
from tests.cli.runner import call


def annotate(ruler, folder, *options):
    files = ruler, folder / "in.jsonl", folder / "out.jsonl"
    return call("annotate", *files, "--shard-size", 4, *options)


@pytest.mark.parametrize("room", [0, 1, 4, 10])
def test_a_full_disk_is_said_with_the_remedy_and_the_same_command_goes_on(
    ruler, tmp_path, monkeypatch, room
):
    whole, full = fresh(tmp_path, "whole"), fresh(tmp_path, "full")
    annotate(ruler, whole)
    written = 0

    def fsync(_):
        nonlocal written
        written += 1
        if written > 2 * room:  # each file, and its folder
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(atomic.os, "fsync", fsync)
        result = annotate(ruler, full)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "EL117" in result.output
    assert "Make room" in result.output
    assert not (full / "out.jsonl").exists()
    assert annotate(ruler, full).exit_code == 3  # the input has bad documents
    assert everything(full) == everything(whole)


def test_a_folder_that_may_not_be_written_to_is_named(ruler, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir()
    write_jsonl(locked / "in.jsonl")
    locked.chmod(0o555)
    if os.geteuid() == 0:
        pytest.skip("nothing is forbidden to root")
    result = annotate(ruler, locked)
    assert result.exit_code == 1
    assert "EL118" in result.output
