"""`python -m spacy el4ner table`: a file of metrics as a Markdown report and a plot."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import read_metrics, telling_mistakes
from spacy_el4ner.cli.outputs import check_file, write


@app.command("table")
def table(
    metrics: Annotated[
        Path, typer.Argument(help="The JSON file that `evaluate` or `evaluate-fusion` wrote")
    ],
    out: Annotated[
        Path, typer.Argument(help="The Markdown file to write, .md; the plot is saved next to it")
    ],
) -> None:
    """Write the report of an evaluation. Every number in it comes from the file.

    Example: python -m spacy el4ner table metrics/sample_en/ensemble.json \\
    metrics/sample_en/report.md
    """
    from spacy_el4ner.evaluation import ensemble_tables, fusion_tables

    picture = out.with_suffix(".png")
    check_file(out, metrics, suffix=".md")
    check_file(picture, metrics)
    data = read_metrics(metrics)
    writer = ensemble_tables if ensemble_tables.is_ensemble(data) else fusion_tables
    write(out, writer.markdown(data, picture.name))
    with telling_mistakes():
        writer.plot(data, picture)
    msg.good(f"{out} and {picture}")
