"""`python -m spacy el4ner seeds`: evaluations that differ by seed as one table of means."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import read_metrics, telling_mistakes
from spacy_el4ner.cli.outputs import check_file, write


@app.command("seeds")
def seeds(
    metrics: Annotated[
        list[Path],
        typer.Argument(help="JSON files that `evaluate` or `evaluate-fusion` wrote, one a seed"),
    ],
    out: Annotated[Path, typer.Argument(help="The Markdown file to write, .md")],
) -> None:
    """Print the means over runs that differ by seed, their spread, and the method's gain in each.

    Example: python -m spacy el4ner seeds metrics/mine_0/fusion.json metrics/mine_1/fusion.json \\
    metrics/mine_2/fusion.json metrics/mine/seeds.md
    """
    from spacy_el4ner.evaluation.seeds import markdown

    check_file(out, *metrics, suffix=".md")
    with telling_mistakes():
        table = markdown([read_metrics(path) for path in metrics])
    write(out, table)
    print(table)
    msg.good(str(out))
