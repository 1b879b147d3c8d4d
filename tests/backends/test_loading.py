import gc
import json
import shutil

import pytest
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.backends.loading import _thaw, freeze
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.types import DecodeRequest, Prompt, ScoreRequest
from tests.backends.test_hf import WINDOWS
from tests.tiny import save_compact

REQUESTS = [DecodeRequest(Prompt("", w.text, " copy :"), InlineTags().grammar(w)) for w in WINDOWS]

# PEFT asks for an attribute that transformers 5 deprecates, when it makes an adapter.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.is_gradient_checkpointing. is deprecated:FutureWarning"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(save_compact(tmp_path_factory.mktemp("base"), 5))


@pytest.fixture(scope="module")
def adapters(folder, tmp_path_factory):
    found = []
    for seed in (1, 2):
        model = AutoModelForCausalLM.from_pretrained(folder)
        config = LoraConfig(r=4, target_modules=["query", "value"], init_lora_weights=False)
        torch.manual_seed(seed)
        tuned = get_peft_model(model, config)
        out = tmp_path_factory.mktemp(f"adapter{seed}")
        tuned.save_pretrained(str(out))
        found.append(str(out))
    return found


def answers(backend):
    return [(a.text, a.logprobs) for a in backend.decode(REQUESTS)]


def test_backends_of_one_model_share_it(folder):
    one, two = HFBackend(folder), HFBackend(folder)
    one.decode(REQUESTS[:1])
    two.decode(REQUESTS[:1])
    assert one._loaded is two._loaded


def test_backends_that_hold_it_differently_do_not_share_it(folder):
    one, two = HFBackend(folder), HFBackend(folder, dtype="bfloat16")
    one.decode(REQUESTS[:1])
    two.decode(REQUESTS[:1])
    assert one._loaded is not two._loaded


def test_settings_of_any_depth_are_hashed_and_come_back_as_they_were():
    given = {"skip": ["lm_head", ["a", {"b": [1, 2]}]], "kind": {"bits": 8, "of": []}, "on": True}
    frozen = freeze(given)
    assert hash(frozen) == hash(freeze(dict(reversed(given.items()))))
    assert _thaw(frozen) == given


@pytest.mark.parametrize("device_map", [None, "cpu"])
def test_a_quantized_model_is_put_where_it_belongs_and_not_moved(folder, monkeypatch, device_map):
    given = {"load_in_8bit": True, "llm_int8_skip_modules": ["lm_head"]}
    asked = []

    def immovable(*args, **kwargs):
        raise ValueError("`.to` is not supported for `8-bit` bitsandbytes models.")

    def quantized(*args, quantization_config, **kwargs):
        asked.append((quantization_config, kwargs["device_map"]))
        found, info = read_whole(*args, **kwargs)
        monkeypatch.setattr(found, "to", immovable)
        return found, info

    read_whole = AutoModelForCausalLM.from_pretrained
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", quantized)
    backend = HFBackend(folder, quantization=given, device="cpu", device_map=device_map)
    assert backend.decode(REQUESTS[:1])[0].text
    assert asked == [(given, device_map or {"": "cpu"})]


def test_a_model_that_was_saved_quantized_is_not_moved_either(tmp_path, monkeypatch):
    saved = save_compact(tmp_path / "saved", 5)
    config = json.loads((saved / "config.json").read_text())
    kind = {"quant_method": "bitsandbytes", "load_in_8bit": True}
    (saved / "config.json").write_text(json.dumps({**config, "quantization_config": kind}))
    asked = []

    def quantized(*args, device_map=None, **kwargs):
        asked.append(device_map)
        raise OSError("needs bitsandbytes")

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", quantized)
    with pytest.raises(ValueError, match=r"EL006.*needs bitsandbytes"):
        HFBackend(str(saved), device="cpu").decode(REQUESTS[:1])
    assert asked == [{"": "cpu"}]


def test_a_shared_model_is_freed_with_its_last_backend(folder):
    import weakref

    one, two = HFBackend(folder), HFBackend(folder)
    one.decode(REQUESTS[:1])
    two.decode(REQUESTS[:1])
    alive = weakref.ref(one._loaded)
    one.unload()
    gc.collect()
    assert alive() is two._loaded
    two.unload()
    gc.collect()
    assert alive() is None


def test_adapters_on_a_shared_base_do_not_disturb_each_other(folder, adapters):
    alone = [answers(HFBackend(folder, adapter=name)) for name in (None, *adapters)]
    gc.collect()
    backends = [HFBackend(folder, adapter=name) for name in (None, *adapters)]
    for _ in range(2):
        together = [answers(backend) for backend in backends]
        for a, b in zip(together, alone, strict=True):
            for (text, logprobs), (expected, others) in zip(a, b, strict=True):
                assert text == expected
                assert logprobs == pytest.approx(others, abs=1e-5)
    assert backends[0]._loaded is backends[1]._loaded is backends[2]._loaded
    assert alone[0] != alone[1] != alone[2]


