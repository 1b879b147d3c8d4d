"""`python -m spacy el4ner backbones`: make the compact backbones of a corpus."""

import time
from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import read_ensemble, telling_mistakes
from spacy_el4ner.cli.progress import steps_bar


@app.command("backbones")
def backbones(
    config: Annotated[Path, typer.Argument(help="A file of configs/backbones")],
    corpus: Annotated[Path, typer.Argument(help="A folder with train.spacy, as made by `convert`")],
    out: Annotated[Path, typer.Argument(help="Where the models go, a folder each")],
    scale: Annotated[
        float, typer.Option(help="Times the training steps; 0.5 trains half as long")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Added to the seed of each backbone")] = 0,
) -> None:
    """Make the compact backbones that a backbones file names, from all-MiniLM-L6-v2 and train.spacy.

    Models that are not compact ones are left alone: they are loaded by name when they are used.

    Example: python -m spacy el4ner backbones configs/backbones/compact.cfg \\
    corpus/sample_en training/sample_en/backbones
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.pipeline.pool import demonstrations
    from spacy_el4ner.training.backbones import RECIPES, Workshop

    wanted = [
        n for n, block in read_ensemble(config, out)["backbones"].items() if _is_made_here(block, out)
    ]
    unknown = [name for name in wanted if name not in RECIPES]
    if unknown:
        known = ", ".join(RECIPES)
        msg.fail(f"No recipe for {', '.join(unknown)}. Compact backbones: {known}.", exits=1)
    out.mkdir(parents=True, exist_ok=True)
    if not wanted:
        msg.info(f"{config} names no compact backbones: nothing to make.")
        return
    with telling_mistakes():
        pool = [d for d in demonstrations(read_docs(corpus / "train.spacy")) if d.window.tokens]
        labels = sorted({m.label for d in pool for m in d.mentions})
        workshop = Workshop(pool, labels, out, seed=seed, scale=scale, progress=steps_bar)
    msg.info(f"{len(wanted)} backbones from {len(pool)} sentences")
    start = time.perf_counter()
    for name in wanted:
        try:
            record = workshop.make(name)
        except ValueError as error:
            msg.fail(f"'{name}' could not be made", str(error), exits=1)
        msg.good(f"{out / name}: loss {record['final_loss']:.2f} a sentence")
        if too_long := record.get("too_long"):
            msg.warn(f"{too_long} sentences are too long for the context with some of their questions.")
    msg.good(f"{len(wanted)} backbones in {time.perf_counter() - start:.0f} s")


def _is_made_here(block: dict[str, dict[str, str]], out: Path) -> bool:
    return Path(block["backend"]["model"]).parent == out
