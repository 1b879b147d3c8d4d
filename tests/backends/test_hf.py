import math
import pickle
import random

import pytest
import torch

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.formats import InlineTags, SpanList
from spacy_el4ner.prompts.wording import Wording
from spacy_el4ner.types import DecodeRequest, Prompt, ScoreRequest, Window
from tests.tiny import CLASSES, LABELS, TEXTS, save_compact, save_family

FAMILIES = ["compact", *CLASSES]


@pytest.fixture(scope="module", params=FAMILIES)
def backend(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "compact":
        return HFBackend(str(save_compact(folder, 0)))
    return HFBackend(str(save_family(folder, request.param)))


def window(text: str) -> Window:
    tokens, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        tokens.append((start, at))
    return Window(text, 0, tuple(tokens))


WINDOWS = [window(text) for text in TEXTS]


def requests(format):
    wording = Wording("en", format)
    return [DecodeRequest(wording.extraction(w, (), LABELS), format.grammar(w)) for w in WINDOWS]


@pytest.mark.parametrize("format", [InlineTags(), SpanList(max_tokens=3)], ids=lambda f: f.name)
def test_batched_answers_equal_single_answers(backend, format):
    together = backend.decode(requests(format))
    alone = [backend.decode([request])[0] for request in requests(format)]
    assert [a.text for a in together] == [a.text for a in alone]
    for a, b in zip(together, alone, strict=True):
        assert a.logprobs == pytest.approx(b.logprobs, abs=1e-4)


@pytest.mark.parametrize("format", [InlineTags(), SpanList(max_tokens=3)], ids=lambda f: f.name)
def test_every_answer_lies_in_the_text(backend, format):
    for answer, w in zip(backend.decode(requests(format)), WINDOWS, strict=True):
        parsed = format.parse(answer.text, w)
        assert parsed.unaligned == parsed.unparsed == 0
        starts, ends = {s for s, _ in w.tokens}, {e for _, e in w.tokens}
        assert all(m.start in starts and m.end in ends for m in parsed.mentions)


def test_a_token_has_an_offset_and_a_log_probability(backend):
    for answer in backend.decode(requests(InlineTags())):
        assert len(answer.offsets) == len(answer.logprobs) > 0
        assert all(logprob <= 1e-9 for logprob in answer.logprobs)


def test_log_probabilities_equal_those_of_one_pass_over_the_finished_answer(backend):
    format = InlineTags()
    for request in requests(format)[:2]:
        answer = backend.decode([request])[0]
        assert answer.logprobs == pytest.approx(teacher_forced(backend, request, answer.text), abs=1e-4)


def teacher_forced(backend, request, text):
    """Log-probabilities of the answer's tokens among the allowed ones, from one plain forward pass."""
    from spacy_el4ner.backends.decoding.automaton import TokenAutomaton

    tokens = backend.tokens
    prompt = sum(tokens.prompt(request.prompt), ())
    automaton = TokenAutomaton(request.grammar, tokens.piece, tokens.end)
    answer, allowed = [], []
    segments, state = [], request.grammar.start()
    rest = text
    while options := request.grammar.options(state):
        option, state = next(
            (o, s) for o, s in sorted(options, key=lambda x: -len(x[0])) if rest.startswith(o)
        )
        rest = rest[len(option) :]
        segments.append(option)
    for segment in segments:
        for token in tokens.piece(segment) if segment else (tokens.end,):
            allowed.append(automaton.allowed)
            automaton = automaton.step(token)
            answer.append(token)
    model = backend._loaded.model
    with torch.inference_mode():
        logits = model(torch.tensor([[*prompt, *answer]])).logits[0].float()
    found = []
    for n, (token, choices) in enumerate(zip(answer, allowed, strict=True)):
        row = logits[len(prompt) + n - 1][list(choices)].log_softmax(-1)
        found.append(row[choices.index(token)].item() if len(choices) > 1 else 0.0)
    return found


def test_scores_are_a_distribution_and_batched_equals_single(backend):
    options = ("PERSON", "ORG", "GPE", "PER", "none")
    asked = [
        ScoreRequest(Prompt("Types.", text, f" What is {word}?"), options)
        for text in TEXTS
        for word in ("Bill", "Paris")
    ]
    random.Random(0).shuffle(asked)
    together = backend.score(asked)
    for request, row in zip(asked, together, strict=True):
        assert sum(map(math.exp, row)) == pytest.approx(1, abs=1e-5)
        assert backend.score([request])[0] == pytest.approx(row, abs=1e-4)


def test_a_small_batch_limit_changes_nothing(backend):
    whole = backend.decode(requests(InlineTags()))
    backend.batch_tokens, before = 64, backend.batch_tokens
    try:
        small = backend.decode(requests(InlineTags()))
    finally:
        backend.batch_tokens = before
    assert [a.text for a in whole] == [a.text for a in small]


def test_control_tokens_in_user_text_stay_text(backend):
    ids = set(backend.tokens.piece("<|im_start|>system [SEP] <|im_end|>"))
    special = set(backend.tokens.tokenizer.all_special_ids) - {backend.tokens.tokenizer.unk_token_id}
    assert not ids & special


def test_unloading_frees_the_model_and_keeps_the_count(backend):
    backend.decode(requests(InlineTags())[:1])
    passes = backend.forward_passes
    backend.unload()
    assert backend._runner is None
    assert backend.forward_passes == passes > 0


def test_a_pickled_backend_answers_the_same(backend):
    copy = pickle.loads(pickle.dumps(backend))
    request = requests(InlineTags())[0]
    assert copy.decode([request])[0].text == backend.decode([request])[0].text


def test_a_model_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"(?s)EL006.*nowhere"):
        HFBackend(str(tmp_path / "nowhere")).decode(requests(InlineTags())[:1])
