import pytest

from spacy_el4ner.formats import InlineTags
from spacy_el4ner.prompts.tagging import TaggingTemplate
from tests.strategies import make_shot, make_window, sentence

PACKAGED = ["compact", "en", "zh"]
LABELS = {"PERSON": "people", "ORG": ""}
FORMAT = InlineTags(tuple(LABELS))
ANN = sentence("Ann met Acme")
DEMONSTRATIONS = [
    make_shot(sentence("Bo left"), (0, 2, "PERSON")),
    make_shot(sentence("Initech fell in May"), (0, 7, "ORG"), (16, 19, "DATE")),
]


def prompt(name, window=ANN, demonstrations=tuple(DEMONSTRATIONS), labels=LABELS):
    return TaggingTemplate(name).prompt(window, demonstrations, labels, FORMAT)


@pytest.mark.parametrize("name", PACKAGED)
class TestEveryWording:
    def test_demonstrations_are_shown_tagged_in_order_before_the_sentence(self, name):
        question = prompt(name).question
        shown = ["<PERSON>Bo</PERSON> left", "<ORG>Initech</ORG> fell in May", "Ann met Acme"]
        places = [question.index(text) for text in shown]
        assert places == sorted(places)

    def test_types_that_are_not_asked_for_are_not_shown(self, name):
        assert "DATE" not in prompt(name).question

    def test_what_never_changes_comes_first(self, name):
        first, second = prompt(name), prompt(name, sentence("Cy did"), DEMONSTRATIONS[:1])
        assert (first.system, first.context) == (second.system, second.context)
        assert ANN.text not in first.system

    def test_the_answer_is_not_in_the_question(self, name):
        assert "<" not in prompt(name, demonstrations=()).question

    def test_the_question_has_no_white_space_at_its_edges(self, name):
        for demonstrations in ((), DEMONSTRATIONS):
            question = prompt(name, demonstrations=demonstrations).question
            assert question == question.strip()

    def test_text_that_looks_like_a_template_stays_text(self, name):
        window = make_window("{{ 7 * 7 }}", "{% raw %}", "<b>", "&amp;")
        assert window.text in prompt(name, window).question


@pytest.mark.parametrize("name", ["en", "zh"])
def test_chat_wordings_name_the_tags_and_descriptions(name):
    system = prompt(name).system
    assert "<PERSON>…</PERSON>" in system
    assert "people" in system
    assert system.index("<PERSON>") < system.index("<ORG>")


def test_chat_wordings_show_text_and_tagged_copy():
    assert "Sentence: Bo left\nTagged: <PERSON>Bo</PERSON> left\n" in prompt("en").question
    assert "句子:Bo left\n標注:<PERSON>Bo</PERSON> left\n" in prompt("zh").question


def test_a_tag_that_the_sentence_contains_is_replaced():
    assert "<PERSON_2>…</PERSON_2>" in prompt("en", make_window("see", "<PERSON>")).system


def test_own_templates_are_read_from_a_folder(tmp_path):
    (tmp_path / "system.jinja").write_text("{{ labels | join }}")
    (tmp_path / "question.jinja").write_text("{{ text }}?")
    found = prompt(str(tmp_path))
    assert (found.system, found.context, found.question) == ("PERSONORG", "", "Ann met Acme?")


def test_missing_templates_are_named(tmp_path):
    (tmp_path / "system.jinja").write_text("")
    with pytest.raises(ValueError, match=r"\[EL050\].*lacks the templates question\. Name a template"):
        TaggingTemplate(str(tmp_path))
