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


def test_an_added_link_to_a_folder_is_refused(folder, tmp_path_factory):
    (folder / "sub" / "linked").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(ValueError, match=r"EL085.*sub/linked"):
        manifest.verify(folder)


def test_an_added_empty_folder_is_refused(folder):
    (folder / "more" / "empty").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"EL085.*more/empty"):
        manifest.verify(folder)


def test_a_link_that_leads_elsewhere_now_is_refused(folder, tmp_path_factory):
    first, second = (tmp_path_factory.mktemp("elsewhere") for _ in range(2))
    (folder / "linked").symlink_to(first)
    manifest.write(folder)
    manifest.verify(folder)
    (folder / "linked").unlink()
    (folder / "linked").symlink_to(second)
    with pytest.raises(ValueError, match=r"EL084.*linked"):
        manifest.verify(folder)


def test_a_folder_without_its_empty_folders_is_accepted(folder):
    (folder / "empty").mkdir()
    manifest.write(folder)
    manifest.verify(folder)
    (folder / "empty").rmdir()  # as in a wheel
    manifest.verify(folder)
