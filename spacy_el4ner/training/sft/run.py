"""Fine-tuning: from labelled sentences to a folder that `spacy-el4ner.HFBackend.v1` loads."""

import shutil
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from spacy_el4ner.backends import sources
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.backends.loading import ModelSource, freeze, read
from spacy_el4ner.errors import EL4NERValueError, Errors, Warnings
from spacy_el4ner.fusion.tagging_llm import TaggingLLM
from spacy_el4ner.retrieval.encoders import Encoder, SentenceTransformerEncoder
from spacy_el4ner.retrieval.fixed import FixedDemonstrations
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from spacy_el4ner.storage.atomic import explained, replacing_folder
from spacy_el4ner.storage.model_record import check_replaceable, write_record
from spacy_el4ner.training.sft import manifest
from spacy_el4ner.training.sft.demonstrations import demonstration_finder
from spacy_el4ner.training.sft.examples import ExampleCounts, make_examples
from spacy_el4ner.training.sft.loop import LOSSES, ShowStep, TrainingRun
from spacy_el4ner.training.sft.loss_plot import plot
from spacy_el4ner.training.sft.settings import FinetuningSettings
from spacy_el4ner.types import Demonstration


def finetune(
    model: str,
    sentences: Sequence[Demonstration],
    out: Path,
    settings: FinetuningSettings,
    *,
    labels: dict[str, str] | None = None,
    dev: Sequence[Demonstration] = (),
    revision: str | None = None,
    encoder: Encoder | None = None,
    overwrite: bool = False,
    show: ShowStep = lambda steps, done, loss: None,
    save_every: float = 300.0,
) -> dict[str, Any]:
    """Fine-tune a causal language model. An interrupted run continues from its last checkpoint.

    model (str): Name on the hub, or a local directory.
    sentences (Sequence[Demonstration]): The training split, also the pool of demonstrations.
    out (Path): The folder of the adapter (of the model, if all weights are trained); written
        completely or not at all.
    settings (FinetuningSettings): How to train.
    labels (dict[str, str] | None): Label -> description; None for the labels of the sentences.
    dev (Sequence[Demonstration]): Sentences to choose the best epoch by; none to keep the last epoch.
    revision (str | None): Branch, tag or commit of the model on the hub.
    encoder (Encoder | None): Compares sentences to find similar ones; None for the default encoder.
    overwrite (bool): Replace a model, or an unfinished run, of other settings.
    show (ShowStep): Shows the progress.
    save_every (float): Seconds between checkpoints.
    RETURNS (dict[str, Any]): The record that is saved next to the weights: "plan", "steps", "dev_loss"
        and the counts of what did not fit.
    RAISES (ValueError): EL053, no sentence has an entity; EL301, none fits into the context; EL052,
        `out` holds a model of other settings; EL136, the training diverged; EL137, `out` holds
        something else; EL139, the model has no mask token.
    """
    sentences = [s for s in sentences if s.window.tokens]
    dev = [s for s in dev if s.window.tokens]
    if not any(s.mentions for s in sentences):
        raise EL4NERValueError(Errors.EL053.format(n=len(sentences)))
    if labels is None:
        labels = dict.fromkeys(sorted({m.label for s in sentences for m in s.mentions}), "")
    _check_labels(sentences, labels)
    encoder = encoder or SentenceTransformerEncoder()
    plan = manifest.plan(model, revision, encoder.name, sentences, dev, labels, settings)
    if record := manifest.finished(out, plan, overwrite):
        return record
    folder = out.with_name(f".{out.name}.training")
    accelerator = Accelerator()
    if overwrite and accelerator.is_main_process:
        manifest.discard_other(folder, plan)
    accelerator.wait_for_everyone()
    manifest.check(folder, plan)
    backend = HFBackend(
        model,
        revision=revision,
        context=settings.context,
        use_chat_template=settings.use_chat_template,
    )
    tokenizer = backend.tokens.tokenizer
    if settings.mask_rate and tokenizer.mask_token_id is None:
        raise EL4NERValueError(Errors.EL139.format(name=model))
    tagger = TaggingLLM(
        backend, settings.template, max_tokens=settings.max_tokens, max_window=settings.max_window
    )
    similar = settings.demonstrations == "similar"
    retriever = SentenceSimilarity(encoder) if similar else FixedDemonstrations(settings.seed)
    find = demonstration_finder(sentences, settings.k, retriever)
    splits = [
        make_examples(tagger, backend.tokens, split, find(split), labels, loss=settings.loss)
        for split in (sentences, dev)
    ]
    (train, counts), (judged, _) = splits
    _warn(counts, len(sentences))
    if not train:
        raise EL4NERValueError(Errors.EL301.format(n=len(sentences), context=backend.context))
    torch.manual_seed(settings.seed)
    loaded = load_trainable_model(model, revision, settings, accelerator.device)
    run = TrainingRun(
        loaded,
        settings,
        train,
        judged,
        padding_token(tokenizer, loaded),
        folder,
        accelerator,
        show,
        save_every,
        mask_token=tokenizer.mask_token_id if settings.mask_rate else None,
    )
    with explained(out):
        manifest.begin(folder, plan)
        state = run.fit()
        record = {"plan": plan, "steps": state["step"], "dev_loss": state["dev"], **asdict(counts)}
        if accelerator.is_main_process:
            finish(run, record, tokenizer if settings.method == "full" else None, out)
    accelerator.wait_for_everyone()
    return record


