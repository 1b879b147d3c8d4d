import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.formats import InlineTags
from spacy_el4ner.formats.base import ParsedMention
from spacy_el4ner.types import Mention
from tests.strategies import follows, make_window, quick, separate_mentions, walk, windows

LABELS = ("PERSON", "GPE", "PERSON_2")
UNTYPED, TYPED = InlineTags(), InlineTags(LABELS)
ANN = make_window("Ann", "left", "İstanbul", "today", ".")
BILL = make_window("bill", "paid", "the", "bill")


def plain(parsed):
    return [Mention(m.start, m.end, m.label) for m in parsed.mentions]


def spans(parsed):
    return [(m.start, m.end) for m in parsed.mentions]


def without_tags(format, window, text):
    for pair in format.tags(window.text).values():
        for tag in pair:
            text = text.replace(tag, "")
    return text


@quick
@given(st.data(), windows())
def test_untyped_mentions_are_read_back(data, window):
    mentions = data.draw(separate_mentions(window))
    parsed = UNTYPED.parse(UNTYPED.render(window, mentions), window)
    assert (plain(parsed), parsed.unaligned, parsed.unparsed) == (mentions, 0, 0)


@quick
@given(st.data(), windows())
def test_typed_mentions_are_read_back(data, window):
    mentions = data.draw(separate_mentions(window, LABELS))
    parsed = TYPED.parse(TYPED.render(window, mentions), window)
    assert (plain(parsed), parsed.unaligned, parsed.unparsed) == (mentions, 0, 0)


@quick
@given(st.data(), windows())
def test_the_path_follows_the_grammar(data, window):
    mentions = data.draw(separate_mentions(window, LABELS))
    for format in (UNTYPED, TYPED):
        path = format.path(window, mentions)
        assert follows(format.grammar(window), path)
        assert "".join(path) == format.render(window, mentions)


@quick
@given(windows(), st.integers(), st.sampled_from([UNTYPED, TYPED]))
def test_every_answer_of_the_grammar_is_a_tagged_copy(window, seed, format):
    answer = "".join(walk(format.grammar(window), seed))
    parsed = format.parse(answer, window)
    starts, ends = {s for s, _ in window.tokens}, {e for _, e in window.tokens}
    assert without_tags(format, window, answer) == window.text
    assert (parsed.unaligned, parsed.unparsed) == (0, 0)
    assert all(m.start in starts and m.end in ends for m in parsed.mentions)
    assert format.render(window, plain(parsed)) == answer


@quick
@given(windows(), st.integers())
def test_no_mention_of_the_grammar_is_longer_than_allowed(window, seed):
    format = InlineTags(max_tokens=2)
    parsed = format.parse("".join(walk(format.grammar(window), seed)), window)
    for start, end in spans(parsed):
        assert sum(start <= s < end for s, _ in window.tokens) <= 2


@quick
@given(windows(), st.integers())
def test_the_evidence_of_a_mention_is_its_two_tags(window, seed):
    answer = "".join(walk(TYPED.grammar(window), seed))
    for mention in TYPED.parse(answer, window).mentions:
        (a, b), (c, d) = mention.evidence
        assert (answer[a:b], answer[c:d]) == TYPED.tags(window.text)[mention.label]
        assert answer[b:c] == window.text[mention.start : mention.end]


def test_the_answer_looks_as_documented():
    assert UNTYPED.render(ANN, [Mention(0, 3)]) == "<e>Ann</e> left İstanbul today ."
    assert TYPED.render(ANN, [Mention(9, 17, "GPE")]) == "Ann left <GPE>İstanbul</GPE> today ."


def test_offsets_after_a_letter_that_grows_in_lower_case_are_right():
    window = make_window("İstanbul", "and", "İzmir")
    parsed = UNTYPED.parse("İstanbul and <e>İzmir</e>", window)
    assert [window.text[s:e] for s, e in spans(parsed)] == ["İzmir"]


@pytest.mark.parametrize(
    ("answer", "span"),
    [("<e>bill</e> paid the bill", (0, 4)), ("bill paid the <e>bill</e>", (14, 18))],
)
def test_a_repeated_word_is_the_one_that_was_tagged(answer, span):
    assert spans(UNTYPED.parse(answer, BILL)) == [span]


def test_a_repeated_word_is_the_one_that_was_tagged_in_an_imperfect_copy():
    assert spans(UNTYPED.parse("bill pays the <e>bill</e>", BILL)) == [(14, 18)]
    assert spans(UNTYPED.parse("<e>bill</e> pays the bill", BILL)) == [(0, 4)]


def test_white_space_that_a_free_copy_puts_around_tags_does_not_matter():
    window = make_window("Ann", "met", "Ann")
    parsed = InlineTags().parse("Ann met <e> Ann </e> .", window)
    assert [(m.start, m.end) for m in parsed.mentions] == [(8, 11)]
    assert parsed.unaligned == 0


