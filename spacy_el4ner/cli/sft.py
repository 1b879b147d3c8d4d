"""`python -m spacy el4ner sft`: fine-tune a language model on sentences with inline tags."""

import json
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from thinc.api import Config
from tqdm import tqdm
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline, telling_mistakes
from spacy_el4ner.cli.outputs import check_model_out


def _configured(context: typer.Context, path: Path | None) -> Path | None:
    """Take the defaults of the other options from a file."""
    if path is None:
        return None
    try:
        given = Config().from_disk(path, interpolate=True).get("sft", {})
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{path} cannot be read: {error}") from error
    known = {parameter.name for parameter in context.command.params} - {"config"}
    if unknown := sorted(set(given) - known):
        raise typer.BadParameter(f"{path} sets what sft does not know: {', '.join(unknown)}")
    context.default_map = {**(context.default_map or {}), **given}
    return path


@app.command("sft")
def sft(
    model: Annotated[str, typer.Argument(help="A causal language model: name on the hub, or folder")],
    corpus: Annotated[Path, typer.Argument(help="A folder with train.spacy and, if wanted, dev.spacy")],
    out: Annotated[Path, typer.Argument(help="Where the adapter goes; with --full, the model")],
    config: Annotated[
        Path | None,
        typer.Option(
            help="A file whose block [sft] sets the options below, unless they are given here",
            callback=_configured,
            is_eager=True,
        ),
    ] = None,
    wording: Annotated[
        str, typer.Option(help="Prompts: en, zh, compact, or a folder with templates")
    ] = "en",
    labels: Annotated[
        Path | None, typer.Option(help="JSON file, label -> description; otherwise those of the corpus")
    ] = None,
    k: Annotated[int, typer.Option("--shots", "-k", help="Demonstrations in a prompt")] = 5,
    demonstrations: Annotated[
        str, typer.Option(help="similar (to the sentence), or fixed (the same in every prompt)")
    ] = "similar",
    encoder: Annotated[
        str | None, typer.Option(help="Model of sentence-transformers that says what is similar")
    ] = None,
    tagger: Annotated[
        Path | None,
        typer.Option(help="A pipeline with slm_llm_fusion, to find similar sentences as it does"),
    ] = None,
    max_tokens: Annotated[int, typer.Option(help="The longest entity, in tokens of the corpus")] = 32,
    max_window: Annotated[
        int,
        typer.Option(
            min=0, help="Most tokens of the corpus to ask about at a time; 0: whole sentences"
        ),
    ] = 0,
    loss: Annotated[
        str,
        typer.Option(help="full vocabulary, or allowed tokens alone: for small models of one job"),
    ] = "full",
    full: Annotated[bool, typer.Option("--full", help="Train all weights instead of LoRA")] = False,
    freeze_embeddings: Annotated[
        bool, typer.Option("--freeze-embeddings", help="With --full, leave the embeddings as they are")
    ] = False,
    rank: Annotated[int, typer.Option(help="Of LoRA")] = 64,
    alpha: Annotated[int, typer.Option(help="Of LoRA")] = 128,
    dropout: Annotated[float, typer.Option(help="Of LoRA")] = 0.0,
    hidden: Annotated[
        float, typer.Option(min=0, max=1, help="Share of what is read that is hidden in training")
    ] = 0.0,
    average: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Decay of the mean of the weights that is kept; 0: the last weights"
        ),
    ] = 0.0,
    epochs: Annotated[int, typer.Option(help="Rounds over the sentences")] = 3,
    batch_size: Annotated[int, typer.Option(help="Sentences an optimizer step")] = 64,
    batch_tokens: Annotated[
        int, typer.Option(help="Most tokens a pass; gradients are accumulated over the passes")
    ] = 8192,
    learning_rate: Annotated[float, typer.Option(help="Its peak")] = 2e-5,
    patience: Annotated[
        int, typer.Option(help="Stop after so many epochs without a lower loss on dev; 0: never")
    ] = 0,
    dev: Annotated[bool, typer.Option(help="Keep the epoch that is best on dev.spacy")] = True,
    context: Annotated[
        int | None, typer.Option(help="Tokens of prompt and answer; otherwise what the model has")
    ] = None,
    precision: Annotated[
        str, typer.Option(help="auto (bfloat16 where it is fast), float32 or bfloat16")
    ] = "auto",
    gradient_checkpointing: Annotated[
        bool, typer.Option("--gradient-checkpointing", help="Less memory, more time")
    ] = False,
    revision: Annotated[str | None, typer.Option(help="Of the model on the hub")] = None,
    seed: Annotated[int, typer.Option(help="Of new weights, order and dropout")] = 0,
    anew: Annotated[
        bool, typer.Option("--anew", help="Replace a model that other settings made in OUT, or began")
    ] = False,
    save_every: Annotated[float, typer.Option(help="Seconds between checkpoints")] = 300.0,
) -> None:
    """Fine-tune a language model to copy a sentence with inline tags, shown similar sentences.

    The result is an adapter for spacy-el4ner.HFBackend.v1. The same command goes on where it was
    stopped. For several GPUs: accelerate launch -m spacy el4ner sft …

    Example: python -m spacy el4ner sft Qwen/Qwen2.5-14B-Instruct corpus/sample_en training/adapter
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.evaluation.calibration import encoder_of
    from spacy_el4ner.pipeline.pool import demonstrations as sentences_of
    from spacy_el4ner.retrieval.encoders import Encoder, SentenceTransformerEncoder
    from spacy_el4ner.training.sft import Settings, finetune

    check_model_out(out, Path(model), corpus, *([] if tagger is None else [tagger]))
    splits = {name: corpus / f"{name}.spacy" for name in ("train", "dev")}
    if not splits["train"].is_file():
        msg.fail(f"There is no '{splits['train']}'.", "Make it with `convert`.", exits=1)
    with telling_mistakes():
        train = sentences_of(read_docs(splits["train"]))
        judged = sentences_of(read_docs(splits["dev"])) if dev and splits["dev"].is_file() else []
    msg.info(f"{len(train)} sentences to learn from, {len(judged)} to choose the best epoch by")
    similarity: Encoder | None = SentenceTransformerEncoder(encoder) if encoder else None
    if tagger is not None and similarity is None:
        with telling_mistakes():
            similarity = encoder_of(load_pipeline(tagger, "Train it: see configs/slm_en.cfg."), tagger)
    bar: Any = tqdm(desc="Fine-tuning", unit="step")

    def show(steps: int, step: int, value: float) -> None:
        bar.total, bar.n = steps, step
        bar.set_postfix(loss=f"{value:.4f}")

    try:
        with bar, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            record = finetune(
                model,
                train,
                out,
                Settings(
                    wording=wording,
                    k=k,
                    demonstrations=demonstrations,
                    max_tokens=max_tokens,
                    max_window=max_window,
                    loss=loss,
                    method="full" if full else "lora",
                    freeze_embeddings=freeze_embeddings,
                    rank=rank,
                    alpha=alpha,
                    dropout=dropout,
                    hidden=hidden,
                    average=average,
                    epochs=epochs,
                    batch_size=batch_size,
                    batch_tokens=batch_tokens,
                    learning_rate=learning_rate,
                    patience=patience,
                    context=context,
                    precision=precision,
                    gradient_checkpointing=gradient_checkpointing,
                    seed=seed,
                ),
                labels=None if labels is None else json.loads(labels.read_text(encoding="utf8")),
                dev=judged,
                revision=revision,
                encoder=similarity,
                anew=anew,
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
