"""Every registered language is whole, and the lookup falls back to a neutral one."""

import pytest
import spacy
from spacy.tokens import Doc

from spacy_el4ner.languages import Language, find_language
from spacy_el4ner.languages.en import ENGLISH
from spacy_el4ner.prompts.tagging import TaggingTemplate
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.registry import registry
from spacy_el4ner.text.windows import SENTENCE_ENDS, sentences

CODES = sorted(registry.el4ner_languages.get_all())


def test_the_languages_of_the_package_are_registered():
    assert {"en", "zh"} <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_language_is_found_by_its_code(code):
    assert find_language(code).code == code


@pytest.mark.parametrize("code", CODES)
def test_the_code_names_the_prompts_of_the_language(code):
    assert find_language(code).prompts.is_dir()
    assert PromptTemplate(code).name == TaggingTemplate(code).name == code


def test_an_unknown_language_is_neutral():
    assert find_language("tlh") == Language("tlh")
    assert (find_language("tlh").prompts, find_language("tlh").pronouns) == (None, frozenset())


@pytest.mark.parametrize(
    ("word", "pos"),
    [("She", "PRON"), ("Oxford", "PROPN"), ("1999", "PROPN"), ("river", "NOUN"), ("of", "X")],
)
def test_the_shape_of_an_english_word_gives_its_part_of_speech(word, pos):
    assert ENGLISH.part_of_speech(spacy.blank("en")(word)[0]) == pos


def test_a_neutral_language_knows_no_pronouns():
    assert Language("tlh").part_of_speech(spacy.blank("xx")("she")[0]) == "NOUN"


@pytest.fixture
def greek(monkeypatch):
    """Documents of a language whose question mark is a semicolon."""
    described = Language("el", sentence_ends=".;")
    monkeypatch.setattr("spacy_el4ner.text.windows.find_language", {"el": described}.__getitem__)
    return spacy.blank("el").vocab


def test_a_language_may_end_sentences_with_marks_of_its_own(greek):
    doc = Doc(greek, words=["Ποιος", ";", "Εγώ", "!", "Εδώ", "."])
    assert [span.text for span in sentences(doc)] == ["Ποιος ;", "Εγώ ! Εδώ ."]


@pytest.mark.parametrize("code", ["en", "zh"])
def test_sentences_end_with_the_marks_of_all_scripts_by_default(code):
    assert find_language(code).sentence_ends == ""
    assert {*".?!。？！…"} <= {*SENTENCE_ENDS}
