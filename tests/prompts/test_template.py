from pathlib import Path

import pytest

import spacy_el4ner.prompts
from spacy_el4ner.formats import InlineTags, SpanList
from spacy_el4ner.prompts.template import TEMPLATES, PromptTemplate
from spacy_el4ner.types import Demonstration, Mention
from tests.strategies import make_shot, make_window, sentence

FOLDER = Path(spacy_el4ner.prompts.__file__).parent
COMPACT = sorted(str(p.parent.relative_to(FOLDER)) for p in FOLDER.rglob("context.jinja"))
PACKAGED = [*COMPACT, "en", "zh"]
LABELS = {"PERSON": "people", "ORG": ""}
ANN = sentence("In old Paris Ann Lee met Acme in the rain today .")
LEE = Mention(13, 20, "PERSON")
DEMONSTRATION = make_shot(make_window("Bo", "joined", "Initech"), (0, 2, "PERSON"), (10, 17, "ORG"))
BARE = make_shot(make_window("It", "rained"))


def prompts(template, window=ANN, demonstrations=(DEMONSTRATION, BARE), labels=LABELS, mention=LEE):
    return {
        "extraction": template.extraction(window, demonstrations, labels),
        "classification": template.classification(window, demonstrations, labels, mention),
        "verification": template.verification(window, demonstrations, labels, mention),
    }


def whole(prompt):
    return prompt.system + prompt.context + prompt.question


@pytest.fixture
def folder(tmp_path):
    for name in TEMPLATES:
        (tmp_path / f"{name}.jinja").write_text(f"{name} of {{{{ text }}}}", encoding="utf8")
    (tmp_path / "verification.jinja").write_text("{{ mention.surface }} a {{ label }}?")
    return tmp_path


def test_the_package_has_the_wordings_that_it_documents():
    assert COMPACT == ["compact/marked", "compact/plain", "compact/terse"]


@pytest.mark.parametrize("name", PACKAGED)
def test_types_that_are_not_asked_for_are_not_shown(name):
    asked = {"PERSON": "people"}
    without = make_shot(DEMONSTRATION.window, (0, 2, "PERSON"))
    assert prompts(PromptTemplate(name), demonstrations=[DEMONSTRATION], labels=asked) == prompts(
        PromptTemplate(name), demonstrations=[without], labels=asked
    )


@pytest.mark.parametrize("name", PACKAGED)
class TestEveryWording:
    def test_every_job_is_rendered(self, name):
        for demonstrations in ((), (DEMONSTRATION, BARE)):
            for prompt in prompts(PromptTemplate(name), demonstrations=demonstrations).values():
                assert ANN.text in prompt.context
                assert prompt.question.strip()

    def test_prompts_about_one_sentence_share_system_and_context(self, name):
        found = prompts(PromptTemplate(name)).values()
        other = PromptTemplate(name).classification(
            ANN, (DEMONSTRATION, BARE), LABELS, Mention(0, 2, "ORG")
        )
        assert len({(p.system, p.context) for p in [*found, other]}) == 1
        assert len({p.question for p in [*found, other]}) == 4

    def test_the_sentence_comes_last_in_the_context(self, name):
        assert prompts(PromptTemplate(name))["extraction"].context.endswith(ANN.text)

    def test_the_question_is_set_off_by_white_space_at_its_beginning_alone(self, name):
        for prompt in prompts(PromptTemplate(name)).values():
            assert prompt.question[0].isspace()
            assert prompt.question == prompt.question.rstrip()

    def test_demonstrations_are_shown_in_order_with_their_mentions(self, name):
        context = prompts(PromptTemplate(name))["extraction"].context
        assert context.index("Initech") < context.index("rained") < context.index(ANN.text)
        assert "ORG" in context
        assert (
            "Initech" not in prompts(PromptTemplate(name), demonstrations=(BARE,))["extraction"].context
        )

    def test_the_span_asked_about_is_marked(self, name):
        found = prompts(PromptTemplate(name))
        for job in ("classification", "verification"):
            assert "<e>Ann Lee</e>" in found[job].question.replace(" Ann Lee ", "Ann Lee")
        assert "Ann Lee" not in found["extraction"].question

    def test_the_type_asked_about_is_named_in_the_verification(self, name):
        template = PromptTemplate(name)
        asked = {
            label: template.verification(ANN, (), LABELS, Mention(13, 20, label)).question
            for label in LABELS
        }
        assert all(label in question for label, question in asked.items())
        assert "ORG" not in asked["PERSON"]

    def test_text_that_looks_like_a_template_stays_text(self, name):
        window = make_window("{{ 7 * 7 }}", "{% raw %}", "<b>", "&amp;")
        for prompt in prompts(PromptTemplate(name), window, (), mention=Mention(0, 11, "ORG")).values():
            assert window.text in prompt.context
            assert "49" not in whole(prompt)

    def test_a_tag_that_the_sentence_contains_is_replaced(self, name):
        window = make_window("see", "<e>", "Ann")
        question = PromptTemplate(name).classification(window, (), LABELS, Mention(8, 11)).question
        assert "<ent>" in question

    def test_a_mention_at_either_edge_is_rendered(self, name):
        window = make_window("Ann", "met", "Bo")
        for mention in (Mention(0, 3, "ORG"), Mention(8, 10, "ORG"), Mention(0, 10, "ORG")):
            question = PromptTemplate(name).verification(window, (), LABELS, mention).question
            assert window.text[mention.start : mention.end] in question


@pytest.mark.parametrize("name", ["en", "zh"])
def test_chat_wordings_name_the_types_and_their_descriptions(name):
    prompt = prompts(PromptTemplate(name))["classification"]
    assert "- PERSON" in prompt.system
    assert "people" in prompt.system
    assert all(option in prompt.question for option in ("PERSON", "ORG", "none"))


