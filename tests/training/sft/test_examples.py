import pytest
import torch

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.fusion.tagging_llm import TaggingLLM
from spacy_el4ner.prompts.fitting import ANSWER_MARGIN
from spacy_el4ner.training.sft.examples import collate, make_examples
from tests.strategies import make_shot, make_window, sentence
from tests.tiny import save_family
from tests.training.sft.corpus import LABELS, SENTENCES


@pytest.fixture(scope="module", params=["qwen2", "unigram", "compact"])
def tagger(request, tmp_path_factory):
    folder = save_family(tmp_path_factory.mktemp(request.param), request.param)
    return TaggingLLM(HFBackend(str(folder)), "compact", max_tokens=4)


def made(tagger, sentences, loss="full", demonstrations=None, **settings):
    demonstrations = demonstrations or [SENTENCES[:2]] * len(sentences)
    if settings:
        tagger = TaggingLLM(HFBackend(tagger.backend.model, **settings), "compact", max_tokens=4)
    return make_examples(tagger, tagger.backend.tokens, sentences, demonstrations, LABELS, loss=loss)


def right_answer(tagger, demonstration):
    """Tokens of the tagged copy and of the whole prompt."""
    tokens = tagger.backend.tokens
    (plan,) = tagger.plan(demonstration.window, SENTENCES[:2], LABELS)
    path = tagger.format(LABELS).path(demonstration.window, demonstration.mentions)
    return [t for o in path for t in tokens.piece(o)], sum(
        tokens.prompt(tagger.prompt(plan, LABELS)), ()
    )


def test_a_lesson_is_the_prompt_of_inference_and_its_answer(tagger):
    (example,), _ = made(tagger, SENTENCES[5:6])
    answer, prompt = right_answer(tagger, SENTENCES[5])
    assert example.tokens == (*prompt, *answer)


def test_the_full_loss_is_over_the_answer_and_its_end_alone(tagger):
    (example,), _ = made(tagger, SENTENCES[5:6])
    answer, prompt = right_answer(tagger, SENTENCES[5])
    assert [d.target for d in example.decisions] == [*answer, tagger.backend.tokens.end]
    first = len(prompt) - 1
    assert [d.position for d in example.decisions] == list(range(first, first + len(answer) + 1))


def test_the_allowed_loss_is_over_what_decoding_chooses_between(tagger):
    (example,), _ = made(tagger, SENTENCES[5:6], "allowed")
    answer, prompt = right_answer(tagger, SENTENCES[5])
    tokens, format = tagger.backend.tokens, tagger.format(LABELS)
    place = TokenAutomaton(format.grammar(SENTENCES[5].window), tokens.piece, tokens.end)
    choices = []
    for n, token in enumerate(answer):
        if len(place.allowed) > 1:
            choices.append((len(prompt) + n - 1, place.allowed, place.allowed.index(token)))
        place = place.step(token)
    assert [(d.position, d.allowed, d.target) for d in example.decisions] == choices


def test_the_sentence_is_never_its_own_demonstration(tagger):
    (example,), _ = made(tagger, SENTENCES[5:6], demonstrations=[[]])
    assert len(example) < len(made(tagger, SENTENCES[5:6])[0][0])


def test_a_control_token_in_a_text_stays_text(tagger):
    end = tagger.backend.tokens.tokenizer.eos_token
    demonstration = make_shot(sentence(f"Ann said {end} today"), (0, 3, "PERSON"))
    (example,), _ = made(tagger, [demonstration], demonstrations=[[]])
    (plain,), _ = made(tagger, [make_shot(sentence("Ann said x today"))], demonstrations=[[]])
    end = tagger.backend.tokens.end
    assert example.tokens.count(end) == plain.tokens.count(end)


class TestReport:
    def test_nothing_to_report(self, tagger):
        found, report = made(tagger, SENTENCES)
        assert len(found) == len(SENTENCES)
        assert (report.cut, report.unread, report.lost, report.dropped) == (0, 0, 0, 0)

    def test_mentions_that_are_too_long_are_left_out_and_counted(self, tagger):
        long = make_shot(sentence("Ann Lee of Acme Ltd. met Bo"), (0, 20, "PERSON"), (25, 27, "GPE"))
        found, report = made(tagger, [long])
        assert report.lost == 1
        assert found

    def test_types_that_are_not_wanted_are_no_loss(self, tagger):
        _, report = made(tagger, [make_shot(sentence("Ann left"), (0, 3, "ANIMAL"))])
        assert report.lost == 0

    def test_a_sentence_that_is_too_long_becomes_several(self, tagger):
        words = ("Ann", "met", "Bill", ",") * 6
        window = make_window(*words)
        demonstration = make_shot(window, *((s, e, "PERSON") for s, e in window.tokens[::4]))
        context = tagger.tokens_needed(window, (), LABELS) + ANSWER_MARGIN - 1
        found, report = made(tagger, [demonstration], context=context)
        assert (report.cut, report.lost, report.dropped) == (1, 0, 2)
        assert len(found) > 1

    def test_parts_that_are_wanted_are_lessons_and_no_loss(self, tagger):
        parts = TaggingLLM(tagger.backend, "compact", max_tokens=4, max_window=2)
        demonstration = max(SENTENCES, key=lambda s: len(s.window.tokens))
        found, report = made(parts, [demonstration])
        assert len(found) == len(parts.plan(demonstration.window, SENTENCES[:2], LABELS)) > 1
        assert report.cut == 0

    def test_a_sentence_that_cannot_be_read_is_counted(self, tagger):
        found, report = made(tagger, SENTENCES[:1], context=3)
        assert (found, report.unread, report.lost) == ([], 1, 2)


@pytest.mark.parametrize("loss", ["full", "allowed"])
def test_collating_pads_on_the_right_and_keeps_every_decision(tagger, loss):
    some = made(tagger, SENTENCES[:4], loss)[0]
    batch = collate(some, 0)
    for row, example in enumerate(some):
        assert tuple(batch.tokens[row, : len(example)].tolist()) == example.tokens
        assert batch.mask[row].tolist() == [1] * len(example) + [0] * (
            batch.mask.shape[1] - len(example)
        )
    decisions = [(row, d) for row, example in enumerate(some) for d in example.decisions]
    assert batch.where.tolist() == [[row, d.position] for row, d in decisions]
    assert batch.targets.tolist() == [d.target for _, d in decisions]
    if loss == "allowed":
        allowed = [batch.choices[row[row >= 0]].tolist() for row in batch.allowed]
        assert allowed == [list(d.allowed) for _, d in decisions]
    else:
        assert batch.choices.dtype == torch.long
        assert len(batch.choices) == 0
