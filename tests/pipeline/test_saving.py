import numpy as np
import pytest
import spacy
import srsly

from spacy_el4ner.pipeline import saving
from spacy_el4ner.pipeline.saving import save_pipeline
from spacy_el4ner.retrieval.encoders import SentenceTransformerEncoder
from spacy_el4ner.retrieval.gold import gold_demonstrations
from spacy_el4ner.storage import manifest
from tests.pipeline.ensembles import gold, pipeline


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


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xc1", b"\x01", srsly.msgpack_dumps({"a": b"1"})])
def test_bytes_that_lack_a_part_are_refused_and_change_nothing(data):
    read = []
    with pytest.raises(ValueError, match="EL316"):
        saving.from_bytes(data, {"a": read.append, "b": read.append}, [])
    assert read == []


def test_a_part_that_is_excluded_may_be_missing():
    read = []
    data = srsly.msgpack_dumps({"a": b"1"})
    saving.from_bytes(data, {"a": read.append, "b": read.append}, ["b"])
    assert read == [b"1"]


@pytest.fixture
def saved(tmp_path):
    """A pipeline and its folder; nothing loads its model."""
    nlp = pipeline(["some/model"])
    save_pipeline(nlp, tmp_path / "saved")
    return nlp, tmp_path / "saved"


def test_a_saved_pipeline_is_loaded(saved):
    nlp, folder = saved
    assert spacy.load(folder).get_pipe("llm_ensemble_ner").labels == (
        nlp.get_pipe("llm_ensemble_ner").labels
    )
    assert [path.name for path in folder.parent.iterdir()] == ["saved"]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("llm_ensemble_ner/labels", None, "EL083"),
        ("llm_ensemble_ner/labels", b"\x80", "EL084"),
        ("llm_ensemble_ner/more", b"", "EL085"),
        ("llm_ensemble_ner/el4ner-manifest.json", b"{", "EL08[24]"),
    ],
)
def test_a_damaged_component_is_refused(saved, tmp_path, whole, name, content, code):
    nlp, folder = saved
    if not whole:
        folder = tmp_path / "by_spacy"
        nlp.to_disk(folder)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=code) as error:
        spacy.load(folder)
    assert name.rpartition("/")[2] in str(error.value)


def test_a_change_beside_the_component_is_refused(saved):
    _, folder = saved
    config = folder / "config.cfg"
    config.write_text(config.read_text(encoding="utf8").replace("k = 5", "k = 6"), encoding="utf8")
    with pytest.raises(ValueError, match=r"EL084.*config\.cfg"):
        spacy.load(folder)


def test_spacy_may_save_over_it(saved):
    nlp, folder = saved
    nlp.get_pipe_config("llm_ensemble_ner")["k"] = 6
    nlp.to_disk(folder)
    assert spacy.load(folder).get_pipe("llm_ensemble_ner").cfg["k"] == 6


def test_a_folder_that_is_not_there_is_refused(saved, tmp_path):
    nlp, _ = saved
    with pytest.raises(ValueError, match=r"EL083.*nowhere"):
        nlp.get_pipe("llm_ensemble_ner").from_disk(tmp_path / "nowhere")


def test_a_pipeline_without_its_manifests_is_loaded(saved):
    _, folder = saved
    for listing in folder.rglob(manifest.NAME):
        listing.unlink()
    assert spacy.load(folder).get_pipe("llm_ensemble_ner").labels


def test_no_saved_byte_has_a_key(tmp_path, monkeypatch):
    secret = "sk-canary-5f2c9e"
    monkeypatch.setenv("EL4NER_CANARY", secret)
    backend = {
        "@el4ner_backends": "spacy-el4ner.OpenAIBackend.v1",
        "model": "large",
        "base_url": "http://localhost:9/v1",
        "api_key_env": "EL4NER_CANARY",
    }
    block = {"@el4ner_voters": "spacy-el4ner.PromptedVoter.v1", "backend": backend}
    nlp = pipeline([], voters={"served": block})
    save_pipeline(nlp, tmp_path / "saved")
    saved = [path.read_bytes() for path in (tmp_path / "saved").rglob("*") if path.is_file()]
    assert any(b"EL4NER_CANARY" in content for content in saved)
    assert not any(secret.encode() in content for content in [*saved, nlp.to_bytes()])


