import pytest

from spacy_el4ner.pipeline import saving


def test_parts_come_back_in_the_order_of_their_readers(tmp_path):
    saving.to_disk(tmp_path / "new", {"b": lambda: b"2", "a": lambda: b"1"}, [])
    read = []
    saving.from_disk(tmp_path / "new", {"a": read.append, "b": read.append}, [])
    assert read == [b"1", b"2"]


def test_what_is_excluded_is_neither_written_nor_read(tmp_path):
    saving.to_disk(tmp_path, {"a": lambda: b"1", "b": lambda: b"2"}, ["b"])
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    read = []
    saving.from_disk(tmp_path, {"a": read.append, "b": read.append}, ["b"])
    assert read == [b"1"]


def test_a_part_that_fails_leaves_what_was_there(tmp_path):
    def fail():
        raise OSError("disk full")

    saving.to_disk(tmp_path, {"a": lambda: b"old"}, [])
    with pytest.raises(OSError, match="disk full"):
        saving.to_disk(tmp_path, {"a": fail}, [])
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"old")]
