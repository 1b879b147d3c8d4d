import pytest

from spacy_el4ner.storage import manifest


@pytest.fixture
def folder(tmp_path):
    """A folder with a manifest."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "a").write_bytes(b"first")
    (tmp_path / "sub" / "b").write_bytes(b"second")
    manifest.write(tmp_path)
    return tmp_path


def test_what_was_saved_is_accepted(folder):
    manifest.verify(folder)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("sub/b", None, "EL083"),
        ("sub/b", b"SECOND", "EL084"),
        ("sub/b", b"sec", "EL084"),
        ("sub/b", b"", "EL084"),
        ("sub/c", b"more", "EL085"),
        ("sub/README.md", b"more", "EL085"),
        (manifest.NAME, b"", "EL082"),
        (manifest.NAME, b'{"format": 1, "fil', "EL082"),
        (manifest.NAME, b'{"format": 2, "files": {}}', "EL082"),
        (manifest.NAME, b'{"format": 1, "files": {"a": "b"}}', "EL082"),
        (manifest.NAME, b"[]", "EL082"),
        (manifest.NAME, b"\xff\xfe", "EL082"),
    ],
)
def test_what_is_damaged_is_refused_by_name(folder, name, content, code):
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=code) as error:
        manifest.verify(folder)
    assert name in str(error.value)


def test_what_spacy_package_writes_is_no_part_of_it(folder):
    (folder / "README.md").write_text("A model.")
    (folder / "meta.json").write_text("{}")
    manifest.verify(folder)
