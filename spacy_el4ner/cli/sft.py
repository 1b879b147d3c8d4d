"""`python -m spacy el4ner sft`: fine-tune a language model on sentences with inline tags."""

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from thinc.api import Config
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline, telling_mistakes
from spacy_el4ner.cli.outputs import check_model_out
from spacy_el4ner.cli.progress import loss_bar
from spacy_el4ner.cli.settings import options_from
from spacy_el4ner.training.sft.settings import FinetuningSettings


def _configured(context: typer.Context, path: Path | None) -> Path | None:
    """Take the defaults of the other options from a file."""
    if path is None:
        return None
    try:
        values = Config().from_disk(path, interpolate=True).get("sft", {})
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"Cannot read {path}: {error}") from error
    options = {parameter.name for parameter in context.command.params} - {"config"}
    if unknown := sorted(set(values) - options):
        raise typer.BadParameter(f"Unknown settings in {path}: {', '.join(unknown)}")
    context.default_map = {**(context.default_map or {}), **values}
    return path


@app.command("sft")
@options_from(FinetuningSettings)
def sft(
    model: Annotated[str, typer.Argument(help="A causal language model: name on the hub, or folder")],
    corpus: Annotated[Path, typer.Argument(help="A folder with train.spacy and optionally dev.spacy")],
    out: Annotated[Path, typer.Argument(help="Where the adapter goes; with --full, the model")],
    settings: FinetuningSettings,
    config: Annotated[
        Path | None,
        typer.Option(
            help="A file whose block [sft] sets the options that are not given here",
            callback=_configured,
            is_eager=True,
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Train all weights instead of LoRA")] = False,
    labels: Annotated[
        Path | None,
        typer.Option(help="JSON file, label -> description; the corpus's labels by default"),
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="Model of sentence-transformers that compares sentences")
    ] = None,
    tagger: Annotated[
        Path | None,
        typer.Option(help="A pipeline with slm_llm_fusion, whose tagger compares sentences instead"),
    ] = None,
    dev: Annotated[bool, typer.Option(help="Keep the epoch with the lowest loss on dev.spacy")] = True,
    revision: Annotated[str | None, typer.Option(help="Revision of the model on the hub")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a model in OUT that other settings made")
    ] = False,
    save_every: Annotated[float, typer.Option(help="Seconds between checkpoints")] = 300.0,
) -> None:
    """Fine-tune a language model to copy a sentence with inline tags, given similar sentences.

    The result is an adapter for spacy-el4ner.HFBackend.v1. The same command continues an interrupted
    run. For several GPUs: accelerate launch -m spacy el4ner sft …

    Example: python -m spacy el4ner sft Qwen/Qwen2.5-14B-Instruct corpus/sample_en training/adapter
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.evaluation.calibration import encoder_of
    from spacy_el4ner.retrieval.encoders import Encoder, SentenceTransformerEncoder
    from spacy_el4ner.retrieval.gold import gold_demonstrations
    from spacy_el4ner.training.sft.run import finetune

    check_model_out(out, Path(model), corpus, *([] if tagger is None else [tagger]))
    splits = {name: corpus / f"{name}.spacy" for name in ("train", "dev")}
    if not splits["train"].is_file():
        msg.fail(f"The file '{splits['train']}' does not exist.", "Create it with `convert`.", exits=1)
    with telling_mistakes():
        train = gold_demonstrations(read_docs(splits["train"]))
        use_dev = dev and splits["dev"].is_file()
        judged = gold_demonstrations(read_docs(splits["dev"])) if use_dev else []
    msg.info(f"{len(train)} sentences to train on, {len(judged)} to choose the best epoch by")
    similarity: Encoder | None = SentenceTransformerEncoder(encoder) if encoder else None
    if tagger is not None and similarity is None:
        with telling_mistakes():
            similarity = encoder_of(load_pipeline(tagger, "Train it: see configs/slm_en.cfg."))
    try:
        with loss_bar("Fine-tuning") as show, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            record = finetune(
                model,
                train,
                out,
                replace(settings, method="full" if full else "lora"),
                labels=None if labels is None else json.loads(labels.read_text(encoding="utf8")),
                dev=judged,
                revision=revision,
                encoder=similarity,
                overwrite=overwrite,
                show=show,
                save_every=save_every,
            )
    except (ValueError, OSError, ImportError) as error:
        msg.fail("The model could not be fine-tuned", str(error), exits=1)
    for warning in caught:
        msg.warn(str(warning.message))
    losses = record["dev_loss"]
    best = f", loss on dev {min(losses):.4f}" if losses else ""
    msg.good(f"{out}: {record['steps']} steps{best}")