@pytest.mark.parametrize("name", ["en", "zh"])
def test_chat_wordings_ask_for_the_format_that_is_read(name):
    tagged = PromptTemplate(name, InlineTags()).extraction(ANN, (), LABELS).question
    listed = PromptTemplate(name, SpanList()).extraction(ANN, (), LABELS).question
    assert "<e>" in tagged
    assert "none" not in tagged
    assert "none" in listed
    assert "<e>" not in listed


def test_the_options_are_the_labels_and_no_entity():
    assert PromptTemplate().options(LABELS) == ("PERSON", "ORG", "none")


@pytest.mark.parametrize(
    ("labels", "no_entity"),
    [(("none",), "no entity"), (("none", "no entity"), "nothing")],
)
def test_a_label_named_like_no_entity_does_not_collide_with_it(labels, no_entity):
    options = PromptTemplate().options(dict.fromkeys(labels, ""))
    assert options == (*labels, no_entity)


def test_the_question_offers_the_no_entity_option_that_is_scored():
    labels = {"none": "no one", "ORG": ""}
    question = PromptTemplate("en").classification(ANN, (), labels, LEE).question
    assert 'Answer "no entity" if' in question


def asked(folder, template):
    (folder / "classification.jinja").write_text(template)
    return (
        PromptTemplate(str(folder)).classification(ANN, (DEMONSTRATION,), LABELS, LEE).question.strip()
    )


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ mention.left(1) }}|{{ mention.right(1) }}", "Paris|met"),
        ("{{ mention.left(2) }}|{{ mention.right(3) }}", "old Paris|met Acme in"),
        ("{{ mention.left(99) }}|{{ mention.right(99) }}", "In old Paris|met Acme in the rain today ."),
        ("{{ mention.open }}{{ mention.surface }}{{ mention.close }}", "<e>Ann Lee</e>"),
    ],
)
def test_templates_see_the_mention_and_its_surroundings_in_tokens(folder, template, expected):
    assert asked(folder, template) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ d.text }}", "Bo joined Initech"),
        ("{{ d.tagged }}", "<e>Bo</e> joined <e>Initech</e>"),
        ("{{ d.typed }}", "Bo [PERSON] joined Initech [ORG]"),
        ("{{ d.answer }}", "<e>Bo</e> joined <e>Initech</e>"),
        (
            "{% for m in d.mentions %}{{ m.surface }}={{ m.label }} {% endfor %}",
            "Bo=PERSON Initech=ORG",
        ),
    ],
)
def test_templates_see_the_demonstrations(folder, template, expected):
    assert asked(folder, f"{{% for d in demonstrations %}}{template}{{% endfor %}}") == expected


def test_own_templates_are_read_from_a_folder(folder):
    found = prompts(PromptTemplate(str(folder)))
    assert found["extraction"].system == f"system of {ANN.text}"
    assert found["extraction"].context == f"context of {ANN.text}"
    assert found["extraction"].question == f" extraction of {ANN.text}"
    assert found["verification"].question == " Ann Lee a PERSON?"


def test_a_format_is_asked_for_in_the_words_of_the_folder_where_it_has_some(folder):
    (folder / "extraction_span_list.jinja").write_text("a list with {{ separator }}")
    questions = [
        PromptTemplate(str(folder), format).extraction(ANN, (), LABELS).question
        for format in (SpanList(), InlineTags())
    ]
    assert questions == [" a list with  ; ".rstrip(), f" extraction of {ANN.text}"]


def test_a_format_without_words_of_the_folder_brings_its_own(folder):
    (folder / "extraction.jinja").write_text("{{ instruction }}")
    question = PromptTemplate(str(folder), SpanList()).extraction(ANN, (), LABELS).question
    assert question == f" {SpanList().instruction(ANN)}"


@pytest.mark.parametrize("name", ["en", "zh"])
def test_demonstrations_show_the_answer_where_it_is_not_the_marked_sentence(name):
    tagged = PromptTemplate(name, InlineTags()).extraction(ANN, (DEMONSTRATION,), LABELS)
    listed = PromptTemplate(name, SpanList()).extraction(ANN, (DEMONSTRATION,), LABELS)
    assert "Bo ; Initech" not in tagged.context
    assert "Bo ; Initech" in listed.context


def test_missing_templates_are_named(folder):
    (folder / "context.jinja").unlink()
    (folder / "system.jinja").unlink()
    with pytest.raises(ValueError, match=r"lacks the templates system, context\. Name a template"):
        PromptTemplate(str(folder))


def test_an_unknown_wording_is_refused():
    with pytest.raises(ValueError, match=r"'klingon' lacks the templates system, .*context"):
        PromptTemplate("klingon")


def test_an_unknown_value_in_a_template_is_an_error(folder):
    (folder / "extraction.jinja").write_text("{{ nonsense }}")
    with pytest.raises(Exception, match="nonsense"):
        PromptTemplate(str(folder)).extraction(ANN, (), LABELS)


def test_a_pool_sentence_without_mentions_is_shown_as_such():
    context = PromptTemplate("en").extraction(ANN, (Demonstration("d", ANN, ()),), LABELS).context
    assert f"Marked: {ANN.text}\nTypes: none" in context


@pytest.mark.parametrize("name", ["en", "zh"])
@pytest.mark.parametrize("words", [("Ann", "left"), ("Ann", ";", "left")])
def test_a_list_is_asked_for_with_the_separator_that_is_read(name, words):
    window = make_window(*words)
    question = PromptTemplate(name, SpanList()).extraction(window, (), LABELS).question
    separators = {" ; ", " | "}
    assert {s for s in separators if s in question} == {SpanList().grammar(window).separator}
