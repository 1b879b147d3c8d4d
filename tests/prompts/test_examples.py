import pickle

import pytest

from spacy_el4ner.formats import InlineTags
from spacy_el4ner.prompts.template import EXAMPLES, PromptTemplate
from spacy_el4ner.types import CUT, Demonstration, Mention
from tests.strategies import make_shot, make_window, sentence

LABELS = {"PERSON": "person", "WORK_OF_ART": "titles of books, songs and films"}
ANN = sentence("Ann Lee met Bo")
LEE = Mention(0, 7)
BO = make_shot(make_window("Bo", "read", "Emma"), (0, 2, "PERSON"), (8, 12, "WORK_OF_ART"))
RAIN = make_shot(make_window("It", "rained"))


def prompts(template, demonstrations=(BO, RAIN), window=ANN):
    mention = Mention(0, 7, "PERSON")
    return {
        "extraction": template.extraction(window, demonstrations, LABELS),
        "classification": template.classification(window, demonstrations, LABELS, LEE),
        "verification": template.verification(window, demonstrations, LABELS, mention),
    }


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "template.toml").write_text('layout = "completion"\nstop = "\\n"')
    for name in EXAMPLES:
        (tmp_path / f"{name}.jinja").write_text("{{ text }} = {{ answer }}")
    (tmp_path / "system.jinja").write_text("")
    return tmp_path


def test_a_completion_is_examples_up_to_the_answer_of_the_last():
    prompt = PromptTemplate("completion").extraction(ANN, [BO, RAIN], LABELS)
    assert prompt.texts[-1] == (
        "Bo read Emma\n[Bo] read [Emma]\n\nIt rained\nIt rained\n\nAnn Lee met Bo\n"
    )
    assert prompt.stop == "\n\n"


def test_in_turns_each_demonstration_is_a_question_and_its_answer():
    prompt = PromptTemplate("turns").extraction(ANN, [BO], LABELS)
    assert prompt.texts[1:] == [
        "Text:\nBo read Emma\nNames:",
        "[Bo] read [Emma]",
        "Text:\nAnn Lee met Bo\nNames:",
    ]
    assert (prompt.stop, prompt.lead) == ("", "")


def test_an_answer_is_cut_as_its_grammar_cuts_it():
    prompt = PromptTemplate("completion").extraction(ANN, [BO], LABELS)
    assert f"{CUT}[{CUT}Bo{CUT}]{CUT} read{CUT} [{CUT}Emma{CUT}]{CUT}" in prompt.context


def test_a_classification_shows_every_mention_and_a_span_that_is_none():
    prompt = PromptTemplate("completion").classification(ANN, [BO, RAIN], LABELS, LEE)
    assert prompt.texts[-1] == (
        "Bo read Emma\nBo is a person\nread is a none\nEmma is a WORK_OF_ART\n\n"
        "It rained\nrained is a none\n\n"
        "Ann Lee met Bo\nAnn Lee is a"
    )
    assert prompt.lead == " "


def test_an_answer_about_a_mention_ends_alike_wherever_it_stands():
    prompt = PromptTemplate("completion").classification(ANN, [BO, RAIN], LABELS, LEE)
    answers = prompt.context.count(f"{CUT} none{CUT}\n{CUT}")
    assert (prompt.stop, answers) == ("\n", 2)


def test_without_a_text_between_mentions_each_example_stands_alone(folder):
    (folder / "classification.jinja").write_text("{{ text }}/{{ mention.surface }}:{{ answer }}")
    prompt = PromptTemplate(str(folder)).classification(ANN, [BO], LABELS, LEE)
    assert prompt.texts[-1] == (
        "Bo read Emma/Bo:person\nBo read Emma/read:none\nBo read Emma/Emma:WORK_OF_ART\n"
        "Ann Lee met Bo/Ann Lee:"
    )


def test_a_neutral_word_takes_the_place_of_the_mention_that_is_asked_about():
    template = PromptTemplate("completion")
    asked, neutral = (template.classification(ANN, [BO], LABELS, LEE, n) for n in (False, True))
    assert (neutral.context, neutral.lead) == (asked.context, asked.lead)
    assert (asked.question, neutral.question) == ("\nAnn Lee is a", "\nIt is a")


