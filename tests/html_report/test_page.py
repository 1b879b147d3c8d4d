import json
import re

import hypothesis.strategies as st
import pytest
from hypothesis import given

from spacy_el4ner.html_report.outcomes import MentionTally
from spacy_el4ner.html_report.page import embedded, page
from spacy_el4ner.html_report.page_data import page_data
from tests.html import parsed
from tests.html_report.conftest import HOSTILE
from tests.strategies import quick


@pytest.fixture(scope="module")
def html(sections, data):
    return page(sections, *data, "Report: <tiny>")


def test_it_is_well_formed_and_needs_nothing_else(html):
    checker = parsed(html)
    assert checker.links == ["#documents"]
    assert not {"link", "img", "iframe", "object"} & set(checker.tags)
    assert not re.search(r"https?:|url\(|@import", html.replace("http-equiv", ""))
    assert "default-src 'none'" in html


def test_the_documents_are_in_it_whole(html, data):
    scripts = parsed(html).scripts
    assert json.loads(scripts["data"]) == data[0]
    assert list(json.loads(scripts["hues"])) == data[0]["labels"]
    assert HOSTILE not in html


def test_nothing_of_a_text_is_markup(html):
    checker = parsed(html)
    assert checker.tags.count("script") == 3
    assert "onerror" not in checker.text
    assert "Report: <tiny>" in checker.text


@quick
@given(st.text() | st.sampled_from(["</script>", "<!--", "<script", "\u2028", "]]>"]))
def test_any_text_can_be_embedded(text):
    said = embedded({"text": text.encode("utf8", "replace").decode()})
    assert not re.search("[<>&\u2028\u2029]", said)
    assert json.loads(said) == {"text": text.encode("utf8", "replace").decode()}


def test_the_script_makes_no_markup_of_strings():
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b", _script())


def _script():
    html = page([], {"labels": [], "gold": False, "documents": []}, MentionTally())
    return parsed(html).scripts[None]


def test_every_figure_is_on_it(html, sections):
    text = " ".join(parsed(html).text.split())
    for section in sections:
        for bar in section.bars:
            assert bar.name in text
            assert f"{bar.f1:.3f}" in text
        for table in section.tables:
            assert all(cell in text for row in table.rows for cell in row)


def test_without_gold_it_says_so(documents):
    text = parsed(page([], *page_data(documents[0], None))).text
    assert "no gold entities to compare with" in text
    assert "Confusion" not in text


def test_without_documents_it_says_how_to_have_them(sections):
    text = parsed(page(sections, *page_data([], None))).text
    assert "--docs" in text
    assert "Type" not in text