def test_a_tag_that_the_text_contains_is_replaced():
    assert UNTYPED.tags("a b") == {"": ("<e>", "</e>")}
    assert UNTYPED.tags("a <e> b") == {"": ("<ent>", "</ent>")}
    assert UNTYPED.tags("a </E> <ent>")[""] == ("<span>", "</span>")
    assert TYPED.tags("the <gpe> tag")["GPE"] == ("<GPE_2>", "</GPE_2>")


def test_a_text_that_contains_every_known_tag_still_gets_a_free_one():
    text = "".join(f"<{name}>" for name in ("e", "ent", "span", "entity", "x1", "x2", "x3"))
    opening, closing = UNTYPED.tags(text)[""]
    assert opening not in text
    assert closing == opening.replace("<", "</")


def test_a_replaced_tag_is_never_that_of_another_label():
    pairs = TYPED.tags("<PERSON> ran").values()
    assert len({tag for pair in pairs for tag in pair}) == 2 * len(LABELS)


def test_text_around_a_changed_word_keeps_its_mentions():
    parsed = UNTYPED.parse("<e>Ann</e> leaves <e>İstanbul</e> today.", ANN)
    assert spans(parsed) == [(0, 3), (9, 17)]
    assert (parsed.unaligned, parsed.unparsed) == (0, 0)


@pytest.mark.parametrize("written", ["Anna", "ann", "Bob", "An n"])
def test_a_mention_with_changed_words_is_counted_as_unaligned(written):
    parsed = UNTYPED.parse(f"<e>{written}</e> left İstanbul today .", ANN)
    assert spans(parsed) == []
    assert parsed.unaligned == 1


@pytest.mark.parametrize(
    ("answer", "unparsed"),
    [
        ("<e>Ann left İstanbul today .", 1),
        ("Ann</e> left İstanbul today .", 1),
        ("<e>Ann left <e>İstanbul</e> today .", 1),
        ("Ann left <e>İstanbul</e></e> today .", 1),
        ("Ann left <e></e><e>İstanbul</e> today .", 2),
    ],
)
def test_tags_without_a_partner_are_counted(answer, unparsed):
    parsed = UNTYPED.parse(answer, ANN)
    assert parsed.unparsed == unparsed
    assert spans(parsed) in ([], [(9, 17)])
    assert bool(parsed.mentions) == ("<e>İ" in answer)


@pytest.mark.parametrize(
    "answer",
    [
        "I cannot help with that.",
        "The names are Ann and İstanbul.",
        "<PLACE>Ann</PLACE> left İstanbul today .",
        "Ann left",
        "",
    ],
)
def test_an_answer_that_is_no_copy_and_tags_nothing_is_counted(answer):
    parsed = UNTYPED.parse(answer, ANN)
    assert (parsed.mentions, parsed.unaligned, parsed.unparsed) == ((), 0, 1)


def test_a_copy_without_mentions_may_differ_in_white_space():
    assert UNTYPED.parse(" Ann left\nİstanbul today.", ANN).unparsed == 0


def test_a_mention_closed_by_another_label_is_none():
    parsed = TYPED.parse("<PERSON>Ann</GPE> left İstanbul today .", ANN)
    assert spans(parsed) == []
    assert parsed.unparsed == 2


def test_mentions_that_touch_stay_apart():
    window = make_window("魏", "丞", "相", gap="")
    mentions = [Mention(0, 1), Mention(1, 3)]
    answer = UNTYPED.render(window, mentions)
    assert answer == "<e>魏</e><e>丞相</e>"
    assert UNTYPED.parse(answer, window).mentions == (
        ParsedMention(0, 1, "", ((0, 3), (4, 8))),
        ParsedMention(1, 3, "", ((8, 11), (13, 17))),
    )


def test_a_mention_across_a_line_break_is_read_from_a_copy_without_it():
    window = make_window("in", "New", "York", gap="\n")
    parsed = InlineTags().parse("in <e>New York</e>", window)
    assert [(m.start, m.end) for m in parsed.mentions] == [(3, 11)]
    assert parsed.unaligned == 0


def test_brackets_mark_mentions_too():
    window = make_window("Ann", "left", "Paris")
    format = InlineTags(brackets=True)
    answer = format.render(window, [Mention(0, 3), Mention(9, 14)])
    assert answer == "[Ann] left [Paris]"
    assert [(m.start, m.end) for m in format.parse(answer, window).mentions] == [(0, 3), (9, 14)]


@pytest.mark.parametrize(
    ("text", "marks"),
    [("a ] b", ("{", "}")), ("{ [", ("\u27e6", "\u27e7")), ("[{\u27e6\u3010", ("<e>", "</e>"))],
)
def test_brackets_that_the_text_contains_are_replaced(text, marks):
    assert InlineTags(brackets=True).tags(text) == {"": marks}


def test_brackets_tell_no_labels_apart():
    with pytest.raises(ValueError, match=r"\[EL286\]"):
        InlineTags(("PERSON",), brackets=True)


def test_tags_around_white_space_mark_nothing():
    window = make_window("Ann", "left", "Paris.")
    assert UNTYPED.parse("Ann left<e> </e>Paris.", window).mentions == ()
