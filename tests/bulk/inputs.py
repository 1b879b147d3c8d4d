"""Inputs, and a cheap pipeline that finds entities in them."""

import json

import spacy
from spacy.tokens import DocBin

NAMES = ("Ann Lee", "Bill", "Paris", "Søren Ødegård", "丞相")
BAD = {
    7: '{"id": "half", "text": "half \\ud800 of Paris"}',
    13: "this is not JSON",
    14: '{"id": "none", "body": "Paris"}',
    21: '{"id": "long", "text": "' + "Paris " * 200 + '"}',
}
"""Line -> what cannot be annotated there."""


def save_ruler(folder, **settings):
    """A pipeline that knows a few names."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler", config=settings)
    ruler.add_patterns([{"label": "NAME", "pattern": name} for name in NAMES])
    nlp.to_disk(folder)
    return folder


def text(n):
    return f"{NAMES[n % len(NAMES)]} met {NAMES[n * 7 % 3]} {n} times."


def write_jsonl(path, n=30, bad=BAD):
    """As many lines, some of which are bad."""
    lines = [
        bad.get(line, json.dumps({"id": f"d{line}", "text": text(line), "genre": "made up"}))
        for line in range(1, n + 1)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf8")
    return path


def read_jsonl(path):
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


def read_docbin(path):
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def spans(row):
    return [(ent["start"], ent["end"], ent["label"]) for ent in row["ents"]]
