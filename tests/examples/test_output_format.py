"""The example format keeps the contract of formats, and works in a component with its own words."""

import pytest

from tests.tiny import save_compact

CONTRACT = """
    from spacy_el4ner.formats.base import Format
    from spacy_el4ner.registry import registry
    from spacy_el4ner.types import Mention, Window

    ranges = registry.get("el4ner_formats", "plugins.TokenRanges.v1")()
    assert isinstance(ranges, Format)
    window = Window("Ann Lee left Oslo", 0, ((0, 3), (4, 7), (8, 12), (13, 17)))
    for spans in ([(0, 7), (13, 17)], [(8, 12)], []):
        mentions = [Mention(*span) for span in spans]
        answer = ranges.render(window, mentions)
        assert [(m.start, m.end) for m in ranges.parse(answer, window).mentions] == spans
        assert len(answer) <= ranges.grammar(window).longest(len)
        states = {ranges.grammar(window).start()}
        for option in ranges.path(window, mentions):
            ways = [way for state in states for way in ranges.grammar(window).options(state)]
            states = {after for string, after in ways if string == option}
        assert states
        print(answer)
"""

COMPONENT = """
    import sys

    import spacy

    voter = {
        "@el4ner_voters": "spacy-el4ner.PromptedVoter.v1",
        "template": "en",
        "format": {"@el4ner_formats": "plugins.TokenRanges.v1"},
        "backend": {
            "@el4ner_backends": "spacy-el4ner.HFBackend.v1",
            "model": sys.argv[1],
            "context": 4096,
        },
    }
    nlp = spacy.blank("en")
    config = {"labels": {"GPE": "cities"}, "voters": {"one": voter}, "on_error": "raise"}
    nlp.add_pipe("llm_ensemble_ner", config=config)
    print(nlp("Ann left Lima.")._.el4ner["error"] or "read")
"""

PROMPT = """
    from spacy_el4ner.prompts.template import PromptTemplate
    from spacy_el4ner.registry import registry
    from spacy_el4ner.types import Demonstration, Mention, Window

    template = PromptTemplate("en", registry.get("el4ner_formats", "plugins.TokenRanges.v1")())
    rome = Window("Bo left Rome", 0, ((0, 2), (3, 7), (8, 12)))
    shown = Demonstration("d", rome, (Mention(8, 12, "GPE"),))
    prompt = template.extraction(Window("Ann left", 0, ((0, 3), (4, 8))), [shown], {"GPE": ""})
    print(prompt.context)
    print(prompt.question)
"""


def test_what_is_rendered_parses_back_and_follows_the_grammar(run_script):
    assert run_script(CONTRACT).splitlines() == ["0-1; 3-3; ", "2-2; ", "none"]


def test_the_prompt_asks_for_the_format_and_shows_it(run_script):
    printed = run_script(PROMPT)
    assert "by their numbers" in printed
    assert "Answer: 2-2;" in printed


@pytest.mark.filterwarnings("ignore")
def test_a_voter_answers_in_the_format(run_script, tmp_path):
    save_compact(tmp_path / "model", 0)
    assert run_script(COMPONENT, tmp_path / "model") == "read\n"
