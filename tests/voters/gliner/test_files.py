"""The folder of a GLiNER model, checked before it is read."""

import json
import shutil

import pytest

from spacy_el4ner.voters.gliner.files import check, fetched
from tests.tiny_gliner import save_gliner


@pytest.fixture
def copy(span_folder, tmp_path):
    shutil.copytree(span_folder, tmp_path / "copy")
    return tmp_path / "copy"


def edit(path, **settings):
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


def test_a_model_as_the_library_saves_it_is_complete(folder):
    check(folder, "tiny")


def test_pickled_weights_are_refused_with_the_way_to_convert_them(copy):
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"\[EL379\].*lacks model\.safetensors.*safe_serialization"):
        check(copy, "tiny")


def test_safetensors_of_another_name_do_not_let_the_library_read_a_pickle(copy):
    (copy / "model.safetensors").rename(copy / "other.safetensors")
    (copy / "pytorch_model.bin").write_bytes(b"pickled")
    with pytest.raises(ValueError, match=r"\[EL379\].*model\.safetensors"):
        check(copy, "tiny")


def test_an_encoder_that_would_be_looked_up_elsewhere_is_refused(copy):
    edit(copy / "gliner_config.json", encoder_config=None)
    with pytest.raises(ValueError, match=r"\[EL379\].*encoder_config in gliner_config\.json"):
        check(copy, "tiny")


@pytest.mark.parametrize("file", ["gliner_config.json", "tokenizer_config.json"])
def test_a_folder_without_one_of_the_files_is_refused(copy, file):
    (copy / file).unlink()
    with pytest.raises(ValueError, match=rf"\[EL379\].*{file}"):
        check(copy, "tiny")


def test_a_tokenizer_of_the_labels_that_would_be_looked_up_elsewhere_is_refused(tmp_path):
    folder = save_gliner(tmp_path / "apart", "labels apart")
    shutil.rmtree(folder / "labels_tokenizer")
    with pytest.raises(ValueError, match=r"\[EL379\].*labels_tokenizer/tokenizer_config\.json"):
        check(folder, "tiny")


@pytest.mark.parametrize(
    "code", [{"auto_map": {"AutoModel": "evil/code--m.C"}}, {"_attn_implementation": "evil/kernel"}]
)
def test_code_that_the_config_of_the_encoder_names_is_refused(copy, code):
    encoder = json.loads((copy / "gliner_config.json").read_text())["encoder_config"]
    edit(copy / "gliner_config.json", encoder_config={**encoder, **code})
    with pytest.raises(ValueError, match=r"\[EL378\].*gliner_config\.json names code.*evil"):
        check(copy, "tiny")


def test_code_that_the_config_of_the_tokenizer_names_is_refused(copy):
    edit(copy / "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil/code--t.T", None]})
    with pytest.raises(ValueError, match=r"\[EL378\].*tokenizer_config\.json names code"):
        check(copy, "tiny")


@pytest.mark.parametrize(
    "settings",
    [{"relations_layer": "dot"}, {"labels_decoder": "gpt2"}, {"model_type": "gliner_streaming_span"}],
)
def test_a_model_of_another_kind_is_refused(copy, settings):
    edit(copy / "gliner_config.json", **settings)
    with pytest.raises(ValueError, match=r"\[EL378\].*a model with .* cannot vote"):
        check(copy, "tiny")


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000])
def test_a_damaged_config_is_refused(copy, text):
    (copy / "gliner_config.json").write_text(text)
    with pytest.raises(ValueError, match=r"\[EL378\].*gliner_config\.json"):
        check(copy, "tiny")


def test_a_name_that_is_not_on_this_machine_is_an_error_without_the_network():
    with pytest.raises(ValueError, match=r"\[EL378\].*nobody/nothing"):
        fetched("nobody/nothing", "nobody/nothing", revision=None, local_only=True)


def test_a_model_in_the_cache_of_the_hub_needs_no_network(span_folder, tmp_path, monkeypatch):
    commit = "0" * 40
    cached = tmp_path / "models--some--tiny"
    shutil.copytree(span_folder, cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    folder = fetched("some/tiny", "some/tiny", revision=None, local_only=True)
    assert folder == cached / "snapshots" / commit
    check(folder, "some/tiny")
