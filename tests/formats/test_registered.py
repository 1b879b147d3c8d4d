"""The contract that every registered format keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.formats.base import Format
from spacy_el4ner.registry import registry
from spacy_el4ner.types import Mention, Window
from tests.strategies import follows, quick, separate_mentions, walk, windows

FORMATS = {name: make() for name, make in registry.el4ner_formats.get_all().items()}
each_format = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


def spans(mentions):
    return [(m.start, m.end) for m in mentions]


def test_the_formats_of_the_package_are_registered():
    assert {"spacy-el4ner.InlineTags.v1", "spacy-el4ner.SpanList.v1"} <= set(FORMATS)


@each_format
def test_it_is_a_format(format):
    assert isinstance(format, Format)


@each_format
@quick
@given(data=st.data(), window=windows())
def test_what_is_rendered_parses_back(format, data, window):
    mentions = data.draw(separate_mentions(window))
    parsed = format.parse(format.render(window, mentions), window)
    assert (spans(parsed.mentions), parsed.unaligned, parsed.unparsed) == (spans(mentions), 0, 0)


@each_format
@quick
@given(data=st.data(), window=windows())
def test_the_path_is_the_rendered_answer_and_follows_the_grammar(format, data, window):
    mentions = data.draw(separate_mentions(window))
    path = format.path(window, mentions)
    assert "".join(path) == format.render(window, mentions)
    assert follows(format.grammar(window), path)


@each_format
@quick
@given(window=windows(), seed=st.integers())
def test_every_answer_of_the_grammar_parses(format, window, seed):
    parsed = format.parse("".join(walk(format.grammar(window), seed)), window)
    assert (parsed.unaligned, parsed.unparsed) == (0, 0)


@each_format
@quick
@given(window=windows())
def test_no_answer_with_a_mention_for_each_token_is_longer_than_expected(format, window):
    answer = format.render(window, [Mention(*token) for token in window.tokens])
    assert len(answer) <= format.grammar(window).longest(len)


@each_format
@quick
@given(window=windows())
def test_grammars_are_equal_wherever_the_text_stands(format, window):
    moved = Window(window.text, window.start + 7, window.tokens, window.document + 1)
    assert format.grammar(window) == format.grammar(moved)
    assert hash(format.grammar(window)) == hash(format.grammar(moved))


@each_format
@quick
@given(window=windows())
def test_the_marks_are_not_in_the_text(format, window):
    assert not any(mark in window.text for pair in format.marks(window) for mark in pair)


@each_format
def test_it_says_in_words_what_it_wants(format):
    assert format.instruction(Window("Ann left", 0, ((0, 3), (4, 8)))).strip()
