import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spacy_el4ner.formats import SpanList
from spacy_el4ner.types import Mention
from tests.strategies import any_mentions, follows, make_window, quick, walk, windows

FORMAT = SpanList()
BILL = make_window("bill", "paid", "the", "bill")
YORK = make_window("New", "York", "City", "Hall")


def spans(parsed):
    return [(m.start, m.end) for m in parsed.mentions]


@quick
@given(st.data(), windows())
def test_mentions_are_read_back_nested_and_overlapping_ones_too(data, window):
    mentions = data.draw(any_mentions(window))
    parsed = FORMAT.parse(FORMAT.render(window, mentions), window)
    assert spans(parsed) == [(m.start, m.end) for m in mentions]
    assert (parsed.unaligned, parsed.unparsed) == (0, 0)


@quick
@given(st.data(), windows())
def test_the_path_follows_the_grammar(data, window):
    mentions = data.draw(any_mentions(window))
    path = FORMAT.path(window, mentions)
    assert follows(FORMAT.grammar(window), path)
    assert "".join(path) == FORMAT.render(window, mentions)


@quick
@given(windows(), st.integers())
def test_every_answer_of_the_grammar_names_spans_of_the_window_in_order(window, seed):
    answer = "".join(walk(FORMAT.grammar(window), seed))
    parsed = FORMAT.parse(answer, window)
    starts, ends = {s for s, _ in window.tokens}, {e for _, e in window.tokens}
    found = spans(parsed)
    assert parsed.unaligned == 0
    assert all(s in starts and e in ends for s, e in found)
    assert found == sorted(set(found))
    assert FORMAT.render(window, [Mention(*s) for s in found]) == answer


@quick
@given(windows(), st.integers())
def test_no_span_of_the_grammar_is_longer_than_allowed(window, seed):
    format = SpanList(max_tokens=2)
    answer = "".join(walk(format.grammar(window), seed))
    separator = format.grammar(window).separator
    tokens = [window.text[s:e] for s, e in window.tokens]
    for item in answer.split(separator):
        surface = item.rpartition(format.grammar(window).number_sign)[0] or item
        assert surface == "none" or any(
            surface == window.text[window.tokens[n][0] : window.tokens[min(n + m, len(tokens) - 1)][1]]
            for n in range(len(tokens))
            for m in range(2)
        )


def test_the_answer_looks_as_documented():
    window = make_window("Ann", "saw", "Paris")
    assert FORMAT.render(window, [Mention(8, 13), Mention(0, 3)]) == "Ann ; Paris"
    assert FORMAT.render(BILL, [Mention(14, 18)]) == "bill #2"
    assert FORMAT.render(BILL, []) == "none"


@pytest.mark.parametrize(("answer", "span"), [("bill #1", (0, 4)), ("bill #2", (14, 18))])
def test_a_number_names_the_occurrence(answer, span):
    assert spans(FORMAT.parse(answer, BILL)) == [span]


def test_a_repeated_word_without_a_number_is_the_next_one():
    assert spans(FORMAT.parse("bill ; bill", BILL)) == [(0, 4), (14, 18)]
    assert spans(FORMAT.parse("the ; bill", BILL)) == [(10, 13), (14, 18)]


def test_a_word_inside_another_is_no_occurrence():
    window = make_window("Annex", "for", "Ann")
    assert FORMAT.render(window, [Mention(10, 13)]) == "Ann"
    assert spans(FORMAT.parse("Ann", window)) == [(10, 13)]


def test_spans_that_begin_together_follow_the_grammar():
    mentions = [Mention(0, 8), Mention(0, 13), Mention(4, 8)]
    path = FORMAT.path(YORK, mentions)
    assert "".join(path) == "New York ; New York City ; York"
    assert follows(FORMAT.grammar(YORK), path)


def test_the_grammar_names_no_span_twice():
    window = make_window("Ann", "left")
    assert not follows(FORMAT.grammar(window), ["Ann", " ; ", "Ann", ""])
    assert not follows(FORMAT.grammar(window), ["left", " ; ", "Ann", ""])
    assert not follows(FORMAT.grammar(window), ["Ann", " left", " ; ", "Ann", ""])


