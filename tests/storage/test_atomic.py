import errno
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors import SafetensorError

from spacy_el4ner.storage.atomic import replacing, replacing_file, replacing_folder
from tests.kills import KILLS

SAVES = """
import sys
from pathlib import Path
from spacy_el4ner.storage import manifest
from spacy_el4ner.storage.atomic import replacing_folder
n = 0
while True:
    n += 1
    with replacing_folder(Path(sys.argv[1])) as folder:
        for name in "abc":
            (folder / name).write_bytes(b"%d" % n * 50_000)
        manifest.write(folder)
    if n == 1:
        print("begun", flush=True)
"""


def test_the_folder_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "deep" / "folder"
    for text in "old", "new":
        with replacing_folder(path) as folder:
            (folder / text).write_text(text)
    assert [file.name for file in path.iterdir()] == ["new"]
    assert [folder.name for folder in path.parent.iterdir()] == ["folder"]


def test_a_failure_leaves_the_old_folder_alone(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").touch()
    with pytest.raises(OSError, match="disk full"), replacing_folder(tmp_path / "folder"):
        raise OSError("disk full")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "old"]


def test_a_link_to_the_folder_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    with replacing_folder(tmp_path / "link") as folder:
        (folder / "new").touch()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "new").exists()


def test_without_an_exchange_of_names_it_is_done_in_two_steps(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "other")
    for text in "old", "new":
        with replacing_folder(tmp_path / "folder") as folder:
            (folder / text).touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "new"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs an exchange of names")
def test_whenever_the_process_is_killed_the_folder_is_whole(tmp_path):
    from spacy_el4ner.storage import manifest

    path = tmp_path / "folder"
    delays = random.Random(0)
    for _ in range(KILLS):
        saving = subprocess.Popen(
            [sys.executable, "-c", SAVES, str(path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert saving.stdout.readline() == b"begun\n"
        time.sleep(delays.uniform(0, 0.1))
        saving.send_signal(signal.SIGKILL)
        saving.wait()
        saving.stdout.close()
        manifest.verify(path)
        assert len({(path / name).read_bytes() for name in "abc"}) == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_the_old_file_and_names_the_remedy(tmp_path, monkeypatch, code):
    def fsync(_):
        raise OSError(code, os.strerror(code))

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match=r"EL117.*file.*Make room"), replacing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_library_that_writes_by_itself_is_understood(tmp_path):
    said = "Error while serializing: I/O error: No space left on device (os error 28)"
    with pytest.raises(OSError, match="EL117"), replacing_folder(tmp_path / "folder"):
        raise SafetensorError(said)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_folder_that_may_not_be_written_to_is_named(tmp_path, code):
    denied = OSError(code, os.strerror(code), str(tmp_path / ".folder.1.tmp" / "a"))
    with pytest.raises(OSError, match=r"EL118.*folder.*rights"), replacing_folder(tmp_path / "folder"):
        raise denied


def test_a_file_that_may_not_be_read_is_another_matter(tmp_path):
    denied = PermissionError(errno.EACCES, "no", str(tmp_path.parent / "elsewhere" / "model"))
    with pytest.raises(PermissionError, match="elsewhere"), replacing(tmp_path / "sub" / "file"):
        raise denied


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another user")
def test_the_system_says_no(tmp_path):
    tmp_path.chmod(0o555)
    os.seteuid(65534)  # what is root's is forbidden to nobody
    try:
        with pytest.raises(OSError, match="EL118"), replacing(tmp_path / "file"):
            pass
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="needs a file that may only be read")
def test_a_file_that_may_only_be_read_is_saved(tmp_path, monkeypatch):
    opened, flags = os.open, []
    monkeypatch.setattr(os, "open", lambda path, how, *a: flags.append(how) or opened(path, how, *a))
    with replacing_folder(tmp_path / "folder") as folder:
        (folder / "file").touch(0o444)
        flags.clear()
    assert flags
    assert not any(how & (os.O_WRONLY | os.O_RDWR) for how in flags)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name != "posix", reason="needs modes")
@pytest.mark.parametrize("wanted", [0o600, 0o640, 0o664])
def test_a_file_keeps_its_mode(tmp_path, wanted):
    path = tmp_path / "file"
    path.touch()
    path.chmod(wanted)
    with replacing(path) as file:
        (unfinished,) = set(tmp_path.iterdir()) - {path}
        assert mode(unfinished) == wanted  # nobody reads it while it is written
        file.write(b"new")
    assert (mode(path), path.read_bytes()) == (wanted, b"new")


@pytest.mark.skipif(os.name != "posix", reason="needs modes")
def test_a_file_that_a_library_makes_again_keeps_its_mode(tmp_path):
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o600)
    with replacing_file(path) as unfinished:
        unfinished.unlink()
        unfinished.write_bytes(b"new")
    assert (mode(path), path.read_bytes()) == (0o600, b"new")


@pytest.mark.skipif(os.name != "posix", reason="needs modes")
def test_a_folder_and_what_is_in_it_keep_their_modes(tmp_path):
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "file").touch()
    for path, wanted in ((folder / "sub" / "file", 0o600), (folder / "sub", 0o750), (folder, 0o700)):
        path.chmod(wanted)
    with replacing_folder(folder) as new:
        (new / "sub").mkdir()
        (new / "sub" / "file").write_bytes(b"new")
        (new / "other").touch()
    assert [mode(path) for path in (folder, folder / "sub", folder / "sub" / "file")] == [
        0o700,
        0o750,
        0o600,
    ]


def test_what_a_link_leads_to_is_written(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "file", tmp_path / "link"
    link.symlink_to(target)
    for text in (b"first", b"second"):  # the first time the link leads nowhere
        with replacing(link) as file:
            file.write(text)
        assert link.is_symlink()
        assert target.read_bytes() == text
    assert [path.name for path in target.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("name", ["x" * 255, "x" * 251 + ".txt", "é" * 127])
def test_the_longest_names_are_written(tmp_path, name):
    with replacing(tmp_path / name) as file:
        file.write(b"a")
    with replacing_folder(tmp_path / f"{name[:-1]}y") as folder:
        (folder / "a").touch()
    assert len(list(tmp_path.iterdir())) == 2
