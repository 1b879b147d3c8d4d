import pytest

from spacy_el4ner.retrieval.encoders import SentenceTransformerEncoder


def test_the_revision_of_an_encoder_is_asked_for(monkeypatch):
    asked = {}
    monkeypatch.setattr(
        "sentence_transformers.SentenceTransformer", lambda name, **how: asked.update(how, name=name)
    )
    monkeypatch.setattr("sentence_transformers.util.load_file_path", lambda *_, **__: None)
    _ = SentenceTransformerEncoder("some/encoder", revision="v2").model
    assert (asked["name"], asked["revision"]) == ("some/encoder", "v2")


@pytest.mark.parametrize(("there", "place"), [(True, "cuda"), (False, "cpu")])
def test_an_encoder_takes_a_gpu_where_there_is_one(monkeypatch, there, place):
    monkeypatch.setattr("torch.cuda.is_available", lambda: there)
    assert SentenceTransformerEncoder("some/encoder").place == place
    assert SentenceTransformerEncoder("some/encoder", device="cuda:1").place == "cuda:1"


def test_an_encoder_of_the_hub_is_checked_before_it_is_loaded(monkeypatch, tmp_path):
    (tmp_path / "modules.json").write_text('[{"type": "own_code.Module"}]')
    monkeypatch.setattr("sentence_transformers.SentenceTransformer", pytest.fail)
    monkeypatch.setattr(
        "sentence_transformers.util.load_file_path", lambda _, name, **__: tmp_path / name
    )
    with pytest.raises(ValueError, match=r"EL236.*own_code\.Module"):
        _ = SentenceTransformerEncoder("some/encoder").model
