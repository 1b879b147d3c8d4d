import re

import hypothesis.strategies as st
import pytest
from hypothesis import given

from spacy_el4ner.explain.page import page, pieces
from tests.html import parsed
from tests.strategies import quick


@pytest.fixture(scope="module")
def pages(explained):
    return [(data, page(data), parsed(page(data), {"small"})) for data in explained]


def test_it_is_well_formed_and_needs_nothing_else(pages):
    for _, html, checker in pages:
        assert html.startswith("<!DOCTYPE html>")
        assert not checker.links
        assert not {"script", "link", "img", "iframe"} & set(checker.tags)
        assert not re.search(r"https?:|url\(|@import", html)


def test_it_is_for_phones_light_and_dark(pages):
    _, html, _ = pages[0]
    assert 'name="viewport" content="width=device-width' in html
    assert "prefers-color-scheme: dark" in html


def test_the_text_of_the_user_is_escaped(pages):
    data, html, checker = pages[-1]
    assert "<script>" in data["text"]
    assert "<script" not in html
    assert data["text"] in checker.text


def test_every_candidate_vote_and_reason_is_on_it(pages):
    for data, _, checker in pages:
        words = " ".join(checker.text.split())
        assert checker.tags.count("details") == len(data["candidates"])
        for c in data["candidates"]:
            reason = c["outcome"].get("reason", f"confidence {c['confidence']:.2f}")
            assert " ".join(reason.split()) in words
        for window in data["windows"]:
            for demonstration in window["demonstrations"]:
                assert f"similarity {demonstration['similarity']:.2f}" in words


@st.composite
def annotated(draw):
    text = draw(st.text(max_size=30))
    places = draw(st.lists(st.integers(0, len(text)), max_size=6).map(sorted))
    pairs = zip(places[::2], places[1::2], strict=False)
    return text, [{"start": s, "end": e, "label": "NAME"} for s, e in pairs if s < e]


@quick
@given(annotated(), st.integers(0, 9))
def test_pieces_joined_are_the_text(case, start):
    text, entities = case
    moved = [{**e, "start": e["start"] + start, "end": e["end"] + start} for e in entities]
    found = list(pieces(text, moved, start))
    assert "".join(piece for piece, _ in found) == text
    assert [p for p, label in found if label] == [text[e["start"] : e["end"]] for e in entities]
