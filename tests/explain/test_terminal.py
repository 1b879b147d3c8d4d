from spacy_el4ner.explain.page import page
from spacy_el4ner.explain.terminal import terminal
from spacy_el4ner.explain.words import ballot, marked


def words(text):
    return " ".join(text.split())


def test_every_stage_of_every_window_is_shown(explained):
    for data in explained:
        said = terminal(data)
        for stage in ("1. Demonstrations", "2. Extraction", "3. Classification", "4. Verification"):
            assert said.count(stage) == len(data["windows"])
        for candidate in data["candidates"]:
            outcome = candidate["outcome"]
            shown = (
                f"✔ {candidate['text']} {candidate['label']}"
                if outcome["kept"]
                else f"✘ {candidate['text']} {candidate['label']} dropped at {outcome['stage']}: "
                f"{outcome['reason']}"
            )
            assert words(shown) in words(said)


def test_text_is_wrapped_to_the_width(explained):
    said = terminal(explained[-1], 60).splitlines()
    assert max(len(line) for line in said if "  |" not in line and "   " not in line.strip()) <= 70


def vote(label, estimated=False, **probabilities):
    every = {"": 0.0, **probabilities}
    return {
        "label": label,
        "probability": every[label],
        "probabilities": every,
        "estimated": estimated,
        "abstained": False,
    }


def test_a_ballot_names_a_runner_up_that_came_near():
    assert ballot(vote("PERSON", PERSON=0.95, ORG=0.05)) == "PERSON 0.95"
    assert ballot(vote("PERSON", PERSON=0.6, ORG=0.3, GPE=0.1)) == "PERSON 0.60 (ORG 0.30)"
    assert ballot({**vote("", ORG=0.4), "probability": 0.6}) == "none 0.60 (ORG 0.40)"
    assert ballot(vote("ORG", estimated=True, ORG=1.0)) == "ORG 1.00, estimated"


def test_entities_are_marked_in_the_text():
    entities = [
        {"start": 0, "end": 3, "label": "PERSON"},
        {"start": 9, "end": 14, "label": "GPE"},
    ]
    assert marked("Ann left Paris.", entities) == "[Ann|PERSON] left [Paris|GPE]."


def test_what_the_vote_rule_learnt_of_each_voter_is_shown(explained):
    remarks = {"terse": "best at <GPE> (0.93); dropping it would cost 1.3 points of F1"}
    said = terminal({**explained[0], "trust": remarks})
    assert "terse: best at <GPE> (0.93); dropping it would cost 1.3 points of F1" in words(said)
    assert "best at &lt;GPE&gt; (0.93)" in page({**explained[0], "trust": remarks})
    assert "best at" not in terminal(explained[0]) + page(explained[0])
