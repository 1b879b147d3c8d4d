"""`python -m spacy el4ner show`: the entities of some texts, with their confidence."""

from pathlib import Path
from typing import Annotated

import typer
from spacy.tokens import Span
from wasabi import msg

from spacy_el4ner.bulk.files import Keys, open_source
from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline, telling_mistakes
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.pipeline.attributes import confidence, provenance


@app.command("show")
def show(
    pipeline: Annotated[Path, typer.Argument(help="A pipeline, as made by `index`")],
    texts: Annotated[
        Path, typer.Argument(help="Texts as `annotate` reads them: .txt, one a line, or .jsonl")
    ],
) -> None:
    """Print the entities that a pipeline finds, with confidences and reasons.

    Example: python -m spacy el4ner show training/sample_en/pipeline assets/texts_en.txt
    """
    nlp = load_pipeline(pipeline)
    lines = []
    with telling_mistakes():
        source = open_source(texts, Keys())
        for record in map(source.record, source.items()):
            if record.error:
                raise EL4NERValueError(
                    Errors.EL346.format(path=texts, line=record.line, problem=record.error)
                )
            lines.append(record.text)
    for doc in nlp.pipe(lines):
        msg.divider(char="─")
        print(doc.text)
        rows = [(ent.text, ent.label_, _confidence(ent), _reason(ent)) for ent in doc.ents]
        if rows:
            msg.table(rows, header=("entity", "label", "confidence", "reason"), divider=True)
        else:
            print("(no entity)")


UNKNOWN = "–"
"""Shown for an entity of another component."""


def _confidence(ent: Span) -> str:
    sure = confidence(ent)
    return UNKNOWN if sure is None else f"{sure:.2f}"


def _reason(ent: Span) -> str:
    """The voters that voted for an entity with the probability of its label, and the verifier's answer;
    or the models of a fusion that found it.
    """
    record = provenance(ent)
    if record is None:
        return UNKNOWN
    if "votes" not in record:
        return {"slm": "tagger", "llm": "language model"}.get(record["side"], "both")
    votes = [
        f"{v['voter']} {v['probability']:.2f}" for v in record["votes"] if v["label"] == ent.label_
    ]
    verified = record["verification"]
    return ", ".join([*votes, *([f"verified {verified['probability']:.2f}"] if verified else [])])
