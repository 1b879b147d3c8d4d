"""Sliding windows count tokens, whatever the slots of the cache hold: drafts and shared prefixes change
no answer. Where a model has no use for such masks, the plain loop answers and says so.
"""

import hypothesis.strategies as st
import pytest
import torch
import transformers
from hypothesis import given, settings
from transformers import AutoModelForCausalLM

from spacy_el4ner.backends.decoding import constrained, verified
from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.backends.decoding.masks import follows, from_positions, windows
from spacy_el4ner.backends.decoding.options import score
from spacy_el4ner.backends.decoding.prefixes import PrefixTree
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.types import DecodeRequest, Prompt, ScoreRequest
from tests.strategies import sentence
from tests.teacher import greedy
from tests.tiny import FAMILIES, HEADERS, SLIDES, Family, save_family
from tests.tiny_tokenizers import LLAMA_3

WINDOW = 8
SLIDING = {name: FAMILIES[name] for name in ("gemma2", "gemma3", "mistral", "phi3")}
if hasattr(transformers, "GptOssConfig"):
    experts = {"num_local_experts": 4, "num_experts_per_tok": 2}
    slides = {"layer_types": SLIDES["layer_types"], **experts}
    SLIDING["gpt_oss"] = Family(
        transformers.GptOssConfig,
        transformers.GptOssForCausalLM,
        LLAMA_3,
        HEADERS,
        "<|eot_id|>",
        slides,
    )
CHUNKED = Family(
    transformers.Llama4TextConfig,
    transformers.Llama4ForCausalLM,
    LLAMA_3,
    HEADERS,
    "<|eot_id|>",
    {"num_local_experts": 2, "attention_chunk_size": WINDOW, "intermediate_size_mlp": 48},
)
"""Chunks take the place of windows in most of its layers."""
FORMAT = InlineTags(("PER", "ORG"), max_tokens=3)
few = settings(deadline=None, max_examples=8)


@pytest.fixture(scope="module", params=SLIDING)
def backend(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    save_family(folder, SLIDING[request.param], 1, sliding_window=WINDOW)
    return HFBackend(str(folder))


ids = st.integers(5, 99)
answers = st.tuples(
    st.lists(ids, min_size=1, max_size=15),
    st.lists(st.sampled_from(["Bill", "paid", "Ann", "Acme"]), min_size=1, max_size=3),
)
"""The end of a prompt, and the words that are tagged after it."""
batches = st.tuples(
    st.lists(st.lists(ids, min_size=4, max_size=45), min_size=2, max_size=2),
    st.lists(st.tuples(st.integers(0, 1), answers), min_size=1, max_size=3),
)
"""The beginnings of prompts, and rows that go on from one of them: prompts of 5 to 60 tokens."""
biases = st.sampled_from([{}, {"open": 1.5}, {"open": -0.5, "close": 2.0}])


def asked(batch):
    beginnings, rows = batch
    prompts = [(tuple(beginnings[n]), tuple(end)) for n, (end, _) in rows]
    return prompts, [sentence(" ".join(words)) for _, (_, words) in rows]


def automata(tokens, sentences, bias):
    return [
        TokenAutomaton(FORMAT.grammar(w), tokens.piece, tokens.end, tokens.starts, bias)
        for w in sentences
    ]


@few
@given(batches, biases, st.sampled_from([0, 2**20]))
def test_both_decoders_answer_as_the_model_does_that_reads_everything_again(backend, batch, bias, room):
    prompts, sentences = asked(batch)
    places = automata(backend.tokens, sentences, bias)
    prefixes = PrefixTree(room)
    with backend._running() as runner:
        expected = [greedy(runner.model, sum(p, ()), a) for p, a in zip(prompts, places, strict=True)]
        plain = constrained.decode(runner, [sum(p, ()) for p in prompts], places)
        guesses = [
            [t for option in FORMAT.path(w, []) for t in backend.tokens.piece(option)]
            for w in sentences
        ]
        fast, again = (verified.decode(runner, prompts, places, guesses, prefixes) for _ in range(2))
    for (answer, margins), *found in zip(expected, plain, fast, again, strict=True):
        if min(margins) < 1e-4:  # the order of two equally likely tokens is anyone's guess
            continue
        for one in found:
            assert (one.text, one.offsets) == (answer.text, answer.offsets)
            assert one.logprobs == pytest.approx(answer.logprobs, abs=1e-4)


@few
@given(batches, st.sampled_from([0, 2**20]))
def test_options_score_as_in_a_plain_pass(backend, batch, room):
    prompts, _ = asked(batch)
    options = [((7, 3), (9, 8, 3), (9, 11, 3))] * len(prompts)
    prefixes = PrefixTree(room)
    with backend._running() as runner, torch.inference_mode():
        found, again = (score(runner, prompts, options, prefixes) for _ in range(2))
        for prompt, first, second in zip(prompts, found, again, strict=True):
            read = torch.tensor([[*sum(prompt, ()), 9]])
            logits = runner.model(read, use_cache=False).logits[0].double()
            outer = logits[-2, [7, 9]].log_softmax(-1)
            inner = logits[-1, [8, 11]].log_softmax(-1) + outer[1]
            expected = [outer[0].item(), *inner.tolist()]
            assert first == pytest.approx(expected, abs=1e-4)
            assert second == pytest.approx(expected, abs=1e-4)


def extractions(*texts):
    """Long tags make the answer, and with it the holes, much longer than the prompt."""
    format = InlineTags(("ORGANISATION_OF_ANY_KIND_AT_ALL", "PERSON_REAL_OR_FICTIONAL"), max_tokens=1)
    return [DecodeRequest(Prompt("", w.text, " Tag."), format.grammar(w)) for w in map(sentence, texts)]


def test_drafts_save_passes_at_any_length_and_no_warning_is_due(backend):
    asked = extractions("Bill paid Ann Lee of Acme in Paris today", "Who saw it")
    fast, plain = HFBackend.like(backend), HFBackend.like(backend)
    plain.decoder = "constrained"
    found, expected = fast.decode(asked), plain.decode(asked)
    assert [a.text for a in found] == [a.text for a in expected]
    assert fast.forward_passes < plain.forward_passes


@pytest.mark.filterwarnings("ignore:.WL004")
@pytest.mark.parametrize("width", [16, 60, 100, 150, 300])
def test_drafts_that_outgrow_a_window_of_slots_change_nothing(tmp_path, width):
    folder = str(save_family(tmp_path, "gpt_neo", 1, window_size=width))
    asked = extractions("Bill paid Ann Lee of Acme in Paris today", "Who saw it")
    plain, fast = (
        HFBackend(folder, decoder=decoder).decode(asked)
        for decoder in ("constrained", "draft_verified")
    )
    for one, other in zip(plain, fast, strict=True):
        assert one.text == other.text
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)


