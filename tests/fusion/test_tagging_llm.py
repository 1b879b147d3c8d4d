import pickle
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.fusion.tagging_llm import TaggingLLM
from spacy_el4ner.prompts.fitting import ANSWER_MARGIN
from spacy_el4ner.registry import registry
from spacy_el4ner.types import Answer
from tests.strategies import make_shot, make_window, quick, sentence, windows
from tests.tiny import LABELS, save_family
from tests.tiny_tokenizers import TEXTS

DEMONSTRATIONS = [
    make_shot(sentence("Bill left Paris"), (0, 4, "PERSON"), (10, 15, "GPE")),
    make_shot(sentence("Acme Ltd. met Ann"), (0, 9, "ORG"), (14, 17, "PERSON")),
    make_shot(sentence("Nobody did"), (0, 6, "SOMEONE")),
]
WINDOW = make_window(*TEXTS[1].split(" "))
CHINESE = make_window(*TEXTS[3], gap="")


@pytest.fixture(scope="module", params=["qwen2", "unigram", "compact"])
def model(request, tmp_path_factory):
    return str(save_family(tmp_path_factory.mktemp(request.param), request.param))


@pytest.fixture(scope="module")
def compact(tmp_path_factory):
    return str(save_family(tmp_path_factory.mktemp("compact"), "compact"))


def tagger(model, template="compact", **settings):
    return TaggingLLM(HFBackend(model, **settings), template, max_tokens=4)


def context_for(model, kept):
    """The least context that has room for `kept` demonstrations of three."""
    free = tagger(model)
    return free.tokens_needed(WINDOW, DEMONSTRATIONS[:kept], LABELS) + ANSWER_MARGIN


class Answers:
    """A backend that answers what it is told to."""

    model, context, exact, forward_passes = "told", 9999, False, 0

    def __init__(self, *answers):
        self.answers = answers

    def count(self, text):
        return len(text)

    def count_prompt(self, prompt):
        return len(prompt.system + prompt.context + prompt.question)

    def decode(self, requests):
        assert len(requests) == len(self.answers)
        return list(self.answers)


class TestReadings:
    def test_every_window_is_read_at_token_boundaries(self, model):
        asked = [WINDOW, CHINESE, sentence("Yahoo! did"), make_window("x")]
        readings = tagger(model).read(asked, [DEMONSTRATIONS, [], DEMONSTRATIONS[:1], []], LABELS)
        assert len(readings) == len(asked)
        assert any(reading.mentions for reading in readings)
        for window, reading in zip(asked, readings, strict=True):
            found = [m.mention for m in reading.mentions]
            assert {m.start for m in found} <= {start for start, _ in window.tokens}
            assert {m.end for m in found} <= {end for _, end in window.tokens}
            assert all(a.end <= b.start for a, b in pairwise(found))
            assert all(m.label in LABELS for m in found)
            assert len(reading.copied) == len(window.tokens)
            assert (reading.error, reading.parts, reading.dropped) == ("", 1, 0)

    def test_a_batch_is_read_like_each_window_alone(self, model):
        asked, reader = [WINDOW, CHINESE], tagger(model)
        together = reader.read(asked, [DEMONSTRATIONS, DEMONSTRATIONS[:2]], LABELS)
        alone = [
            reader.read([w], [s], LABELS)[0]
            for w, s in zip(asked, (DEMONSTRATIONS, DEMONSTRATIONS[:2]), strict=True)
        ]
        for a, b in zip(together, alone, strict=True):
            assert [m.mention for m in a.mentions] == [m.mention for m in b.mentions]

    def test_nothing_is_asked_about_no_windows(self):
        assert TaggingLLM(Answers()).read([], [], LABELS) == []

    def test_a_failed_answer_is_an_error_of_its_window_alone(self):
        backend = Answers(Answer("", error="busy"), Answer("<PERSON>Ann</PERSON> left"))
        first, second = TaggingLLM(backend).read(
            [sentence("Bo met"), sentence("Ann left")], [[], []], LABELS
        )
        assert (first.error, first.mentions) == ("busy", ())
        assert [m.mention.label for m in second.mentions] == ["PERSON"]

    def test_what_an_answer_says_and_the_text_does_not_is_counted(self):
        backend = Answers(Answer("<PERSON>Zed</PERSON> left <ORG>"))
        (reading,) = TaggingLLM(backend).read([sentence("Ann left Rome")], [[]], LABELS)
        assert (reading.mentions, reading.unaligned, reading.unparsed) == ((), 1, 1)


