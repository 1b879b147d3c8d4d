import json

import pytest

from spacy_el4ner.storage.trusted import check_encoder, check_weights


def modules(folder, *kinds, name="modules.json"):
    folder.mkdir(exist_ok=True, parents=True)
    entries = [{"idx": n, "path": str(n), "type": kind} for n, kind in enumerate(kinds)]
    (folder / name).write_text(json.dumps(entries))
    return folder


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "adapter_model.bin", "model.pt", "sub/pytorch_model-00001-of-2.bin"]
)
def test_pickled_weights_are_refused(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(ValueError, match=r"EL235.*the model.*safetensors"):
        check_weights(tmp_path, "the model")


def test_pickled_weights_beside_safe_ones_are_not_read(tmp_path):
    for name in ("pytorch_model.bin", "model.safetensors", "training_args.bin"):
        (tmp_path / name).touch()
    check_weights(tmp_path, "the model")


def test_classes_of_the_library_are_trusted(tmp_path):
    kinds = "sentence_transformers.models.Transformer", "sentence_transformers.models.Pooling"
    check_encoder(modules(tmp_path / "m", *kinds), "the model")


@pytest.mark.parametrize(
    "kind", ["own_code.Module", "os.system", "sentence_transformers_own.Module", None, 1]
)
def test_classes_of_others_are_refused(tmp_path, kind):
    with pytest.raises(ValueError, match="EL236"):
        check_encoder(modules(tmp_path / "m", "sentence_transformers.models.Pooling", kind), "m")


def test_classes_of_a_router_are_checked(tmp_path):
    folder = modules(tmp_path / "m", "sentence_transformers.models.Router")
    (folder / "router_config.json").write_text(json.dumps({"types": {"query_0": "own.Module"}}))
    with pytest.raises(ValueError, match=r"EL236.*own\.Module"):
        check_encoder(folder, "m")


@pytest.mark.parametrize("name", ["own_code.py", "1_Own/module.py", "native.so"])
def test_code_is_refused(tmp_path, name):
    folder = modules(tmp_path / "m", "sentence_transformers.models.Transformer")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).touch()
    with pytest.raises(ValueError, match="EL236"):
        check_encoder(folder, "m")


@pytest.mark.parametrize("content", ["{", "[" * 100_000, "\ud800"])
def test_a_damaged_list_of_modules_is_refused(tmp_path, content):
    folder = modules(tmp_path / "m")
    (folder / "modules.json").write_bytes(content.encode("utf8", errors="surrogatepass"))
    with pytest.raises(ValueError, match="EL236"):
        check_encoder(folder, "m")