@pytest.mark.parametrize(("family", "code"), [("gpt_neo", "WL004"), ("mpt", "WL008")])
def test_it_is_said_once_that_the_plain_loop_answers(tmp_path, family, code):
    backend = HFBackend(str(save_family(tmp_path, family)))
    text = "Bill paid Ann Lee of Acme in Paris today"
    options = [
        ScoreRequest(Prompt("", text, f" What is {n}?"), ("PERSON", "none")) for n in ("Ann", "it")
    ]
    with pytest.warns(UserWarning, match=code):
        backend.decode(extractions(text))
    assert backend.score(options)  # warnings are errors


def loaded(folder, family, **extra):
    return AutoModelForCausalLM.from_pretrained(save_family(folder, family, **extra)).eval()


def test_a_family_follows_masks_and_its_config_stays_as_it_was(backend):
    with backend._running() as runner:
        assert runner.takes_masks
        assert runner.model.config.sliding_window == WINDOW


@pytest.mark.parametrize("family", ["gpt_neo", "chunked"])
def test_a_family_that_slides_by_itself_does_not_follow(tmp_path, family):
    model = loaded(tmp_path, CHUNKED if family == "chunked" else family)
    assert windows(model.config)
    assert not follows(model)


@pytest.mark.parametrize("family", ["gemma3", "mistral"])
def test_an_attention_that_takes_no_mask_does_not_follow(tmp_path, family):
    model = loaded(tmp_path, family)
    model.config._attn_implementation = "flash_attention_2"
    assert not follows(model)


def test_a_model_that_takes_one_mask_for_two_kinds_of_layers_does_not_follow(tmp_path):
    """Mistral has one kind, whatever its config claims."""
    model = loaded(tmp_path, "mistral")
    model.config.layer_types = ["sliding_attention", "full_attention"]
    assert not follows(model)


@given(st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=1, max_size=3), st.data())
def test_a_mask_shows_the_last_tokens_and_no_hole(rows, data):
    last, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    masks = from_positions(
        torch.tensor(rows).long(), last, {"full": None, "slides": width}, torch.float32
    )
    for n, row in enumerate(rows):
        for at in (at for at in range(9 - last, 9) if row[at]):
            tokens = [slot for slot in range(at + 1) if row[slot]]
            for kind, seen in (("full", tokens), ("slides", tokens[-width:])):
                shown = masks[kind][n, 0, at - 9 + last] == 0
                assert shown.nonzero().flatten().tolist() == seen


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_what_a_hole_attends_to_is_a_number(dtype):
    mask = from_positions(torch.tensor([[0, 0, 1, 0]]), 4, {"slides": 1}, dtype)
    assert bool((torch.randn(4, 4, dtype=dtype) + mask).softmax(-1).isfinite().all())
