"""The commands: `python -m spacy el4ner …`, one file a command."""

import typer
from spacy.cli._util import app as spacy_app

app = typer.Typer(
    name="el4ner",
    help="Train, index, run and evaluate ensembles of small language models for NER.",
    no_args_is_help=True,
)
spacy_app.add_typer(app)

# Each module registers its command.
from spacy_el4ner.cli import (  # noqa: E402
    annotate,  # noqa: F401
    annotate_cost,  # noqa: F401
    backbones,  # noqa: F401
    bench,  # noqa: F401
    convert,  # noqa: F401
    evaluate,  # noqa: F401
    explain,  # noqa: F401
    index,  # noqa: F401
    memory,  # noqa: F401
    show,  # noqa: F401
    table,  # noqa: F401
)