class TestRoom:
    @pytest.mark.parametrize("kept", [0, 1, 2, 3])
    def test_the_least_similar_demonstrations_are_dropped_first(self, compact, kept):
        context = context_for(compact, kept)
        (plan,) = tagger(compact, context=context).plan(WINDOW, DEMONSTRATIONS, LABELS)
        (expected,) = tagger(compact).plan(WINDOW, DEMONSTRATIONS[:kept], LABELS)
        assert plan.demonstrations == expected.demonstrations
        assert plan.dropped == 3 - kept

    def test_the_most_similar_demonstration_is_shown_last(self, compact):
        (plan,) = tagger(compact).plan(WINDOW, DEMONSTRATIONS, LABELS)
        assert plan.demonstrations == tuple(reversed(DEMONSTRATIONS))

    def test_the_dropped_are_counted(self, compact):
        small = tagger(compact, context=context_for(compact, 1))
        (reading,) = small.read([WINDOW], [DEMONSTRATIONS], LABELS)
        assert (reading.dropped, reading.parts) == (2, 1)

    def test_a_window_that_is_too_long_is_cut_and_put_together_again(self, compact):
        small = tagger(compact, context=context_for(compact, 0) - 1)
        plans = small.plan(WINDOW, DEMONSTRATIONS, LABELS)
        assert sum(len(plan.window.tokens) for plan in plans) == len(WINDOW.tokens)
        (reading,) = small.read([WINDOW], [DEMONSTRATIONS], LABELS)
        assert (reading.dropped, reading.parts) == (3, len(plans))
        assert reading.parts > 1
        assert len(reading.copied) == len(WINDOW.tokens)
        parts = small.read([plan.window for plan in plans], [[] for _ in plans], LABELS)
        moved = [
            (m.mention.start + plan.window.start, m.mention.end + plan.window.start, m.mention.label)
            for plan, part in zip(plans, parts, strict=True)
            for m in part.mentions
        ]
        assert [(m.mention.start, m.mention.end, m.mention.label) for m in reading.mentions] == moved

    def test_a_part_that_fails_takes_its_window_with_it(self):
        backend = Answers(Answer("Ann left Rome ."), Answer("", error="busy"))
        asked = TaggingLLM(backend, "compact")
        window = make_window("Ann", "left", "Rome", ".", "<PERSON>", "Bo", "did", "too")
        backend.context = asked.tokens_needed(window, (), LABELS) + ANSWER_MARGIN - 1
        (reading,) = asked.read([window], [[]], LABELS)
        assert (reading.error, reading.mentions, reading.parts) == ("busy", (), 2)

    def test_no_room_for_one_token_is_an_error_that_names_the_model(self, compact):
        asked = [WINDOW, sentence("Ann left")]
        for reading in tagger(compact, context=8).read(asked, [[], []], LABELS):
            assert reading.error.startswith(f"[EL051] The language model '{compact}' has a context")

    @quick
    @given(windows(), st.integers(20, 120))
    def test_the_longest_answer_fits_beside_its_prompt(self, window, context):
        reader = TaggingLLM(Answers(), "compact")
        reader.backend.context = context
        for plan in reader.plan(window, DEMONSTRATIONS, LABELS):
            tags = reader.format(LABELS).tags(plan.window.text).values()
            longest = max(len(a) + len(b) for a, b in tags) * len(plan.window.tokens)
            asked = reader.backend.count_prompt(reader.prompt(plan, LABELS))
            assert asked + len(plan.window.text) + longest <= context


