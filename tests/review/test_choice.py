import pytest

from spacy_el4ner.review.choice import most_disputed
from tests.html_report.documents import TEXT, agreed, annotated, doc, rejected, vote, voted


def votes(p):
    return voted(vote("a", "ORG", p, GPE=1 - p))


def test_the_most_disputed_span_decides():
    docs = [
        annotated(TEXT, [("Acme", "ORG", votes(0.9))], id="sure"),
        annotated(TEXT, [("Acme", "ORG", votes(0.6)), ("Paris", "GPE", votes(0.99))], id="unsure"),
    ]
    first, second = most_disputed(docs, 0)
    assert (first.id, second.id) == ("unsure", "sure")
    assert [m.label for m, _ in first.spans] == ["ORG", "GPE"]
    assert first.dispute > second.dispute > 0
    assert most_disputed(docs, 1) == [first]


def test_spans_that_were_not_taken_count_too():
    start = TEXT.index("Acme")
    record = agreed(start, start + 4, "ORG", confidence=0.99)
    (one,) = most_disputed(
        [annotated(TEXT, [("Acme", "ORG", record)], [("Bill", "ORG", rejected("llm"))])], 0
    )
    assert one.id == "1"
    assert [TEXT[m.start : m.end] for m, _ in one.spans] == ["Bill", "Acme"]


@pytest.mark.parametrize("other", [doc(TEXT, ("Acme", "ORG")), annotated("Rain fell.", [])])
def test_documents_without_candidates_are_left_out(other):
    assert most_disputed([other], 0) == []
