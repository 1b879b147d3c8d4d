import pytest
import spacy
from spacy.tokens import Doc

from spacy_el4ner.retrieval.weights import POS_WEIGHTS, UNIFORM, span_weight
from tests.strategies import VOCAB

EN = spacy.blank("en")


def weigh(doc, surface, weights=POS_WEIGHTS):
    start = doc.text.index(surface)
    return span_weight(doc, start, start + len(surface), weights)


def tagged(**parse):
    words = ["She", "ran", "the", "University", "of", "old", "Oxford"]
    pos = ["PRON", "VERB", "DET", "PROPN", "ADP", "ADJ", "PROPN"]
    return Doc(VOCAB, words=words, pos=pos, **parse)


@pytest.mark.parametrize(
    ("pos", "weight"),
    [("PROPN", 4.0), ("NOUN", 2.0), ("PRON", 1.0), ("VERB", 0.0), ("DET", 0.0), ("NUM", 0.0)],
)
def test_the_part_of_speech_gives_the_weight(pos, weight):
    doc = Doc(VOCAB, words=["a", "word"], pos=["DET", pos])
    assert weigh(doc, "word") == weight


def test_other_weights_can_be_given():
    doc = Doc(VOCAB, words=["ran"], pos=["VERB"])
    assert weigh(doc, "ran", {"VERB": 3.0}) == 3.0


def test_without_a_parse_the_weightiest_token_decides():
    assert weigh(tagged(), "ran the University") == 4.0
    assert weigh(tagged(), "ran the") == 0.0


def test_with_a_parse_the_head_decides():
    heads = [1, 1, 3, 1, 3, 6, 4]
    deps = ["nsubj", "ROOT", "det", "dobj", "prep", "amod", "pobj"]
    doc = tagged(heads=heads, deps=deps)
    assert weigh(doc, "University of old Oxford") == 4.0
    assert weigh(doc, "of old Oxford") == 0.0
    assert weigh(doc, "old Oxford") == 4.0


@pytest.mark.parametrize(
    ("surface", "weight"),
    [
        ("Acme", 4.0),
        ("3M", 4.0),
        ("old Acme", 4.0),
        ("bridge", 2.0),
        ("She", 1.0),
        ("they", 1.0),
        ("of", 0.0),
    ],
)
def test_without_a_tagger_the_shape_of_the_words_decides(surface, weight):
    doc = EN("She said they saw old Acme and 3M of a bridge")
    assert weigh(doc, surface) == weight


@pytest.mark.parametrize("surface", ["魏丞相", "秦王", "？"])
def test_without_a_tagger_all_spans_of_a_script_without_capitals_weigh_the_same(surface):
    text = "魏丞相見秦王？"
    doc = Doc(VOCAB, words=list(text), spaces=[False] * len(text))
    assert weigh(doc, surface) == UNIFORM


def test_with_a_tagger_a_script_without_capitals_is_weighed_by_it():
    doc = Doc(VOCAB, words=["秦王", "大", "喜"], spaces=[False] * 3, pos=["PROPN", "ADV", "VERB"])
    assert [weigh(doc, w) for w in ("秦王", "大", "喜")] == [4.0, 0.0, 0.0]


def test_a_span_that_cuts_a_token_is_weighed_with_the_whole_token():
    doc = Doc(VOCAB, words=["Acme", "ran"], pos=["PROPN", "VERB"])
    assert span_weight(doc, 1, 3, POS_WEIGHTS) == 4.0
