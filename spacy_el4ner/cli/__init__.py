"""The commands `python -m spacy el4ner …`, one file each: they parse, call and print."""

import typer
from spacy.cli._util import app as spacy_app

app = typer.Typer(
    name="el4ner",
    help="Train, run, explain and evaluate NER: ensembles of language models, a tagger fused with one.",
    no_args_is_help=True,
)
spacy_app.add_typer(app)

# Each module registers its command.
from spacy_el4ner.cli import (  # noqa: E402, F401
    active_learning,
    annotate,
    annotate_cost,
    annotate_estimate,
    attack,
    backbones,
    base,
    bench,
    calibrate,
    cascade,
    convert,
    distil,
    evaluate,
    evaluate_fusion,
    explain,
    fuse,
    in_context,
    index,
    memory,
    models,
    package,
    report,
    review,
    review_import,
    seeds,
    sft,
    show,
    table,
    tune,
)