class TestParts:
    def test_a_long_window_is_asked_about_in_short_parts_with_its_demonstrations(self, compact):
        reader = TaggingLLM(HFBackend(compact), "compact", max_tokens=4, max_window=3)
        plans = reader.plan(WINDOW, DEMONSTRATIONS, LABELS)
        assert len(plans) > 1
        assert all(0 < len(plan.window.tokens) <= 3 for plan in plans)
        for plan in plans:
            (alone,) = tagger(compact).plan(plan.window, DEMONSTRATIONS, LABELS)
            assert plan == alone

    def test_the_parts_are_put_together_again(self, compact):
        reader = TaggingLLM(HFBackend(compact), "compact", max_tokens=4, max_window=3)
        (reading,) = reader.read([WINDOW], [DEMONSTRATIONS], LABELS)
        moved = [
            (m.mention.start + part.start, m.mention.end + part.start, m.mention.label)
            for part in (plan.window for plan in reader.plan(WINDOW, DEMONSTRATIONS, LABELS))
            for m in tagger(compact).read([part], [DEMONSTRATIONS], LABELS)[0].mentions
        ]
        assert moved
        assert [(m.mention.start, m.mention.end, m.mention.label) for m in reading.mentions] == moved
        assert len(reading.copied) == len(WINDOW.tokens)

    def test_only_what_there_was_no_room_for_counts_as_cut(self, compact):
        short = TaggingLLM(HFBackend(compact), "compact", max_tokens=4, max_window=3)
        assert short.read([WINDOW], [[]], LABELS)[0].parts == 1
        parts = [plan.window for plan in short.plan(WINDOW, [], LABELS)]
        context = max(short.tokens_needed(part, (), LABELS) for part in parts) + ANSWER_MARGIN
        small = TaggingLLM(
            HFBackend(compact, context=context - 1), "compact", max_tokens=4, max_window=3
        )
        assert small.read([WINDOW], [[]], LABELS)[0].parts > 1

    def test_a_window_with_a_part_that_there_is_no_room_for_has_no_reading(self):
        reader = TaggingLLM(Answers(), "compact", max_window=2)
        window = make_window("Ann", "left", "Constantinople" * 9)
        first, second = (plan.window for plan in reader.plan(window, [], LABELS))
        reader.backend.context = reader.tokens_needed(first, (), LABELS) + ANSWER_MARGIN
        assert reader.tokens_needed(second, (), LABELS) > reader.backend.context
        assert reader.read([window], [[]], LABELS)[0].error.startswith("[EL051]")

    @quick
    @given(windows(), st.integers(1, 9))
    def test_the_parts_hold_every_token_once(self, window, most):
        plans = TaggingLLM(Answers(), "compact", max_window=most).plan(window, [], LABELS)
        assert all(len(plan.window.tokens) <= most for plan in plans)
        found = [
            (s + plan.window.start, e + plan.window.start)
            for plan in plans
            for s, e in plan.window.tokens
        ]
        assert found == [(s + window.start, e + window.start) for s, e in window.tokens]

    def test_no_part_is_shorter_than_a_token(self):
        with pytest.raises(ValueError, match=r"EL010.*'-1'.*max_window"):
            TaggingLLM(Answers(), "compact", max_window=-1)


def test_it_pickles(compact):
    reader = tagger(compact)
    expected = reader.read([WINDOW], [DEMONSTRATIONS], LABELS)
    assert pickle.loads(pickle.dumps(reader)).read([WINDOW], [DEMONSTRATIONS], LABELS) == expected


def test_it_is_registered(compact):
    make = registry.get("el4ner_llms", "spacy-el4ner.TaggingLLM.v1")
    reader = make(backend=HFBackend(compact), template="compact", max_tokens=4, max_window=3)
    expected = TaggingLLM(HFBackend(compact), "compact", max_tokens=4, max_window=3)
    assert reader.plan(WINDOW, DEMONSTRATIONS, LABELS) == expected.plan(WINDOW, DEMONSTRATIONS, LABELS)
    assert reader.read([WINDOW], [DEMONSTRATIONS], LABELS) == expected.read(
        [WINDOW], [DEMONSTRATIONS], LABELS
    )
