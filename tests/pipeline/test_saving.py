import pytest

from spacy_el4ner.pipeline import saving
from spacy_el4ner.storage import manifest


def test_parts_come_back_in_the_order_of_their_readers(tmp_path):
    saving.to_disk(tmp_path / "new", {"b": lambda: b"2", "a": lambda: b"1"}, [])
    read = []
    saving.from_disk(tmp_path / "new", {"a": read.append, "b": read.append}, [])
    assert read == [b"1", b"2"]


def test_what_is_excluded_is_neither_written_nor_read(tmp_path):
    folder = tmp_path / "new"
    saving.to_disk(folder, {"a": lambda: b"1", "b": lambda: b"2"}, ["b"])
    assert sorted(path.name for path in folder.iterdir()) == ["a", manifest.NAME]
    read = []
    saving.from_disk(folder, {"a": read.append, "b": read.append}, ["b"])
    assert read == [b"1"]


def test_a_part_that_fails_leaves_what_was_there(tmp_path):
    def fail():
        raise OSError("disk full")

    saving.to_disk(tmp_path / "new", {"a": lambda: b"old"}, [])
    with pytest.raises(OSError, match="disk full"):
        saving.to_disk(tmp_path / "new", {"a": fail}, [])
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    read = []
    saving.from_disk(tmp_path / "new", {"a": read.append}, [])
    assert read == [b"old"]