def padding_token(tokenizer: Any, model: Any) -> int:
    """tokenizer (Any): The tokenizer of a model.
    model (Any): The model.
    RETURNS (int): The token to pad with, which is masked. Some tokenizers have tokens, such as that of
        padding, that their model lacks.
    """
    return int(min(tokenizer.pad_token_id or 0, model.get_input_embeddings().num_embeddings - 1))


def load_trainable_model(
    model: str, revision: str | None, settings: FinetuningSettings, device: torch.device
) -> Any:
    """model (str): The model, named as for HFBackend.
    revision (str | None): Branch, tag or commit of the model on the hub.
    settings (FinetuningSettings): How to train.
    device (torch.device): The device to load it on.
    RETURNS (PreTrainedModel | PeftModel): The model, ready to be trained.
    """
    # On a GPU, frozen weights keep the type in which they were saved; trained weights are float32.
    keep = device.type != "cpu" and settings.method == "lora"
    where = freeze({"revision": revision, "trust_remote_code": False})
    dtype = "auto" if keep else "float32"
    loaded = read(ModelSource(sources.loadable(model, None, dtype), where, (), dtype, str(device)))
    if settings.gradient_checkpointing:
        # Later releases of transformers 5 have another name for it.
        later = getattr(loaded, "activation_checkpointing_enable", None)
        (later or loaded.gradient_checkpointing_enable)({"use_reentrant": False})
    if settings.method == "full":
        loaded.get_input_embeddings().requires_grad_(not settings.freeze_embeddings)
        loaded.get_output_embeddings().requires_grad_(not settings.freeze_embeddings)
        return loaded
    from peft import LoraConfig, get_peft_model

    if settings.gradient_checkpointing:
        loaded.enable_input_require_grads()
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules="all-linear",
    )
    with warnings.catch_warnings():
        # PEFT uses a name that transformers 5 deprecates.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        adapted = get_peft_model(loaded, config)
    # As the user named it: PEFT would write the folder that it was loaded from.
    adapted.peft_config["default"].base_model_name_or_path = model
    return adapted


def finish(run: TrainingRun, record: dict[str, Any], tokenizer: Any, out: Path) -> None:
    """Write the result to its folder and discard the folder of the run.

    run (TrainingRun): The run, which has ended.
    record (dict[str, Any]): What is saved next to the weights; plain data with "dev_loss".
    tokenizer (PreTrainedTokenizerBase | None): The tokenizer to save with the model; None for none.
    out (Path): The folder.
    RAISES (ValueError): EL315, the folder holds something else.
    """
    check_replaceable(out)
    with replacing_folder(out) as final:
        save_weights(run.model.eval(), final)
        if tokenizer is not None:
            tokenizer.save_pretrained(final)
        shutil.copy(run.folder / LOSSES, final / LOSSES)
        plot(final / LOSSES, record["dev_loss"], final / "loss.png")
        write_record(final, record)
    manifest.discard(run.folder)


def save_weights(model: Any, folder: Path) -> None:
    """model (PreTrainedModel | PeftModel): A trained model, or one with an adapter: then the adapter.
    folder (Path): Where its weights go.
    """
    from peft import PeftModel

    # An adapter has no embeddings; PEFT would look for its base on the hub to find that out.
    settings = {"save_embedding_layers": False} if isinstance(model, PeftModel) else {}
    model.save_pretrained(folder, safe_serialization=True, **settings)


def _check_labels(sentences: Sequence[Demonstration], labels: Mapping[str, str]) -> None:
    """Warn about entities that the model is taught to leave out."""
    others = Counter(m.label for s in sentences for m in s.mentions if m.label not in labels)
    if others:
        named = ", ".join(f"{label} ({n})" for label, n in sorted(others.items()))
        warnings.warn(Warnings.WL021.format(labels=named, known=", ".join(labels)), stacklevel=3)


def _warn(counts: ExampleCounts, total: int) -> None:
    if counts.cut or counts.unread or counts.lost:
        warnings.warn(Warnings.WL020.format(total=total, **asdict(counts)), stacklevel=3)