def test_a_verification_shows_true_and_false():
    prompt = PromptTemplate("completion").verification(ANN, [BO], LABELS, Mention(0, 7, "PERSON"))
    assert prompt.texts[-1] == (
        "Bo read Emma\nBo is a person: true\nread is a person: false\nEmma is a WORK_OF_ART: true\n\n"
        "Ann Lee met Bo\nAnn Lee is a person:"
    )


@pytest.mark.parametrize("name", ["completion", "turns"])
class TestBothLayouts:
    def test_questions_about_the_spans_of_a_sentence_share_all_but_the_question(self, name):
        template = PromptTemplate(name)
        spans = [Mention(0, 7), Mention(12, 14)]
        first, second = (template.classification(ANN, [BO], LABELS, span) for span in spans)
        assert (first.system, first.context, first.exchanges) == (
            second.system,
            second.context,
            second.exchanges,
        )
        assert first.question != second.question

    def test_labels_that_are_not_asked_for_are_not_shown(self, name):
        template = PromptTemplate(name)
        without = make_shot(BO.window, (0, 2, "PERSON"))
        asked = {"PERSON": ""}
        assert template.extraction(ANN, [BO], asked) == template.extraction(ANN, [without], asked)

    def test_the_text_is_shown_without_the_characters_that_are_marks(self, name):
        window = sentence("Ann \ufdd0 and \ufdd1 left")
        for prompt in prompts(PromptTemplate(name), [Demonstration("d", window, ())], window).values():
            assert "Ann \ufffd and \ufffd left" in prompt.texts[-1]

    def test_a_copy_asks_the_same(self, name):
        template = PromptTemplate(name, InlineTags(), {"PERSON": "human"})
        assert prompts(pickle.loads(pickle.dumps(template))) == prompts(template)


@pytest.mark.parametrize(
    ("description", "name"), [("人名", "人名"), ("真实人物和虚构人物的姓名与称号", "PERSON")]
)
def test_a_short_description_without_spaces_is_told_from_a_long_one(description, name):
    assert PromptTemplate("completion").options({"PERSON": description})[0] == name


def test_a_short_description_is_the_name_of_a_label_in_examples():
    assert PromptTemplate("completion").options(LABELS) == ("person", "WORK_OF_ART", "none")
    assert PromptTemplate("en").options(LABELS) == ("PERSON", "WORK_OF_ART", "none")


@pytest.mark.parametrize("name", ["en", "completion", "turns"])
def test_a_label_is_called_as_the_settings_say(name):
    template = PromptTemplate(name, label_names={"WORK_OF_ART": "title"})
    assert template.options(LABELS)[1] == "title"
    for prompt in prompts(template).values():
        assert "WORK_OF_ART" not in "".join(prompt.texts)


def test_labels_with_the_same_short_description_keep_their_own_names():
    labels = {"GPE": "place", "LOC": "place"}
    assert PromptTemplate("completion").options(labels) == ("GPE", "LOC", "none")


def test_two_labels_with_one_name_are_refused():
    template = PromptTemplate("completion", label_names={"GPE": "place", "LOC": "place"})
    with pytest.raises(ValueError, match=r"\[EL289\].*place, place"):
        template.options({"GPE": "", "LOC": ""})


def test_own_examples_are_read_from_a_folder(folder):
    prompt = PromptTemplate(str(folder)).extraction(ANN, [BO], LABELS)
    assert prompt.texts[-1] == "Bo read Emma = <e>Bo</e> read <e>Emma</e>\nAnn Lee met Bo = "
    assert prompt.stop == "\n"


@pytest.mark.parametrize("text", ["{{ text }}", "{{ answer }}", "\n{{ answer }}"])
def test_an_example_without_a_place_for_its_answer_is_refused(folder, text):
    (folder / "extraction.jinja").write_text(text)
    with pytest.raises(ValueError, match=r"\[EL288\].*extraction\.jinja.*\{\{ answer \}\}"):
        PromptTemplate(str(folder)).extraction(ANN, [BO], LABELS)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ('layout = "essay"', r"\[EL010\].*essay.*instruction, turns, completion"),
        ('stop = ""', r"\[EL010\]"),
        ("marks = 3", r"\[EL287\].*template\.toml.*marks"),
        ("layout =", r"\[EL287\]"),
    ],
)
def test_wrong_settings_are_refused(folder, settings, match):
    (folder / "template.toml").write_text(settings)
    with pytest.raises(ValueError, match=match):
        PromptTemplate(str(folder))
