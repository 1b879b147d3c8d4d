"""`python -m spacy el4ner show`: the entities of some texts, with their confidence."""

from pathlib import Path
from typing import Annotated

import typer
from spacy.tokens import Span
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline


@app.command("show")
def show(
    pipeline: Annotated[Path, typer.Argument(help="A pipeline, as made by `index`")],
    texts: Annotated[Path, typer.Argument(help="A text file, one text a line")],
) -> None:
    """Print the entities that a pipeline finds.

    Example: python -m spacy el4ner show training/sample_en/pipeline assets/texts_en.txt
    """
    nlp = load_pipeline(pipeline)
    try:
        lines = [line for line in texts.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        msg.fail(f"'{texts}' cannot be read: {error}", "Give a UTF-8 file, one text a line.", exits=1)
    for doc in nlp.pipe(lines):
        msg.divider(char="─")
        print(doc.text)
        rows = [(ent.text, ent.label_, _confidence(ent), _says_so(ent)) for ent in doc.ents]
        if rows:
            msg.table(rows, header=("entity", "type", "confidence", "who says so"), divider=True)
        else:
            print("(no entity)")


UNKNOWN = "–"
"""Of an entity that is another component's."""


def _confidence(ent: Span) -> str:
    confidence = ent._.confidence
    return UNKNOWN if confidence is None else f"{confidence:.2f}"


def _says_so(ent: Span) -> str:
    """The backbones that voted for it; of a fusion, whose entity it is."""
    provenance = ent._.provenance
    if provenance is None:
        return UNKNOWN
    if "votes" not in provenance:
        return {"slm": "tagger", "llm": "language model"}.get(provenance["side"], "both")
    return ", ".join(v["backbone"] for v in provenance["votes"] if v["label"] == ent.label_)
