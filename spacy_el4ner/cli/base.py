"""`python -m spacy el4ner base`: make a compact base for fine-tuning."""

import time
from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import telling_mistakes
from spacy_el4ner.cli.progress import loss_bar, steps_bar
from spacy_el4ner.cli.settings import options_from
from spacy_el4ner.training.character_settings import CharacterBaseSettings


@app.command("base")
@options_from(CharacterBaseSettings)
def base(
    corpus: Annotated[Path, typer.Argument(help="A folder with train.spacy, as made by `convert`")],
    out: Annotated[Path, typer.Argument(help="Where the model goes")],
    settings: CharacterBaseSettings,
    kind: Annotated[
        str,
        typer.Option(
            help="minilm (a compact backbone, from all-MiniLM-L6-v2, for scripts with spaces), "
            "characters (from the training text alone, for scripts without), or auto"
        ),
    ] = "auto",
    model: Annotated[
        str | None,
        typer.Option("--for", help="The model to be fine-tuned; another one than OUT needs no base"),
    ] = None,
    backbones: Annotated[
        Path | None,
        typer.Option(help="Folder of the compact backbones; `backbones` next to OUT by default"),
    ] = None,
    scale: Annotated[
        float, typer.Option(help="Multiplier for the training steps of the backbone")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the new weights and of the training")] = 0,
) -> None:
    """Make a small causal language model for `sft`, from train.spacy and without a model hub. The same
    command continues an interrupted run.

    Example: python -m spacy el4ner base corpus/sample_en training/sample_en/base
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.retrieval.gold import gold_demonstrations
    from spacy_el4ner.training.bases import make_base

    if model is not None and model != str(out):
        out.mkdir(parents=True, exist_ok=True)
        msg.info(f"'{model}' is fine-tuned instead of a compact base: nothing to make.")
        return
    train = corpus / "train.spacy"
    if not train.is_file():
        msg.fail(f"The file '{train}' does not exist.", "Create it with `convert`.", exits=1)
    with telling_mistakes():
        pool = gold_demonstrations(read_docs(train))
    start = time.perf_counter()
    try:
        with loss_bar("Making the base") as show:
            kind = make_base(
                pool,
                out,
                kind,
                backbones=backbones,
                scale=scale,
                seed=seed,
                settings=settings,
                progress=steps_bar,
                show=show,
            )
    except (ValueError, ImportError) as error:
        msg.fail("The base could not be made", str(error), exits=1)
    msg.good(f"{out}: {kind}, in {time.perf_counter() - start:.0f} s")