def rounded(backend):
    return [(text, [round(logprob, 3) + 0.0 for logprob in found]) for text, found in answers(backend)]


def replaced(folder, by):
    """A folder in which other files lie from now on."""
    shutil.rmtree(folder)
    return str(shutil.copytree(by, folder))


def test_a_model_that_is_replaced_is_read_anew_and_the_old_one_keeps_its_identity(tmp_path):
    first, second = (save_compact(tmp_path / str(seed), seed) for seed in (5, 6))
    live = str(shutil.copytree(first, tmp_path / "live"))
    old = HFBackend(live)
    expected = rounded(old)
    replaced(live, second)
    new = HFBackend(live)
    assert rounded(new) == rounded(HFBackend(str(second))) != expected
    assert new.identity == HFBackend(str(second)).identity
    assert rounded(old) == expected
    assert old.identity == HFBackend(str(first)).identity
    old.unload()
    assert rounded(old) == rounded(new)
    assert old.identity == new.identity


def test_an_adapter_that_is_replaced_is_read_anew(folder, adapters, tmp_path):
    live = str(shutil.copytree(adapters[0], tmp_path / "live"))
    old = HFBackend(folder, adapter=live)
    expected = rounded(old)
    replaced(live, adapters[1])
    new = HFBackend(folder, adapter=live)
    assert rounded(new) == rounded(HFBackend(folder, adapter=adapters[1])) != expected
    assert rounded(old) == expected
    assert old.identity == HFBackend(folder, adapter=adapters[0]).identity != new.identity


def test_an_adapter_changes_scores_too(folder, adapters):
    request = [ScoreRequest(Prompt("", "Bill paid", " what :"), ("PERSON", "GPE"))]
    assert HFBackend(folder).score(request)[0] != pytest.approx(
        HFBackend(folder, adapter=adapters[0]).score(request)[0], abs=1e-3
    )


def test_an_adapter_that_does_not_exist_is_named(folder, tmp_path):
    missing = str(tmp_path / "missing")
    with pytest.raises(ValueError, match=r"(?s)EL015.*missing"):
        HFBackend(folder, adapter=missing).decode(REQUESTS[:1])


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("kind", ["Mamba", "MiniMax", "GPTBigCode"])
def test_a_model_without_keys_and_values_is_refused(tmp_path, folder, kind):
    if kind == "GPTBigCode" and not transformers.__version__.startswith("4."):
        pytest.skip("that of transformers 4 is meant")
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 2000}
    config = getattr(transformers, f"{kind}Config")(**sizes, bos_token_id=0, eos_token_id=0)
    getattr(transformers, f"{kind}ForCausalLM")(config).save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        try:
            shutil.copy(f"{folder}/{name}", tmp_path / name)
        except FileNotFoundError:
            continue
    with pytest.raises(ValueError, match=rf"EL016.*{kind}ForCausalLM"):
        HFBackend(str(tmp_path)).decode(REQUESTS[:1])


def pickled(folder, target, name):
    """A copy of a model or an adapter whose weights are a pickle."""
    shutil.copytree(folder, target)
    (weights,) = target.glob("*.safetensors")
    torch.save(load_file(weights), target / name)
    weights.unlink()
    return str(target)


def test_a_pickled_model_is_refused(folder, tmp_path):
    model = pickled(folder, tmp_path / "model", "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"EL235.*pytorch_model\.bin.*safetensors"):
        HFBackend(model).decode(REQUESTS[:1])


def test_the_code_of_a_model_is_not_run(folder, tmp_path):
    model, ran = tmp_path / "model", tmp_path / "ran"
    shutil.copytree(folder, model)
    (model / "other.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    config = json.loads((model / "config.json").read_text())
    kinds = {"AutoConfig": "other.Config", "AutoModelForCausalLM": "other.Model"}
    config |= {"model_type": "of-its-own", "auto_map": kinds}
    (model / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="EL006"):
        HFBackend(str(model)).decode(REQUESTS[:1])
    assert not ran.exists()


def test_a_pickled_adapter_is_refused(folder, adapters, tmp_path):
    adapter = pickled(adapters[0], tmp_path / "adapter", "adapter_model.bin")
    with pytest.raises(ValueError, match=r"EL235.*adapter_model\.bin"):
        HFBackend(folder, adapter=adapter).decode(REQUESTS[:1])
