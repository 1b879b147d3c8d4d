from dataclasses import replace

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.pipeline import Sentencizer
from spacy.tokens import Doc

from spacy_el4ner.text.windows import cut, part_around, snap, split, visible
from spacy_el4ner.types import Window
from tests.strategies import VOCAB, docs, make_window, quick, sentence, windows

EN = spacy.blank("en")


def places(windows):
    return [(w.start + s, w.start + e) for w in windows for s, e in w.tokens]


def texts(windows):
    return [w.text for w in windows]


def signs(text):
    return Doc(VOCAB, words=list(text), spaces=[False] * len(text))


def fits(room):
    return lambda part: len(part.tokens) <= room


@quick
@given(docs(), st.integers(1, 3))
def test_windows_hold_every_token_that_can_be_seen_once_and_in_order(doc, sentences):
    expected = [(t.idx, t.idx + len(t)) for t in doc if visible(t)]
    assert places(cut(doc, sentences)) == expected


@quick
@given(docs(), st.integers(1, 3))
def test_a_window_reads_as_its_stretch_of_the_document(doc, sentences):
    for found in cut(doc, sentences, document=7):
        assert found.text == doc.text[found.start : found.end]
        assert found.text == found.text.strip()
        assert "".join(space + token for space, token in found.pieces) == found.text
        assert found.document == 7


@quick
@given(docs(sentences=True), st.integers(1, 3))
def test_a_window_holds_no_more_sentences_than_allowed(doc, most):
    sentences = [s for s in doc.sents if any(map(visible, s))]
    found = cut(doc, most)
    assert len(found) == -(-len(sentences) // most)
    for n, one in enumerate(found):
        first, *_, last = [t for s in sentences[n * most : (n + 1) * most] for t in s] * 2
        assert first.idx <= one.start
        assert one.end <= last.idx + len(last)


@pytest.mark.parametrize("text", ["", "  \n\n ", "\x00 \u200b \u0301 \ufeff"])
def test_a_document_without_words_has_no_windows(text):
    assert cut(EN(text), 1) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Ann left. Bob came! Why? Nobody… knew",
            ["Ann left.", "Bob came!", "Why?", "Nobody… knew"],
        ),
        ("Ann paid $ 3.50 to Mr. Lee today.", ["Ann paid $ 3.50 to Mr. Lee today."]),
        ("A headline\n\nAnn left.", ["A headline", "Ann left."]),
        ("One\nline", ["One\nline"]),
        ("Nobody at Yahoo! did.", ["Nobody at Yahoo! did."]),
        ("“Ann left.” Bob came.", ["“Ann left.”", "Bob came."]),
        ("(Ann said “go.”) Bob came.", ["(Ann said “go.”)", "Bob came."]),
        ('Ann left. "Come," said Bob.', ["Ann left.", '"Come," said Bob.']),
        ('Ann said "go." Bob came.', ['Ann said "go."', "Bob came."]),
        ('A headline\n\n"Come," said Bob.', ["A headline", '"Come," said Bob.']),
        ("A headline\r\n\r\nAnn left.", ["A headline", "Ann left."]),
        ("A headline\n \t\nAnn left.", ["A headline", "Ann left."]),
        ("One\r\nline", ["One\r\nline"]),
        ("i met ann. she left. why?", ["i met ann.", "she left.", "why?"]),
        ('ann said "go." bob came.', ['ann said "go."', "bob came."]),
    ],
)
def test_without_sentence_boundaries_marks_end_sentences(text, expected):
    assert texts(cut(EN(text), 1)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("王大喜。誰知？走！", ["王大喜。", "誰知？", "走！"]),
        ("王曰：「走。」眾去。", ["王曰：「走。」", "眾去。"]),
        ("他說「我聞『走。』」眾去。", ["他說「我聞『走。』」", "眾去。"]),
        ("王走（夜。）眾去。", ["王走（夜。）", "眾去。"]),
    ],
)
def test_full_width_marks_and_closing_quotes_end_sentences(text, expected):
    assert texts(cut(signs(text), 1)) == expected


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("hi", "राम दिल्ली गया। सीता मुंबई गई।"),
        ("bn", "রাম ঢাকা গেল। সীতা গেল।"),
        ("ar", "هل سافر أحمد؟ نعم."),
        ("ur", "احمد لاہور گیا۔ علی کراچی گیا۔"),
        ("am", "ሰላም። ነው።"),
    ],
)
def test_the_marks_of_other_scripts_end_sentences(lang, text):
    first, second = cut(spacy.blank(lang)(text), 1)
    assert f"{first.text} {second.text}" == text


