"""`python -m spacy el4ner in-context`: the effect of tuning on an ensemble of prompted models."""

import json
from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import read_metrics, telling_mistakes
from spacy_el4ner.cli.outputs import check_file, write


@app.command("in-context")
def in_context(
    out: Annotated[Path, typer.Argument(help="The JSON file to write")],
    untuned: Annotated[
        list[Path], typer.Option(help="JSON file of `evaluate --untuned`; once for each seed")
    ],
    tuned: Annotated[
        list[Path],
        typer.Option(help="JSON file of `evaluate` for the tuned pipeline; once for each seed"),
    ],
) -> None:
    """Record the scores of each voter and of the ensemble without and with tuning, and the effect of
    each step of the tuning.

    Example: python -m spacy el4ner in-context metrics/sample_en/icl.json \\
    --untuned metrics/sample_en/untuned.json --tuned metrics/sample_en/tuned.json
    """
    from spacy_el4ner.evaluation.in_context import in_context_record, markdown

    check_file(out, *untuned, *tuned)
    with telling_mistakes():
        record = in_context_record(
            [read_metrics(path) for path in untuned], [read_metrics(path) for path in tuned]
        )
    write(out, json.dumps(record, indent=2, ensure_ascii=False))
    print(markdown(record))
    msg.good(str(out))
