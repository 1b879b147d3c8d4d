"""Fine-tuning from labelled sentences to a folder that `spacy-el4ner.HFBackend.v1` loads."""

import json
import shutil
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.backends.loading import Source, freeze, read
from spacy_el4ner.errors import Errors, Warnings
from spacy_el4ner.fusion.tagger import Tagger
from spacy_el4ner.retrieval.encoders import Encoder, SentenceTransformerEncoder
from spacy_el4ner.retrieval.fixed import FixedDemonstrations
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from spacy_el4ner.storage.atomic import explained, replacing_folder
from spacy_el4ner.training.folders import RECORD
from spacy_el4ner.training.sft import manifest
from spacy_el4ner.training.sft.curve import plot
from spacy_el4ner.training.sft.data import Report, lessons
from spacy_el4ner.training.sft.demonstrations import finder
from spacy_el4ner.training.sft.loop import LOSSES, Run, Show
from spacy_el4ner.training.sft.settings import Settings
from spacy_el4ner.types import Demonstration


def finetune(
    model: str,
    sentences: Sequence[Demonstration],
    out: Path,
    settings: Settings,
    *,
    labels: dict[str, str] | None = None,
    dev: Sequence[Demonstration] = (),
    revision: str | None = None,
    encoder: Encoder | None = None,
    anew: bool = False,
    show: Show = lambda steps, done, loss: None,
    save_every: float = 300.0,
) -> dict[str, Any]:
    """Fine-tune a causal language model. A run that was interrupted goes on from its last checkpoint.

    model (str): Name on the hub, or a local directory.
    sentences (Sequence[Demonstration]): The training split, also the pool of demonstrations.
    out (Path): Where the adapter goes (the model, if all weights are trained); complete or absent.
    settings (Settings): How.
    labels (dict[str, str] | None): Label -> description; None for those of the sentences.
    dev (Sequence[Demonstration]): Sentences to choose the best epoch by; none for the last epoch.
    revision (str | None): Branch, tag or commit of the model on the hub.
    encoder (Encoder | None): Says which sentences are similar.
    anew (bool): Replace what other settings made, or began.
    show (Show): Shows how far it is.
    save_every (float): Seconds between checkpoints.
    RETURNS (dict[str, Any]): What is recorded beside the weights.
    """
    sentences = [s for s in sentences if s.window.tokens]
    dev = [s for s in dev if s.window.tokens]
    if not any(s.mentions for s in sentences):
        raise ValueError(Errors.EL053.format(n=len(sentences)))
    if labels is None:
        labels = dict.fromkeys(sorted({m.label for s in sentences for m in s.mentions}), "")
    encoder = encoder or SentenceTransformerEncoder()
    wanted = manifest.plan(model, revision, encoder.name, sentences, dev, labels, settings)
    if record := manifest.finished(out, wanted, anew):
        return record
    folder = out.with_name(f".{out.name}.training")
    accelerator = Accelerator()
    if anew and accelerator.is_main_process:
        manifest.give_up(folder, wanted)
    accelerator.wait_for_everyone()
    manifest.check(folder, wanted)
    backend = HFBackend(
        model,
        revision=revision,
        context=settings.context,
        use_chat_template=settings.use_chat_template,
    )
    tokenizer = backend.tokens.tokenizer
    if settings.hidden and tokenizer.mask_token_id is None:
        raise ValueError(Errors.EL139.format(name=model))
    tagger = Tagger(
        backend, settings.wording, max_tokens=settings.max_tokens, max_window=settings.max_window
    )
    similar = settings.demonstrations == "similar"
    retriever = SentenceSimilarity(encoder) if similar else FixedDemonstrations(settings.seed)
    find = finder(sentences, settings.k, retriever)
    made = [
        lessons(tagger, backend.tokens, split, find(split), labels, loss=settings.loss)
        for split in (sentences, dev)
    ]
    (train, report), (judged, _) = made
    _warn(report, len(sentences))
    torch.manual_seed(settings.seed)
    loaded = trainable(model, revision, settings, accelerator.device)
    run = Run(
        loaded,
        settings,
        train,
        judged,
        tokenizer.pad_token_id or 0,
        folder,
        accelerator,
        show,
        save_every,
        gap=tokenizer.mask_token_id if settings.hidden else None,
    )
    with explained(out):
        manifest.begin(folder, wanted)
        state = run.fit()
        record = {"plan": wanted, "steps": state["step"], "dev_loss": state["dev"], **asdict(report)}
        if accelerator.is_main_process:
            _finish(run, record, tokenizer if settings.method == "full" else None, out)
    accelerator.wait_for_everyone()
    return record


def trainable(model: str, revision: str | None, settings: Settings, device: torch.device) -> Any:
    """RETURNS (PreTrainedModel | PeftModel): The model, ready to be trained."""
    # On a GPU frozen weights lie in the type they are saved in; what is trained lies in float32.
    keep = device.type != "cpu" and settings.method == "lora"
    where = freeze({"revision": revision, "trust_remote_code": False})
    found = read(Source(model, where, (), "auto" if keep else "float32", str(device)))
    if settings.gradient_checkpointing:
        # Later releases of transformers 5 have another name for it.
        later = getattr(found, "activation_checkpointing_enable", None)
        (later or found.gradient_checkpointing_enable)({"use_reentrant": False})
    if settings.method == "full":
        found.get_input_embeddings().requires_grad_(not settings.freeze_embeddings)
        found.get_output_embeddings().requires_grad_(not settings.freeze_embeddings)
        return found
    from peft import LoraConfig, get_peft_model

    if settings.gradient_checkpointing:
        found.enable_input_require_grads()
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules="all-linear",
    )
    with warnings.catch_warnings():
        # PEFT asks transformers 5 for what that calls by another name.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        return get_peft_model(found, config)


def _finish(run: Run, record: dict[str, Any], tokenizer: Any, out: Path) -> None:
    """Write everything to a folder of its own, then rename it."""
    with replacing_folder(out) as final:
        run.model.eval().save_pretrained(final, safe_serialization=True)
        if tokenizer is not None:
            tokenizer.save_pretrained(final)
        shutil.copy(run.folder / LOSSES, final / LOSSES)
        plot(final / LOSSES, record["dev_loss"], final / "loss.png")
        (final / RECORD).write_text(json.dumps(record, indent=2), encoding="utf8")
    manifest.discard(run.folder)


def _warn(report: Report, total: int) -> None:
    if report.cut or report.unread or report.lost:
        warnings.warn(Warnings.WL020.format(total=total, **asdict(report)), stacklevel=3)