def test_what_ends_a_sentence_for_spacy_does_so_here():
    marks = Sentencizer.default_punct_chars
    assert [m for m in marks if texts(cut(signs(f"甲{m}乙"), 1)) != [f"甲{m}", "乙"]] == []


def test_a_closing_mark_set_off_by_spaces_stays_with_its_sentence():
    doc = Doc(VOCAB, words=["Go", ".", '"', "Bob", "came", "."])
    assert texts(cut(doc, 1)) == ['Go . "', "Bob came ."]


@pytest.mark.parametrize(("span", "expected"), [((1, 2), (0, 3)), ((4, 9), (4, 8)), ((2, 6), (0, 8))])
def test_a_span_snaps_to_token_boundaries(span, expected):
    whole = Window("Ann paid ?", 0, ((0, 3), (4, 8), (9, 10)))
    assert snap(whole, *span) == expected


def test_the_documents_own_sentences_are_used():
    doc = Doc(VOCAB, words=["Go", ".", "Now", "then"], sent_starts=[True, False, False, True])
    assert texts(cut(doc, 1)) == ["Go . Now", "then"]


@quick
@given(windows(), st.integers(1, 4))
def test_the_parts_of_a_window_hold_all_its_tokens_and_fit(whole, room):
    parts = split(whole, fits(room))
    assert places(parts) == places([whole])
    assert all(len(part.tokens) <= room for part in parts)
    for part in parts:
        at = part.start - whole.start
        assert part.text == whole.text[at : at + len(part.text)]


def test_parts_are_of_the_same_document():
    whole = replace(make_window("Ann", "left"), document=3)
    assert [part.document for part in split(whole, fits(1))] == [3, 3]
    assert part_around(whole, 0, 3, fits(1)).document == 3


def test_a_window_that_fits_is_not_cut():
    whole = make_window("Ann", "left", start=5)
    assert split(whole, fits(2)) == [whole]


def test_a_part_of_one_token_is_not_cut_further():
    parts = split(make_window("Ann", "left"), lambda part: False)
    assert texts(parts) == ["Ann", "left"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("A b c . d e , f g h", ["A b c .", "d e , f g h"]),
        ("甲 乙 丙 ， 丁 戊 己 庚 辛 壬", ["甲 乙 丙 ，", "丁 戊 己 庚 辛 壬"]),
        ("A b , c d e f g", ["A b ,", "c d e f g"]),
        ("A b c d e f", ["A b c", "d e f"]),
    ],
)
def test_a_window_is_cut_at_the_best_place_near_its_middle(words, expected):
    whole = sentence(words)
    parts = split(whole, fits(len(whole.tokens) - 1))
    assert texts(parts) == expected


@quick
@given(st.data(), windows(), st.integers(0, 9))
def test_the_part_around_a_span_holds_it_and_fits(data, whole, room):
    count = len(whole.tokens)
    first = data.draw(st.integers(0, count - 1))
    last = data.draw(st.integers(first, count - 1))
    start, end = whole.tokens[first][0], whole.tokens[last][1]
    part = part_around(whole, start, end, fits(room))
    at = part.start - whole.start
    assert at <= start
    assert end <= at + len(part.text)
    assert part.text == whole.text[at : at + len(part.text)]
    assert len(part.tokens) <= max(room, last - first + 1)
    assert set(places([part])) <= set(places([whole]))


def test_the_part_around_a_span_is_the_whole_window_where_that_fits():
    whole = sentence("a b c d e f g")
    assert part_around(whole, 12, 13, fits(7)) == whole
    assert part_around(whole, 0, 1, fits(7)) == whole


def test_the_part_around_a_span_has_words_on_both_sides():
    whole = sentence("a b c d e f g")
    assert part_around(whole, 6, 7, fits(3)).text == "c d e"


@pytest.mark.parametrize(
    "sentences",
    [
        ["通胀率增长3.5%。", "J.K.罗琳来了。"],
        ["他走了……", "真的?!", "好。"],
        ["3.5%増えた。", "本当？！", "はい。"],
    ],
)
def test_a_sentence_without_spaces_ends_after_all_of_its_marks(sentences):
    assert texts(cut(signs("".join(sentences)), 1)) == sentences


@pytest.mark.parametrize(
    ("lang", "sentences"),
    [
        ("en", ["Anna is here!!", "Really?!", "Yes!"]),
        ("es", ["¡¡Ana vino!!", "¿De veras?!"]),
    ],
)
def test_a_sentence_ends_after_all_of_its_marks(lang, sentences):
    assert texts(cut(spacy.blank(lang)(" ".join(sentences)), 1)) == sentences
