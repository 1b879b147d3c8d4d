import pytest
from hypothesis import given

from spacy_el4ner.text.alignment import align_plain, occurrences
from tests.strategies import quick, windows


@quick
@given(windows())
def test_a_perfect_copy_is_aligned_with_itself(window):
    spans = list(window.tokens)
    assert align_plain(window.text, window.text, spans) == spans


@quick
@given(windows(), windows())
def test_what_is_aligned_reads_the_same_in_both(copy, source):
    for span, found in zip(copy.tokens, align_plain(copy.text, source.text, copy.tokens), strict=True):
        assert found is None or _evened(copy.text[slice(*span)]) == _evened(source.text[slice(*found)])


def _evened(text):
    return " ".join(text.split())


@pytest.mark.parametrize("copy", ["in New York today", "in New\u3000\u3000York  today", "in\nNew York"])
def test_the_white_space_of_a_copy_may_be_another(copy):
    source = "in New \n York today"
    span = (copy.index("New"), copy.index("York") + 4)
    assert align_plain(copy, source, [span]) == [(3, 13)]


@pytest.mark.parametrize(
    ("copy", "source", "word", "expected"),
    [
        ("Ann leaves Paris", "Ann left Paris", "Paris", (9, 14)),
        ("Paris was left", "Ann left", "Paris", None),
        ("we saw istanbul", "we saw İstanbul", "istanbul", None),
        ("İstanbul and Ankara!", "İstanbul und Ankara", "Ankara", (13, 19)),
        ("said: Ann went", "Ann went", "Ann", (0, 3)),
        ("An went", "Ann went", "An went", None),
    ],
)
def test_a_span_is_found_where_its_characters_stand(copy, source, word, expected):
    at = copy.index(word)
    assert align_plain(copy, source, [(at, at + len(word))]) == [expected]


def test_of_repeated_words_the_one_at_the_same_place_is_found():
    copy, source = "bill pays the bill", "bill paid the bill"
    assert align_plain(copy, source, [(0, 4), (14, 18)]) == [(0, 4), (14, 18)]


def test_an_empty_span_is_nowhere():
    assert align_plain("Ann", "Ann", [(1, 1)]) == [None]


def test_without_spans_there_is_nothing_to_align():
    assert align_plain("Ann", "Ann", []) == []


@pytest.mark.parametrize(
    ("source", "surface", "starts"),
    [
        ("bill paid the bill", "bill", [0, 14]),
        ("aaa", "aa", [0, 1]),
        ("İ İ", "İ", [0, 2]),
        ("Bill", "bill", []),
        ("bill", "", []),
    ],
)
def test_every_occurrence_is_found(source, surface, starts):
    assert occurrences(source, surface) == starts
