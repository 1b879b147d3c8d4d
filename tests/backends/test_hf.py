"""The backend's life beside its answers; what it answers is tested with every family of models."""

import pickle
import shutil
from pathlib import Path

import pytest

from spacy_el4ner.backends.decoding.runner import Runner
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.types import DecodeRequest, Prompt, ScoreRequest, Window
from tests.tiny import LABELS, save_family
from tests.tiny_tokenizers import TEXTS


@pytest.fixture(scope="module", params=["compact", "qwen2"])
def backend(request, tmp_path_factory):
    return HFBackend(str(save_family(tmp_path_factory.mktemp(request.param), request.param)))


def window(text: str) -> Window:
    tokens, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        tokens.append((start, at))
    return Window(text, 0, tuple(tokens))


WINDOWS = [window(text) for text in TEXTS]


def requests():
    format = InlineTags()
    template = PromptTemplate("en", format)
    return [DecodeRequest(template.extraction(w, (), LABELS), format.grammar(w)) for w in WINDOWS]


def test_a_token_has_an_offset_and_a_log_probability(backend):
    for answer in backend.decode(requests()):
        assert len(answer.offsets) == len(answer.logprobs) > 0
        assert all(logprob <= 1e-9 for logprob in answer.logprobs)


def test_a_small_batch_limit_changes_nothing(backend):
    whole = backend.decode(requests())
    backend.batch_tokens, before = 64, backend.batch_tokens
    try:
        small = backend.decode(requests())
    finally:
        backend.batch_tokens = before
    assert [a.text for a in whole] == [a.text for a in small]


def test_no_pass_over_options_reads_more_than_the_batch_limit(backend, monkeypatch):
    """A question has a row for every place where its options part."""
    options = tuple(f"{a} of {b}" for a in ("Bill", "Ann", "who") for b in ("Paris", "it", "them"))
    asked = [ScoreRequest(Prompt("", w.text, " what :"), options) for w in WINDOWS]
    whole = backend.score(asked)
    backend.forget()
    read, call = [], Runner._call

    def counted(self, module, inputs, cache, **settings):
        read.append(inputs.mask.numel())
        return call(self, module, inputs, cache, **settings)

    monkeypatch.setattr(Runner, "_call", counted)
    longest = max(backend.count_prompt(r.prompt) for r in asked)
    monkeypatch.setattr(backend, "batch_tokens", 6 * longest)
    small = backend.score(asked)
    assert max(read) <= backend.batch_tokens
    assert [p for row in small for p in row] == pytest.approx([p for r in whole for p in r], abs=1e-4)


def test_a_backend_without_its_adapter_has_all_of_its_other_settings():
    settings = {
        "revision": "v2",
        "dtype": "bfloat16",
        "device": "cuda:1",
        "device_map": "auto",
        "attention": "eager",
        "quantization": {"load_in_8bit": True},
        "context": 300,
        "batch_tokens": 99,
        "decoder": "constrained",
        "use_chat_template": False,
        "local_files_only": True,
        "trust_remote_code": True,
    }
    tuned = HFBackend("some/model", adapter="adapter", adapter_revision="v1", **settings)
    tuned.bundle = Path("folder")

    def held(backend):
        return {key: value for key, value in vars(backend).items() if key != "_prefixes"}

    expected = HFBackend("some/model", **settings)
    expected.bundle = tuned.bundle
    assert held(tuned.without_adapter()) == held(expected)
    assert tuned.adapter == "adapter"
    # A revision is one of its own model.
    expected = HFBackend("another/model", **{**settings, "revision": None})
    expected.bundle = tuned.bundle
    assert held(tuned.without_adapter("another/model")) == held(expected)


def test_another_model_has_a_context_of_its_own(backend):
    assert backend.context > 0
    with pytest.raises(ValueError, match="EL006"):
        _ = backend.without_adapter("/no/such/model").context


def test_unloading_frees_the_model_and_keeps_the_count(backend):
    backend.decode(requests()[:1])
    passes = backend.forward_passes
    backend.unload()
    assert backend._runner is None
    assert backend.forward_passes == passes > 0


def test_a_pickled_backend_answers_the_same(backend):
    copy = pickle.loads(pickle.dumps(backend))
    request = requests()[0]
    assert copy.decode([request])[0].text == backend.decode([request])[0].text


def test_a_model_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"(?s)EL006.*nowhere"):
        HFBackend(str(tmp_path / "nowhere")).decode(requests()[:1])


def test_an_adapter_of_the_hub_is_not_asked_for_where_only_local_files_count(backend, monkeypatch):
    def asked(*address, **_):
        raise AssertionError(address)

    monkeypatch.setattr("socket.getaddrinfo", asked)
    tuned = HFBackend(backend.model, adapter="some/adapter", local_files_only=True)
    with pytest.raises(ValueError, match=r"EL015.*some/adapter"):
        tuned.decode(requests()[:1])


def test_an_adapter_of_the_hub_is_taken_as_it_was_at_its_revision(backend, monkeypatch):
    asked = []

    def download(*address, **how):
        asked.append((*address, how))
        raise OSError("not there")

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    tuned = HFBackend(backend.model, adapter="some/adapter", adapter_revision="abc")
    with pytest.raises(ValueError, match=r"EL015.*not there"):
        tuned.decode(requests()[:1])
    assert asked == [("some/adapter", {"revision": "abc", "local_files_only": False})]
    assert tuned.identity != HFBackend(backend.model, adapter="some/adapter").identity


def test_a_model_is_known_by_what_is_in_its_folder(tmp_path):
    one = HFBackend(str(save_family(tmp_path / "one", "qwen2", seed=0)))
    moved = HFBackend(str(shutil.copytree(tmp_path / "one", tmp_path / "moved")))
    assert moved.identity == one.identity
    before = one.identity
    save_family(tmp_path / "one", "qwen2", seed=1)
    assert one.identity != before


def test_the_type_that_is_computed_in_is_part_of_what_answers_depend_on(backend):
    assert backend.identity["dtype"] == "float32"
    assert HFBackend(backend.model, device="cuda:0").identity["dtype"] == "auto"


@pytest.mark.parametrize(("native", "dtype"), [(True, "bfloat16"), (False, "float32")])
def test_the_fast_type_is_that_of_the_processor(backend, monkeypatch, native, dtype):
    monkeypatch.setattr("spacy_el4ner.backends.device.fast_bfloat16", lambda device: native)
    assert HFBackend(backend.model, dtype="fast").identity["dtype"] == dtype


@pytest.mark.parametrize(("device_map", "dtype"), [("auto", "auto"), ("cpu", "float32")])
def test_the_weights_decide_the_type_of_a_model_that_is_spread(backend, device_map, dtype):
    spread = HFBackend(backend.model, device_map=device_map)
    assert spread.identity["dtype"] == dtype
