from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.openai import OpenAIBackend
from spacy_el4ner.prompts.fitting import ANSWER_MARGIN
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.types import Mention
from spacy_el4ner.voters.prompted.planning import SHORTEST, Planner
from tests.strategies import any_mentions, make_shot, quick, sentence, windows

BYTES = OpenAIBackend("a model", "http://localhost:9/v1")
WORDINGS = ("en", "zh", "compact/terse", "compact/plain", "compact/marked")


@dataclass
class Words:
    """Counts as a tokenizer that takes together what no space sets off."""

    def count(self, text):
        return len(text.split())

    def count_prompt(self, prompt):
        return sum(map(self.count, (prompt.system, prompt.context, prompt.question)))


def planner(backend, labels, template="en"):
    return Planner(backend, PromptTemplate(template), True, labels)


def asked(plans, window, demonstrations, mention):
    """Tokens of the longer of the two questions about a mention, and of its answer."""
    backend, template, labels = plans.backend, plans.template, plans.labels
    which = template.classification(window, demonstrations, labels, mention)
    whether = template.verification(window, demonstrations, labels, mention)
    option = max(map(backend.count, template.options(labels)))
    return max(map(backend.count_prompt, (which, whether))) + option


LABELS = st.dictionaries(
    st.sampled_from(["A", "PERSON", "GEOPOLITICAL_ENTITY"]),
    st.sampled_from(["", "people", "what is neither here nor there " * 9]),
    min_size=1,
)


@quick
@given(st.data(), windows(), LABELS, st.sampled_from(WORDINGS), st.sampled_from([BYTES, Words()]))
def test_every_question_about_a_window_has_room(data, window, labels, template, backend):
    plans = planner(backend, labels, template)
    demonstrations = (make_shot(sentence("Ann left"), (0, 3, next(iter(labels)))),)
    needed = plans.needed(window, demonstrations) + ANSWER_MARGIN
    for mention in data.draw(any_mentions(window)):
        for label in labels:
            typed = Mention(mention.start, mention.end, label)
            assert asked(plans, window, demonstrations, typed) <= needed


def test_the_longest_description_has_room():
    labels = {"ORGANISATION": "", "WORK": "titles of books, films and songs, " * 20}
    window = sentence("Ann read Ulysses in Rome .")
    plans = planner(BYTES, labels)
    needed = plans.needed(window, ()) + ANSWER_MARGIN
    assert asked(plans, window, (), Mention(9, 16, "WORK")) <= needed


@pytest.mark.parametrize("backend", [BYTES, Words()])
def test_a_mention_of_many_tokens_has_room(backend):
    labels = {f"LABEL_{n}": "" for n in range(40)}
    window = sentence(" ".join(["on"] * 32))
    plans = planner(backend, labels)
    needed = plans.needed(window, ()) + ANSWER_MARGIN
    assert asked(plans, window, (), Mention(27, 68, "LABEL_1")) <= needed


def test_nothing_is_asked_about_types_where_there_are_none():
    untyped, typed = (planner(BYTES, labels).needed(SHORTEST, ()) for labels in ({}, {"A": ""}))
    assert untyped < typed