def save_with_pool(folder, monkeypatch, retriever):
    """Save a pipeline with demonstrations, without any model."""
    monkeypatch.setattr(SentenceTransformerEncoder, "encode", lambda _, texts: np.eye(len(texts), 3))
    nlp = pipeline(["some/model"], retriever=retriever)
    component = nlp.get_pipe("llm_ensemble_ner")
    component.pool.take(gold_demonstrations(e.reference for e in gold(nlp)), component.retriever)
    save_pipeline(nlp, folder)


@pytest.mark.parametrize(
    ("first", "second", "missing"),
    [
        ("RandomDemonstrations", "SentenceSimilarity", "encoder, vectors"),
        ("RandomDemonstrations", "SpanSimilarity", "encoder, vectors, spans"),
        ("SentenceSimilarity", "SpanSimilarity", "spans"),
    ],
)
def test_an_index_of_another_retriever_is_refused_on_loading(
    tmp_path, monkeypatch, first, second, missing
):
    save_with_pool(tmp_path, monkeypatch, {"@el4ner_retrievers": f"spacy-el4ner.{first}.v1"})
    retriever = {"@el4ner_retrievers": f"spacy-el4ner.{second}.v1"}
    with pytest.raises(ValueError, match=rf"EL126.*{second}.*: {missing}\. .*nlp\.initialize"):
        spacy.load(tmp_path, config={"components": {"llm_ensemble_ner": {"retriever": retriever}}})


@pytest.mark.parametrize("kind", ["SentenceSimilarity", "SpanSimilarity"])
def test_an_index_of_another_encoder_is_refused_on_loading(tmp_path, monkeypatch, kind):
    encoder = {"@el4ner_encoders": "spacy-el4ner.SentenceTransformer.v1", "model": "first"}
    retriever = {"@el4ner_retrievers": f"spacy-el4ner.{kind}.v1", "encoder": encoder}
    save_with_pool(tmp_path, monkeypatch, retriever)
    changed = {"components": {"llm_ensemble_ner": {"retriever": {"encoder": {"model": "second"}}}}}
    with pytest.raises(ValueError, match=r"EL012.*'first'.*'second'.*nlp\.initialize"):
        spacy.load(tmp_path, config=changed)


@pytest.mark.parametrize("place", ["", "models/", "labels/"])
@pytest.mark.parametrize("saved_before", [True, False])
def test_a_component_is_not_saved_over_what_is_not_its_own(tmp_path, place, saved_before):
    writers = {"labels": lambda: b"1"}
    folder = tmp_path / "folder"
    if saved_before:
        saving.to_disk(folder, {"part": lambda: b"1"}, [])
    (folder / place).mkdir(parents=True, exist_ok=True)
    (folder / place / "thesis.txt").write_text("years of work")
    if place == "labels/":
        writers = {"part": writers.pop("labels")}
    with pytest.raises(ValueError, match="EL130"):
        saving.to_disk(folder, writers, [])
    assert (folder / place / "thesis.txt").read_text() == "years of work"


def test_a_component_is_not_saved_over_a_file(tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(ValueError, match="EL130"):
        saving.to_disk(tmp_path / "file", {"a": lambda: b"1"}, [])
    assert (tmp_path / "file").read_text() == "precious"


def test_a_component_is_saved_over_an_older_one_and_into_an_empty_folder(tmp_path):
    (tmp_path / "folder").mkdir()
    for names in ("ab", "bc"):
        saving.to_disk(tmp_path / "folder", {name: lambda: b"1" for name in names}, [])
    (tmp_path / "folder" / manifest.NAME).unlink()
    saving.to_disk(tmp_path / "folder", {"b": lambda: b"2", "c": lambda: b"2"}, [])
    assert (tmp_path / "folder" / "c").read_bytes() == b"2"


@pytest.mark.parametrize("name", ["notes.txt", "corpus/train.spacy", "assets/"])
@pytest.mark.parametrize("by_spacy", [True, False])
def test_a_pipeline_is_not_saved_over_other_files(tmp_path, name, by_spacy):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    folder = tmp_path / "project"
    if by_spacy:
        nlp.to_disk(folder)
    else:
        save_pipeline(nlp, folder)
    save_pipeline(nlp, folder)
    if by_spacy:
        (folder / manifest.NAME).unlink()
    other = folder / name
    other.parent.mkdir(exist_ok=True)
    other.mkdir() if name.endswith("/") else other.write_text("own")
    with pytest.raises(ValueError, match="EL130"):
        save_pipeline(nlp, folder)
    assert other.exists()