def test_the_word_none_of_the_text_is_not_the_answer_none():
    window = make_window("none", "left")
    assert FORMAT.render(window, [Mention(0, 4)]) == "none #1"
    assert spans(FORMAT.parse("none #1", window)) == [(0, 4)]
    assert spans(FORMAT.parse("none", window)) == []


def test_marks_that_the_text_contains_are_replaced():
    grammar = FORMAT.grammar(make_window("a", ";", "b", "#2"))
    assert (grammar.separator, grammar.number_sign) == (" | ", " @")


def test_a_text_that_ends_like_the_separator_does_not_split_an_item():
    window = make_window("foo", ";")
    mentions = [Mention(0, 5), Mention(4, 5)]
    assert spans(FORMAT.parse(FORMAT.render(window, mentions), window)) == [(0, 5), (4, 5)]


def test_a_text_that_contains_every_mark_is_still_read_back():
    window = make_window(
        *["a", ";", "b", "|", "c", "/", "d", "||", "e", "///", "f", "#", "@", "~", "^", "##", "a"]
    )
    starts, ends = zip(*window.tokens, strict=True)
    mentions = [Mention(*span) for span in zip(starts, ends[2:], strict=False)]
    parsed = FORMAT.parse(FORMAT.render(window, mentions), window)
    assert spans(parsed) == [(m.start, m.end) for m in mentions]


def test_items_that_the_text_lacks_are_counted():
    parsed = FORMAT.parse("bill #1 ; Bill ; bill #3 ; bil", BILL)
    assert spans(parsed) == [(0, 4)]
    assert parsed.unaligned == 3


def test_the_evidence_of_a_mention_is_its_item_and_the_decision_to_end_it():
    answer = "bill #1 ; paid the"
    parsed = FORMAT.parse(answer, BILL)
    assert [answer[slice(*m.evidence[0])] for m in parsed.mentions] == ["bill #1 ; ", "paid the"]
    assert parsed.mentions[-1].evidence[0][1] > len(answer)  # the end-of-turn token stands there


def test_offsets_after_a_letter_that_grows_in_lower_case_are_right():
    window = make_window("İstanbul", "and", "İzmir")
    assert spans(FORMAT.parse("İzmir", window)) == [(13, 18)]


def test_an_item_is_found_across_a_line_break():
    window = make_window("New", "York", "New", "York", gap="\n")
    assert spans(FORMAT.parse("New York #2", window)) == [(9, 17)]


def test_a_number_is_not_taken_for_a_word_that_the_text_has_without_a_space():
    window = make_window("bill", "#2", "bill", gap="")
    second = Mention(6, 10)
    assert FORMAT.render(window, [second]) == "bill @2"
    assert spans(FORMAT.parse("bill @2", window)) == [(6, 10)]
    assert spans(FORMAT.parse("bill#2", window)) == [(0, 6)]


@pytest.mark.parametrize(
    "answer",
    [
        "bill#2; the;paid",
        "bill # 2;the\n;\npaid ",
        "bill #2 ;the ;  paid",
        "bill\u3000#2\u3000; the;paid;",
    ],
)
def test_white_space_around_marks_does_not_matter(answer):
    parsed = FORMAT.parse(answer, BILL)
    assert spans(parsed) == [(14, 18), (10, 13), (5, 9)]
    assert parsed.unaligned == 0


@quick
@given(st.data(), windows())
def test_mentions_are_read_back_without_white_space_around_the_marks(data, window):
    grammar = FORMAT.grammar(window)
    marks = [mark.strip() for mark in (grammar.separator, grammar.number_sign)]
    # Only these are told from what stands beside them.
    assume(not any(mark[0] in window.text for mark in marks))
    mentions = data.draw(any_mentions(window))
    answer = FORMAT.render(window, mentions)
    gaps = st.sampled_from(["", " ", "\n", "  "])
    for mark in marks:
        answer = "".join(
            part if n == 0 else f"{data.draw(gaps)}{mark}{data.draw(gaps)}{part}"
            for n, part in enumerate(p.strip() for p in answer.split(mark))
        )
    assert spans(FORMAT.parse(answer, window)) == [(m.start, m.end) for m in mentions]


def test_the_evidence_ends_with_the_separator_as_it_stands():
    answer = "bill#1;paid the"
    parsed = FORMAT.parse(answer, BILL)
    assert [answer[slice(*m.evidence[0])] for m in parsed.mentions] == ["bill#1;", "paid the"]
