import pytest
import spacy

from spacy_el4ner.packaging.models import Models, extras_of
from tests.strategies import sentence


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


def packaged(block, tmp_path):
    """A block of a voter, as it is packaged, and the voter that a loaded component makes of it."""
    from spacy_el4ner.registry import registry

    component = tmp_path / "component"
    taken = Models(component, include=True).taken(block, "voter")
    voter = registry.resolve({"voter": taken})["voter"]
    voter.bundle = component / "models"
    return taken, voter


def test_a_list_of_names_is_packaged_with_its_voter(tmp_path):
    (tmp_path / "names.jsonl").write_text('{"name": "Bonn", "label": "GPE"}')
    block = {"@el4ner_voters": "spacy-el4ner.GazetteerVoter.v1", "names": str(tmp_path / "names.jsonl")}
    taken, voter = packaged(block, tmp_path)
    assert taken["names"] == "bundled:names"
    assert list(voter.own_labels()) == ["GPE"]


def test_a_pipeline_is_packaged_with_its_voter_but_without_code(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "GPE", "pattern": "Bonn"}])
    nlp.to_disk(tmp_path / "ruler")
    (tmp_path / "ruler" / "functions.py").write_text("raise SystemExit")
    block = {"@el4ner_voters": "spacy-el4ner.SpacyVoter.v1", "pipeline": str(tmp_path / "ruler")}
    taken, voter = packaged(block, tmp_path)
    assert taken["pipeline"] == "bundled:ruler"
    assert [t.label for t in voter.find([sentence("in Bonn")], {})[0]] == ["GPE"]
    assert not list((tmp_path / "component").rglob("*.py"))


def test_an_installed_pipeline_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "spacy_el4ner.packaging.models.is_package", lambda name: name == "some_pipeline"
    )
    block = {"@el4ner_voters": "spacy-el4ner.SpacyVoter.v1", "pipeline": "some_pipeline"}
    models = Models(tmp_path / "component", include=True)
    assert models.taken(block, "voter") == block
    assert [model.source for model in models.collected] == ["some_pipeline"]


@pytest.mark.parametrize(
    ("block", "extra"),
    [
        ({"@el4ner_retrievers": "spacy-el4ner.BM25.v1"}, ["bm25"]),
        ({"@el4ner_voters": "spacy-el4ner.GLiNERVoter.v1", "model": "some/model"}, ["gliner"]),
        ({"@el4ner_backends": "spacy-el4ner.LlamaCppBackend.v1", "model": "a.gguf"}, ["llamacpp"]),
        ({"@el4ner_backends": "spacy-el4ner.OpenAIBackend.v1", "model": "m"}, ["server"]),
        ({"@el4ner_backends": "spacy-el4ner.HFBackend.v1", "model": "a.gguf"}, ["gguf"]),
        ({"@el4ner_backends": "spacy-el4ner.HFBackend.v1", "model": "smollm2-135m"}, ["gguf"]),
        ({"@el4ner_backends": "spacy-el4ner.HFBackend.v1", "model": "some/model"}, []),
    ],
)
def test_a_package_requires_the_extras_of_its_blocks(block, extra):
    assert extras_of({"pipe": {"voters": {"one": {"backend": block}}}}) == extra
