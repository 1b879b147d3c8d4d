"""`python -m spacy el4ner package`: a pipeline as a self-contained wheel."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import read_metrics


@app.command("package")
def package(
    pipeline: Annotated[Path, typer.Argument(help="A saved pipeline with the ensemble or the fusion")],
    out: Annotated[Path, typer.Argument(help="The folder for the wheel")],
    name: Annotated[str, typer.Option(help="Name of the package, without the language")],
    version: Annotated[str, typer.Option(help="Version of the package")] = "0.1.0",
    include_models: Annotated[bool, typer.Option(help="Include models that are local folders")] = True,
    metrics: Annotated[
        Path | None, typer.Option(help="JSON file of `evaluate` or `evaluate-fusion`, for the card")
    ] = None,
    licence: Annotated[str, typer.Option(help="Licence of the package")] = "",
    data: Annotated[str, typer.Option(help="Description of the training data, for the card")] = "",
) -> None:
    """Build a wheel that contains the whole pipeline: config, demonstrations and their index,
    calibration and models. Its README is a model card.

    Example: python -m spacy el4ner package training/sample_en/pipeline packages \\
    --name el4ner_compact --version 0.1.0 --metrics metrics/sample_en/ensemble.json
    """
    from spacy_el4ner.packaging.build import Description, build

    measured = None if metrics is None else read_metrics(metrics)
    try:
        about = Description(name, version, measured, licence, data)
        msg.info("Copying the models and building the wheel")
        wheel, notes = build(pipeline, out, about, include_models=include_models)
    except (OSError, RuntimeError, ValueError) as error:
        msg.fail(str(error), exits=1)
        raise  # Not reached: the line above ends the command.
    for note in notes:
        msg.warn(note)
    msg.good(f"{wheel} ({wheel.stat().st_size / 1e6:.1f} MB)", f"Install it: pip install {wheel}")
