"""`python -m spacy el4ner base`: make a compact base for fine-tuning."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from tqdm import tqdm
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import telling_mistakes
from spacy_el4ner.cli.progress import steps_bar
from spacy_el4ner.errors import Errors


@app.command("base")
def base(
    corpus: Annotated[Path, typer.Argument(help="A folder with train.spacy, as made by `convert`")],
    out: Annotated[Path, typer.Argument(help="Where the model goes")],
    kind: Annotated[
        str,
        typer.Option(
            help="minilm (a compact backbone, from all-MiniLM-L6-v2, for scripts with spaces), "
            "characters (from the training text alone, for scripts without), or auto"
        ),
    ] = "auto",
    wanted: Annotated[
        str | None,
        typer.Option("--for", help="What is to be fine-tuned; if that is another model, none is made"),
    ] = None,
    backbones: Annotated[
        Path | None,
        typer.Option(
            help="Where that backbone is, or is to be made; otherwise the folder `backbones` beside OUT"
        ),
    ] = None,
    scale: Annotated[
        float, typer.Option(help="Times the training steps of the backbone; 0.5 trains half as long")
    ] = 1.0,
    drills: Annotated[
        int, typer.Option(help="Random strings that a model of characters learns to copy first")
    ] = 12800,
    sentences: Annotated[
        int, typer.Option(help="Sentences of the training text that it then writes again, going round")
    ] = 6400,
    seed: Annotated[int, typer.Option(help="Of the new weights and of the training")] = 0,
) -> None:
    """Make a small causal language model for `sft`, from train.spacy and without a model hub. The same
    command goes on where it was stopped.

    Example: python -m spacy el4ner base corpus/sample_en training/sample_en/base
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.pipeline.pool import demonstrations
    from spacy_el4ner.training.backbones import Workshop
    from spacy_el4ner.training.bases import (
        BACKBONE,
        KINDS,
        Characters,
        make_characters_base,
        make_minilm_base,
        suitable,
    )

    if wanted is not None and wanted != str(out):
        out.mkdir(parents=True, exist_ok=True)
        msg.info(f"'{wanted}' is to be fine-tuned: there is nothing to make.")
        return
    train = corpus / "train.spacy"
    if not train.is_file():
        msg.fail(f"There is no '{train}'.", "Make it with `convert`.", exits=1)
    with telling_mistakes():
        shown = [d for d in demonstrations(read_docs(train)) if d.window.tokens]
    labels = sorted({m.label for d in shown for m in d.mentions})
    texts = [d.window.text for d in shown]
    kind = suitable(texts) if kind == "auto" else kind
    if kind not in KINDS:
        known = ", ".join(("auto", *KINDS))
        msg.fail(Errors.EL010.format(value=kind, setting="kind", known=known), exits=1)
    start = time.perf_counter()
    try:
        if kind == "minilm":
            folder = backbones or out.parent / "backbones"
            workshop = Workshop(shown, labels, folder, seed=seed, scale=scale, progress=steps_bar)
            workshop.make(BACKBONE)
            make_minilm_base(folder / BACKBONE, texts, labels, out)
        else:
            bar: Any = tqdm(desc="Making the base", unit="step")

            def show(steps: int, done: int, loss: float) -> None:
                bar.total, bar.n = steps, done
                bar.set_postfix(loss=f"{loss:.4f}")

            how = Characters(drills=drills, sentences=sentences)
            with bar:
                make_characters_base(texts, labels, out, seed=seed, how=how, show=show)
    except (ValueError, ImportError) as error:
        msg.fail("The base could not be made", str(error), exits=1)
    msg.good(f"{out}: {kind}, in {time.perf_counter() - start:.0f} s")
