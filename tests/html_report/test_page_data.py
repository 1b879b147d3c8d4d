import json

from spacy_el4ner.html_report.page_data import mentions, page_data
from spacy_el4ner.pipeline.attributes import records
from spacy_el4ner.types import Mention
from tests.html_report.documents import (
    TEXT,
    agreed,
    annotated,
    decided,
    doc,
    llm,
    rejected,
    span,
    tagger,
    vote,
    voted,
)


def sure(label):
    return voted(vote("a", label), vote("b", label))


def unsure(label, other):
    verification = {"voter": "a", "true": True, "probability": 0.75, "estimated": False}
    return voted(
        vote("a", label, 0.8, ORG=0.15, GPE=0.01), vote("b", other, 0.6), verification=verification
    )


GOLD = (("Ann Lee", "PERSON"), ("Bill Osei", "PERSON"), ("Acme", "ORG"), ("Paris", "GPE"))


def ensemble():
    return annotated(
        TEXT,
        [("Ann Lee", "PERSON", sure("PERSON")), ("Osei", "PERSON", unsure("PERSON", "ORG"))],
        [("Bill Osei", "ORG", unsure("ORG", ""))],
        id="one",
    )


def shown(gold=GOLD):
    found, tally = page_data([ensemble()], None if gold is None else [doc(TEXT, *gold)])
    return found, tally


def test_it_is_plain_data_that_survives_json():
    found, _ = shown()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_offsets_are_those_of_javascript():
    (document,) = shown()[0]["documents"]
    assert document["id"] == "one"
    units = document["text"].encode("utf-16-le")
    surfaces = [
        units[2 * e["start"] : 2 * e["end"]].decode("utf-16-le")
        for key in ("found", "considered", "missed")
        for e in document[key]
    ]
    assert surfaces == ["Ann Lee", "Osei", "Bill Osei", "Bill Osei", "Acme", "Paris"]


def test_what_was_found_is_judged():
    (document,) = shown()[0]["documents"]
    right, wrong = document["found"]
    assert (right["outcome"], right["gold"], right["disputed"]) == ("right", [], False)
    assert (wrong["outcome"], wrong["disputed"]) == ("boundary", True)
    assert wrong["gold"] == [{"text": "Bill Osei", "label": "PERSON"}]


def test_what_nothing_is_known_of_is_not_judged():
    gold = doc(TEXT, *GOLD[:1])
    rest = gold[gold.ents[0].end :]
    gold.set_ents(list(gold.ents), missing=[rest], default="outside")
    found, tally = page_data([ensemble()], [gold])
    right, unknown = found["documents"][0]["found"]
    assert (right["outcome"], unknown["outcome"]) == ("right", "")
    assert [e["outcome"] for e in found["documents"][0]["considered"]] == [""]
    assert tally.outcomes.keys() == {"PERSON"}
    assert tally.outcomes["PERSON"] == {"right": 1}
    assert [counts.total() for counts in tally.models.values()] == [1, 1]
    assert [right for _, right in tally.pairs] == [True]


def test_what_was_missed_is_marked_where_there_is_room():
    (document,) = shown()[0]["documents"]
    assert [(m["label"], m["inline"]) for m in document["missed"]] == [
        ("PERSON", False),
        ("ORG", True),
        ("GPE", True),
    ]


def test_without_gold_nothing_is_judged():
    found, tally = shown(gold=None)
    (document,) = found["documents"]
    assert not found["gold"]
    assert document["missed"] == []
    assert {e["outcome"] for e in document["found"]} == {""}
    assert not tally.outcomes
    assert not tally.pairs


def test_votes_come_with_the_options_that_came_near():
    (document,) = shown()[0]["documents"]
    first, second = document["found"][1]["opinions"]
    assert first == {
        "by": "a",
        "label": "PERSON",
        "probability": 0.8,
        "text": "",
        "others": [["ORG", 0.15]],
    }
    assert (second["by"], second["label"]) == ("b", "ORG")
    assert document["found"][1]["notes"] == [
        "proposed by a 0.70, b 0.70",
        "verified by a: true (probability of “true” 0.75)",
        "demonstrations: train-1/0",
    ]


def test_a_fusion_shows_both_models_and_who_won():
    made = doc(TEXT)
    lee, acme = span(made, "Ann Lee", "PERSON"), span(made, "Acme", "ORG")
    at = {"start": lee.start_char, "end": lee.end_char}
    lost = {"start": lee.start_char + 4, "end": lee.end_char, "label": "ORG"}
    won = decided(
        "slm",
        tagger({**at, "label": "PERSON", "probability": 0.9}),
        llm({**lost, "category": 0.5, "boundary": 0.8}),
    )
    fused = annotated(
        TEXT,
        [
            ("Ann Lee", "PERSON", won),
            ("Acme", "ORG", agreed(acme.start_char, acme.end_char, "ORG")),
        ],
        [("Lee", "ORG", rejected("llm"))],
    )
    found, tally = page_data([fused], [doc(TEXT, *GOLD)])
    (document,) = found["documents"]
    assert document["id"] == "1"
    decision, agreement = document["found"]
    assert [(o["by"], o["label"], o["text"]) for o in decision["opinions"]] == [
        ("tagger", "PERSON", ""),
        ("language model", "ORG", "Lee"),
    ]
    assert decision["notes"][:2] == [
        "the models disagree (category): the tagger won",
        "compared by the rule “scaled”: tagger 0.600, language model 0.500",
    ]
    assert agreement["notes"][0] == "both models agree"
    assert document["considered"][0]["notes"][0] == "the models disagree (category): the tagger won"
    assert tally.models == {"tagger": {"right": 2}, "language model": {"right": 1, "both": 1}}


def test_what_a_model_says_of_several_spans_counts_once():
    _, tally = shown()
    assert tally.models["a"].total() == 3
    assert tally.models["b"] == {"right": 1, "both": 1, "denied": 1}


def test_confidence_is_set_beside_what_is_right():
    assert shown()[1].pairs == [(0.8, True), (0.8, False)]


def test_documents_of_other_pipelines_are_shown_without_votes():
    found, tally = page_data([doc(TEXT, ("Acme", "ORG"))], None)
    (entity,) = found["documents"][0]["found"]
    assert (entity["confidence"], entity["opinions"], entity["notes"]) == (None, [], [])
    assert not tally.models


def test_a_document_that_failed_says_why():
    failed = annotated(TEXT, [])
    failed._.el4ner = {"counts": {}, "spans": {}, "error": "no answer"}
    found, _ = page_data([failed, doc(TEXT)], None)
    assert [document["error"] for document in found["documents"]] == ["no answer", ""]


def test_records_are_read_whatever_the_label_is():
    made = annotated(TEXT, [("Acme", "a:b", sure("a:b"))])
    (mention,) = mentions(made)
    assert list(records(made)) == [mention] == [Mention(mention.start, mention.end, "a:b")]
