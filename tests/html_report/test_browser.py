"""The page as a person uses it, in a real Chromium: with the mouse, with the keyboard, on a phone."""

import copy
import time

import pytest

from spacy_el4ner.html_report.outcomes import MentionTally
from spacy_el4ner.html_report.page import page
from spacy_el4ner.html_report.page_data import page_data
from tests.html_report.browser import browser, darken, png_size, requests, resize
from tests.html_report.conftest import HOSTILE

WIDTHS = (400, 1400)


@pytest.fixture(scope="module")
def chromium():
    with browser() as driver:
        yield driver


@pytest.fixture(scope="module")
def address(tmp_path_factory, sections, data):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(sections, *data, "Report"), encoding="utf8")
    return path.as_uri()


@pytest.fixture
def report(chromium, address):
    """The page, newly loaded; afterwards it must have asked for nothing and complained of nothing."""
    resize(chromium, 1400)
    requests(chromium)
    chromium.get(address)
    yield chromium
    assert requests(chromium) == [address]
    assert chromium.get_log("browser") == []


def all_of(driver, selector):
    return driver.find_elements("css selector", selector)


def one(driver, selector):
    return driver.find_element("css selector", selector)


def choose(driver, name):
    one(driver, f'[data-filter="{name}"]').click()


def press(driver, key):
    from selenium.webdriver import ActionChains, Keys

    ActionChains(driver).send_keys(getattr(Keys, key)).perform()


def count(driver):
    return one(driver, "#count").text


def focused(driver):
    return driver.switch_to.active_element


def test_the_first_page_of_documents_is_shown(report):
    assert count(report) == "30 of 30 documents"
    assert len(all_of(report, "#list > li")) == 20
    one(report, "#after").click()
    assert len(all_of(report, "#list > li")) == 10
    assert one(report, "#where").text == "2 of 2"
    assert not one(report, "#after").is_enabled()


def test_texts_are_shown_as_they_are(report):
    first = one(report, "#list > li")
    assert one(first, "h3").text == "<b>hostile</b>"
    text = report.execute_script(
        "const p = arguments[0].cloneNode(true);"
        "for (const e of p.querySelectorAll('small, .sign')) e.remove();"
        "return p.textContent",
        one(first, ".text"),
    )
    assert text == HOSTILE
    assert all_of(report, "#list img, #list b") == []


def test_entities_stand_where_they_are_even_after_emoji(report):
    second = all_of(report, "#list > li")[1]
    script = "return arguments[0].firstChild.data"
    surfaces = [report.execute_script(script, e) for e in all_of(second, ".entity")]
    assert surfaces == ["Ann Lee", "Acme", "Paris"]


@pytest.mark.parametrize(
    ("name", "number", "entity"),
    [("wrong", 1, "Bill"), ("missed", 1, "Paris"), ("disputed", 2, "Bill")],
)
def test_filters_leave_the_documents_they_name(report, name, number, entity):
    choose(report, name)
    assert count(report) == f"{number} of 30 documents"
    assert f"({number})" in one(report, f'[data-filter="{name}"]').text
    stressed = one(report, ".entity:not(.aside)")
    assert stressed.text.startswith(entity)
    assert all_of(report, "[aria-pressed=true]") == [one(report, f'[data-filter="{name}"]')]


def test_types_and_words_narrow_further(report):
    one(report, "#search").send_keys("ACME’ in")
    assert count(report) == "1 of 30 documents"
    one(report, "#search").clear()
    one(report, "#search").send_keys(" ")
    one(report, "#type").send_keys("ORG")
    choose(report, "wrong")
    assert count(report) == "1 of 30 documents"


def test_an_entity_tells_its_votes_when_it_is_pointed_at(report):
    from selenium.webdriver import ActionChains

    entity = one(report, ".entity.wrong")
    ActionChains(report).move_to_element(entity).perform()
    said = one(report, "#tip").text
    for words in (
        "Bill ORG",
        "wrong type; gold: “Bill” PERSON",
        "confidence 0.80",
        "GPE 0.40",
        "b GPE",
    ):
        assert words in said
    ActionChains(report).move_to_element(one(report, "h1")).perform()
    assert not one(report, "#tip").is_displayed()


def test_the_mouse_passing_by_does_not_close_what_has_the_focus(report):
    from selenium.webdriver import ActionChains

    wrong, right = one(report, ".entity.wrong"), one(report, ".entity:not(.wrong)")
    report.execute_script("arguments[0].focus()", wrong)
    ActionChains(report).move_to_element(right).perform()
    assert one(report, "#tip h4").text == "Ann PERSON"
    ActionChains(report).move_to_element(one(report, "h1")).perform()
    assert one(report, "#tip h4").text == "Bill ORG"


def test_everything_can_be_reached_and_opened_by_keys(report):
    report.execute_script("document.querySelector('[data-filter=all]').focus()")
    reached = []
    for _ in range(12):
        reached.append(
            focused(report).get_attribute("data-filter") or focused(report).get_attribute("id")
        )
        if "entity" in (focused(report).get_attribute("class") or ""):
            break
        press(report, "TAB")
    assert reached[:6] == ["all", "wrong", "missed", "disputed", "type", "search"]
    entity = focused(report)
    assert entity.get_attribute("aria-label") == "Ann, PERSON"
    assert entity.value_of_css_property("outline-style") != "none"
    assert one(report, "#tip").is_displayed()
    assert entity.get_attribute("aria-describedby") == "tip"
    press(report, "TAB")
    assert focused(report).get_attribute("aria-label") == "Bill, ORG, wrong type, disputed"
    assert "Bill" in one(report, "#tip h4").text
    press(report, "ESCAPE")
    assert not one(report, "#tip").is_displayed()
    press(report, "ENTER")
    assert one(report, "#tip").is_displayed()


def test_a_click_keeps_it_open_until_it_is_closed(report):
    entity = one(report, ".entity.wrong")
    entity.click()
    assert one(report, "#tip").is_displayed()
    one(report, "#tip .close").click()
    assert not one(report, "#tip").is_displayed()
    assert focused(report) == entity


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_phones_and_screens_light_and_dark(report, tmp_path, width, dark):
    resize(report, width)
    darken(report, dark)
    one(report, ".entity.wrong").click()
    picture = report.get_screenshot_as_png()
    assert png_size(picture) == (width, 850)
    assert report.execute_script("return document.documentElement.scrollWidth") <= width
    back = report.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert back == ("rgb(20, 23, 27)" if dark else "rgb(255, 255, 255)")
    tip = one(report, "#tip").rect
    assert tip["x"] >= 0
    assert tip["x"] + tip["width"] <= width


def test_without_gold_there_are_no_filters_that_need_it(chromium, documents, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page([], *page_data(documents[0], None)), encoding="utf8")
    chromium.get(path.as_uri())
    names = [button.get_attribute("data-filter") for button in all_of(chromium, "[data-filter]")]
    assert names == ["all", "disputed"]
    assert "no gold entities" in one(chromium, "#documents .note").text


def test_thousands_of_documents_stay_usable(chromium, data, tmp_path):
    many = copy.copy(data[0])
    many["documents"] = data[0]["documents"] * 150
    path = tmp_path / "report.html"
    path.write_text(page([], many, MentionTally()), encoding="utf8")
    start = time.perf_counter()
    chromium.get(path.as_uri())
    assert count(chromium) == "4500 of 4500 documents"
    choose(chromium, "disputed")
    assert count(chromium) == "300 of 4500 documents"
    assert len(all_of(chromium, "#list > li")) == 20
    assert time.perf_counter() - start < 30
