import pytest

from spacy_el4ner.packaging.models import Models


def taken(folder, tmp_path):
    """A block with a model, as it is packaged."""
    block = {"@el4ner_backends": "spacy-el4ner.HFBackend.v1", "model": str(folder)}
    return Models(tmp_path / "component", include=True).taken(block, "backend")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model" / "sub").mkdir(parents=True)
    (tmp_path / "model" / "model.safetensors").write_bytes(b"weights")
    return tmp_path / "model"


@pytest.mark.parametrize("name", ["notes.txt", "sub/notes.txt", "other"])
def test_a_link_out_of_the_folder_is_refused(folder, tmp_path, name):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "notes.txt").write_text("of another folder")
    target = tmp_path / "outside" / ("" if name == "other" else "notes.txt")
    (folder / name).symlink_to(target)
    with pytest.raises(ValueError, match=rf"EL237.*{name}"):
        taken(folder, tmp_path)
    assert not list(tmp_path.glob("component/models/*/notes.txt"))


def test_a_link_within_the_folder_is_copied(folder, tmp_path):
    (folder / "sub" / "same.safetensors").symlink_to(folder / "model.safetensors")
    assert taken(folder, tmp_path)["model"] == "bundled:model"
    copy = tmp_path / "component" / "models" / "model" / "sub" / "same.safetensors"
    assert copy.read_bytes() == b"weights"


def test_a_model_of_the_hub_cache_is_copied(tmp_path):
    cached = tmp_path / "models--a--b"
    (cached / "blobs").mkdir(parents=True)
    (cached / "blobs" / "1f").write_bytes(b"weights")
    snapshot = cached / "snapshots" / "main"
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").symlink_to("../../blobs/1f")
    assert taken(snapshot, tmp_path)["model"] == "bundled:main"
