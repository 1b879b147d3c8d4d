"""Draft-verified decoding and the plain loop, prefixes kept and read again: the same answers."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given

from spacy_el4ner.backends import hf
from spacy_el4ner.backends.decoding import draft
from spacy_el4ner.backends.decoding.decisions import TokenDecision, decide
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.formats import InlineTags, SpanList
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.types import DecodeRequest, Mention, ScoreRequest
from tests.backends.test_hf import WINDOWS
from tests.strategies import quick, windows
from tests.tiny import LABELS, save_compact

FORMATS = [InlineTags(), InlineTags(tuple(LABELS)), SpanList(max_tokens=3)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(save_compact(tmp_path_factory.mktemp("compact"), 3))


def extractions(format):
    template = PromptTemplate("en", format)
    return [DecodeRequest(template.extraction(w, (), LABELS), format.grammar(w)) for w in WINDOWS]


def classifications():
    template = PromptTemplate("en")
    return [
        ScoreRequest(template.classification(w, (), LABELS, Mention(*span)), template.options(LABELS))
        for w in WINDOWS
        for span in w.tokens[:3]
    ]


@pytest.mark.parametrize("format", FORMATS, ids=lambda f: f"{f.name}{len(getattr(f, 'labels', ()))}")
def test_draft_verified_answers_are_those_of_the_plain_loop(folder, format):
    plain = HFBackend(folder, decoder="constrained").decode(extractions(format))
    fast = HFBackend(folder).decode(extractions(format))
    assert [a.text for a in fast] == [a.text for a in plain]
    for a, b in zip(fast, plain, strict=True):
        assert a.logprobs == pytest.approx(b.logprobs, abs=1e-4)
        assert a.offsets == b.offsets


def test_drafts_save_passes(folder):
    plain, fast = HFBackend(folder, decoder="constrained"), HFBackend(folder)
    plain.decode(extractions(InlineTags()))
    fast.decode(extractions(InlineTags()))
    assert fast.forward_passes < plain.forward_passes


@quick
@given(windows(max_tokens=40))
def test_a_sentence_alone_takes_at_most_two_passes_and_two_an_entity(folder, window):
    format, backend = InlineTags(), HFBackend(folder)
    prompt = PromptTemplate("en", format).extraction(window, (), LABELS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draft, "UNKNOWN", 0.9)  # however timid the drafts are
        answer = backend.decode([DecodeRequest(prompt, format.grammar(window))])[0]
    entities = format.parse(answer.text, window).mentions
    assert backend.forward_passes <= 2 + 2 * len(entities)


@pytest.mark.parametrize("format", FORMATS, ids=lambda f: f"{f.name}{len(getattr(f, 'labels', ()))}")
def test_a_guess_changes_no_answer(folder, format):
    label = next(iter(getattr(format, "labels", ())), "")
    asked = [
        replace(r, guess=tuple(format.path(w, [Mention(*w.tokens[0], label)])))
        for r, w in zip(extractions(format), WINDOWS, strict=True)
    ]
    expected = HFBackend(folder).decode(extractions(format))
    for a, b in zip(HFBackend(folder).decode(asked), expected, strict=True):
        assert a.text == b.text
        assert a.logprobs == pytest.approx(b.logprobs, abs=1e-4)


def test_a_right_guess_is_verified_in_one_pass(folder):
    request, window = extractions(InlineTags())[0], WINDOWS[0]
    answer = HFBackend(folder).decode([request])[0].text
    mentions = InlineTags().parse(answer, window).mentions
    backend = HFBackend(folder)
    guess = tuple(InlineTags().path(window, mentions))
    assert backend.decode([replace(request, guess=guess)])[0].text == answer
    assert backend.forward_passes == 1


def test_questions_about_what_was_read_score_as_if_nothing_was(folder):
    backend = HFBackend(folder)
    backend.decode(extractions(InlineTags()))
    kept = backend.score(classifications())
    fresh = HFBackend(folder, prefix_mb=0)
    for a, b in zip(kept, fresh.score(classifications()), strict=True):
        assert a == pytest.approx(b, abs=1e-4)
    assert fresh.tokens_read > backend.tokens_read


def test_answers_with_kept_prefixes_are_the_same(folder):
    backend = HFBackend(folder)
    first = backend.decode(extractions(InlineTags()))
    second = backend.decode(extractions(InlineTags()))
    assert [a.text for a in first] == [a.text for a in second]


def test_when_memory_runs_out_the_batch_is_halved_and_the_order_kept(folder, monkeypatch):
    from spacy_el4ner.backends.decoding import verified

    sizes = []
    decode = verified.decode

    def tight(runner, prompts, *rest):
        sizes.append(len(prompts))
        if len(prompts) > 1:
            raise torch.cuda.OutOfMemoryError("no more")
        return decode(runner, prompts, *rest)

    expected = HFBackend(folder).decode(extractions(InlineTags()))
    monkeypatch.setattr(verified, "decode", tight)
    found = HFBackend(folder).decode(extractions(InlineTags()))
    assert [a.text for a in found] == [a.text for a in expected]
    assert max(sizes) > 1
    assert sizes.count(1) == len(found)


def test_one_prompt_that_does_not_fit_in_memory_is_an_error(folder, monkeypatch):
    from spacy_el4ner.backends.decoding import verified

    def never(*_):
        raise torch.cuda.OutOfMemoryError("no more")

    monkeypatch.setattr(verified, "decode", never)
    with pytest.raises(torch.cuda.OutOfMemoryError):
        HFBackend(folder).decode(extractions(InlineTags())[:1])


def test_an_unknown_decoder_is_refused(folder):
    with pytest.raises(ValueError, match=r"EL010.*speculative"):
        HFBackend(folder, decoder="speculative")


def test_requests_of_nothing_are_answered_by_nothing(folder):
    backend = HFBackend(folder)
    assert backend.decode([]) == backend.score([]) == []
    assert backend.forward_passes == 0
    assert hf.DECODERS == ("draft_verified", "constrained")


@pytest.mark.parametrize("decoder", ["draft_verified", "constrained"])
def test_what_is_no_number_is_not_taken_for_an_answer(tmp_path, decoder):
    backend = HFBackend(str(save_compact(tmp_path, 3)), decoder=decoder)
    with backend._running() as runner, torch.no_grad():
        runner.model.get_output_embeddings().weight.fill_(torch.nan)
    for ask, requests in (
        (backend.decode, extractions(InlineTags())),
        (backend.score, classifications()),
    ):
        with pytest.raises(ValueError, match=r"EL123.*bfloat16"):
            ask(requests)


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_one_logit_that_is_no_number_spoils_the_decision(wrong):
    logits = torch.tensor([[[0.0, wrong, 0.0]]])
    with pytest.raises(ValueError, match=r"EL123.*tiny"):
        decide(logits, [1, 2, 3], [TokenDecision(0, 0, (1, 2))], "tiny")
    assert decide(logits, [1, 2, 3], [TokenDecision(0, 0, (1, 3))], "tiny")[0][0] < 0


def test_a_token_that_the_model_rules_out_is_no_error():
    logits = torch.tensor([[[0.0, -torch.inf]]])
    assert decide(logits, [1, 2], [TokenDecision(0, 0, (1, 2))], "tiny") == [[0.0, -torch.inf]]
