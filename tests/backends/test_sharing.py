"""What prompts share is read once, and no answer depends on it."""

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from spacy_el4ner.backends.decoding import verified
from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.backends.decoding.forced import force
from spacy_el4ner.backends.decoding.options import forks, score
from spacy_el4ner.backends.decoding.prefixes import PrefixTree
from spacy_el4ner.backends.decoding.runner import Runner
from spacy_el4ner.backends.decoding.sharing import saved_tokens
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.types import DecodeRequest, Mention, ScoreRequest
from tests.backends.test_hf import WINDOWS
from tests.strategies import quick, sentence
from tests.tiny import LABELS, save_compact

FORMAT = InlineTags(("PER", "ORG"), max_tokens=3)
OPTIONS = ((7, 3), (9, 8, 3), (9, 11, 3))
PARTS = tuple(range(5, 45)), tuple(range(50, 57)), (60,), (5, 6, 7)
"""Parts of prompts; the last begins like the first."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(save_compact(tmp_path_factory.mktemp("compact"), 3))


@pytest.fixture(scope="module")
def backend(folder):
    return HFBackend(folder)


parts = st.lists(st.sampled_from(PARTS), max_size=3).map(lambda chosen: sum(chosen, ()))
prompts = st.tuples(parts, st.sampled_from(PARTS))
batches = st.lists(st.lists(prompts, min_size=1, max_size=4), min_size=2, max_size=3)
limits = st.sampled_from([1, 2**14, 2**20])


def answered(backend, runner, asked, prefixes):
    """What each way of asking makes of prompts: texts, and numbers."""
    windows = [sentence(("Bill paid Ann", "Acme")[n % 2]) for n in range(len(asked))]
    places = [
        TokenAutomaton(FORMAT.grammar(w), backend.tokens.piece, backend.tokens.end) for w in windows
    ]
    copies = [[backend.tokens.piece(o) for o in FORMAT.path(w, [])] for w in windows]
    guesses = [sum(copy, ()) for copy in copies]
    answers = verified.decode(runner, asked, places, guesses, prefixes)
    numbers = [logprob for answer in answers for logprob in answer.logprobs]
    for logprobs in score(runner, asked, [OPTIONS] * len(asked), prefixes):
        numbers += logprobs
    for decisions in force(runner, asked, places, copies, prefixes):
        numbers += [decision.log_odds for decision in decisions]
    return [answer.text for answer in answers], numbers


@settings(deadline=None, max_examples=10)
@given(batches, limits, st.booleans())
def test_whatever_is_shared_the_answers_are_the_same(backend, batches, limit, forgets):
    prefixes = PrefixTree(limit, limit // 2)
    with pytest.MonkeyPatch.context() as patch, backend._running() as runner:
        patch.setattr(Runner, "pass_cost", lambda *_: 0)  # however little it is
        for asked in batches:
            texts, numbers = answered(backend, runner, asked, prefixes)
            expected, numbers_expected = answered(backend, runner, asked, PrefixTree(0))
            assert texts == expected
            assert numbers == pytest.approx(numbers_expected, abs=1e-4)
            if forgets:
                prefixes.forget()


@quick
@given(st.lists(parts, max_size=5))
def test_what_is_saved_is_all_but_the_distinct_beginnings(rows):
    distinct = {row[:n] for row in rows for n in range(1, len(row) + 1)}
    assert saved_tokens(rows, [0] * len(rows)) == sum(map(len, rows)) - len(distinct)


def extractions():
    format = InlineTags()
    template = PromptTemplate("en", format)
    return [DecodeRequest(template.extraction(w, (), LABELS), format.grammar(w)) for w in WINDOWS]


def guessed(folder):
    """Requests with their answers as guesses, so that no rejected draft is counted."""
    format, asked = InlineTags(), extractions()
    for n, answer in enumerate(HFBackend(folder).decode(asked)):
        mentions = format.parse(answer.text, WINDOWS[n]).mentions
        asked[n] = replace(asked[n], guess=tuple(format.path(WINDOWS[n], mentions)))
    return asked


def distinct_tokens(rows):
    """The number of tokens that are new since the longest beginning that an earlier row shares."""
    return len({row[:n] for row in rows for n in range(1, len(row) + 1)})


@pytest.mark.parametrize("size", [1, 2, len(WINDOWS)])
def test_a_model_reads_little_more_than_what_is_new(folder, size):
    backend, asked = HFBackend(folder), guessed(folder)
    answers = []
    for start in range(0, len(asked), size):
        answers += backend.decode(asked[start : start + size])
        backend.forget()
    prompts = [sum(backend.tokens.prompt(r.prompt), ()) for r in asked]
    new, total = distinct_tokens(prompts), sum(map(len, prompts))
    answer_tokens = sum(len(answer.logprobs) for answer in answers)
    assert total > 2 * new
    assert backend.tokens_read <= 1.3 * (new + answer_tokens)
    whole = HFBackend(folder, prefix_mb=0)
    whole.decode(asked)
    assert whole.tokens_read >= total


def test_questions_about_the_same_sentence_read_it_once(folder):
    template, backend = PromptTemplate("en"), HFBackend(folder)
    asked = [
        ScoreRequest(template.classification(w, (), LABELS, Mention(*span)), template.options(LABELS))
        for w in WINDOWS
        for span in w.tokens[:3]
    ]
    backend.score(asked)
    rows = [
        sum(backend.tokens.prompt(r.prompt), ()) + fork.path
        for r in asked
        for fork in forks(backend.tokens.options(r))
    ]
    assert backend.tokens_read <= 1.3 * distinct_tokens(rows)


def test_only_as_much_is_kept_between_calls_as_is_to_be_retained(folder):
    for retained_mb in (0, 256):
        backend = HFBackend(folder, retained_mb=retained_mb)
        backend.decode(extractions())
        assert backend._prefixes.n_bytes > 0
        backend.forget()
        assert (backend._prefixes.n_bytes > 0) == (retained_mb > 0)


def test_nothing_is_kept_of_a_model_that_is_unloaded(folder):
    backend = HFBackend(folder)
    backend.decode(extractions()[:1])
    backend.unload()
    assert backend._prefixes.n_bytes == 0
