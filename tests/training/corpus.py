"""A few labelled documents."""

import spacy

LABELS = ["GPE", "ORG", "PERSON"]
TEXTS = [
    ("Bill Osei paid the bill in Paris.", ["PERSON:Bill Osei", "GPE:Paris"]),
    ("Nobody at Acme Ltd. knew why Ann had left.", ["ORG:Acme Ltd.", "PERSON:Ann"]),
    ("Rain fell all night.", []),
    ("From Lima to Oslo, Delta flies twice a week.", ["GPE:Lima", "GPE:Oslo", "ORG:Delta"]),
    ("Ask Mr. Petrov about Kenya!", ["PERSON:Petrov", "GPE:Kenya"]),
    ("Is Jordan in Jordan this week? Siemens will not say.", ["ORG:Siemens"]),
]


def docs():
    """RETURNS (list[Doc]): The documents."""
    nlp = spacy.blank("en")
    labelled = []
    for n, (text, marks) in enumerate(TEXTS * 3):
        doc = nlp.make_doc(text)
        doc.user_data["id"] = f"doc{n}"
        spans = []
        for mark in marks:
            label, _, surface = mark.partition(":")
            start = text.index(surface)
            spans.append(doc.char_span(start, start + len(surface), label))
        doc.ents = spans
        labelled.append(doc)
    return labelled
