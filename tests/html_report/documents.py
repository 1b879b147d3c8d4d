"""Annotated documents made by hand, as both components leave them."""

import spacy

from spacy_el4ner.pipeline import attributes

NLP = spacy.blank("en")
TEXT = "👩‍👩‍👧 Ann Lee met Bill Osei of Acme in Paris."
"""Its first character is eight units of UTF-16."""


def doc(text=TEXT, *entities, id=None, nlp=NLP):
    """entities: (surface, label), of the first occurrence each."""
    document = nlp.make_doc(text)
    document.ents = [span(document, *entity) for entity in entities]
    if id is not None:
        document.user_data["id"] = id
    return document


def span(document, surface, label):
    start = document.text.index(surface)
    entity = document.char_span(start, start + len(surface), label)
    assert entity is not None, surface
    return entity


def annotated(text, entities, others=(), id=None, nlp=NLP):
    """entities, others: (surface, label, record); the others are not in `doc.ents`."""
    attributes.register()
    document = doc(text, *((surface, label) for surface, label, _ in entities), id=id, nlp=nlp)
    spans = [(span(document, surface, label), r) for surface, label, r in (*entities, *others)]
    document._.el4ner = {
        "counts": {},
        "spans": {attributes.key(s.start_char, s.end_char, s.label_): r for s, r in spans},
        "error": "",
    }
    return document


def vote(voter, label, p=0.9, estimated=False, **others):
    options = {"PERSON": 0.0, "ORG": 0.0, "GPE": 0.0, "": 0.0, **others, label: p}
    return {
        "voter": voter,
        "label": label,
        "probability": p,
        "probabilities": options,
        "estimated": estimated,
        "abstained": False,
    }


def voted(*votes, confidence=0.8, verification=None):
    """The record of an ensemble's candidate."""
    return {
        "confidence": confidence,
        "provenance": {
            "proposed_by": {v["voter"]: 0.7 for v in votes},
            "votes": list(votes),
            "verification": verification,
            "demonstrations": ["train-1/0"],
        },
    }


def agreed(start, end, label, confidence=0.9):
    """The record of an entity that both models of a fusion have."""
    entity = {"start": start, "end": end, "label": label}
    return {
        "confidence": confidence,
        "provenance": {
            "how": "agreement",
            "side": "both",
            "kind": None,
            "rule": None,
            "scores": None,
            "raw": 0.9,
            "slm": {"entities": [{**entity, "probability": 0.95}], "entropy": 0.1},
            "llm": llm({**entity, "category": 0.9, "boundary": 0.8}),
        },
    }


def decided(side, slm, llm, scores=(0.6, 0.5), confidence=0.6):
    """The record of the winner of a disagreement; slm, llm: parts as in `tagger` and `llm`."""
    return {
        "confidence": confidence,
        "provenance": {
            "how": "decision",
            "side": side,
            "kind": "category",
            "rule": "scaled",
            "scores": dict(zip(("slm", "llm"), scores, strict=True)),
            "raw": 0.5,
            "slm": slm,
            "llm": llm,
        },
    }


def rejected(side, scores=(0.6, 0.5), confidence=0.7):
    """The record of a mention of the side that lost."""
    provenance = {"how": "rejected", "side": side, "kind": "category", "rule": "scaled"}
    named = dict(zip(("slm", "llm"), scores, strict=True))
    return {"confidence": confidence, "provenance": {**provenance, "scores": named}}


def tagger(*entities):
    return {"entities": list(entities), "entropy": 0.8}


def llm(*entities, error=""):
    copied = None if entities else 0.7
    return {"entities": list(entities), "copied": copied, "estimated": False, "error": error}
