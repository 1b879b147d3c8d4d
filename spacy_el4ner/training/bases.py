"""Compact base models: small causal language models made on this machine, for fine-tuning.

    "minilm"      a compact backbone, made from all-MiniLM-L6-v2, for scripts with spaces
    "characters"  one token per character, pretrained to copy the text of the corpus, for other scripts

A compact backbone has already learnt to read prompts and to copy and tag a sentence. The bare layers of
the encoder would have to learn that in the few steps of fine-tuning.

Each base is an ordinary Hugging Face directory. An opening tag is two tokens, "<" and "NAME>", a
closing tag is one, "</NAME>": whether an entity begins is one decision, its label is another.
"""

import hashlib
import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from transformers import BertLMHeadModel, PreTrainedTokenizerFast

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage.model_record import record_of
from spacy_el4ner.training.backbones import COMPACT_BACKBONES, BackboneTrainer, StepWrapper
from spacy_el4ner.training.character_settings import CharacterBaseSettings
from spacy_el4ner.training.characters import (
    build_model,
    build_tokenizer,
    copying_examples,
    denoising_examples,
)
from spacy_el4ner.training.folders import save
from spacy_el4ner.training.sft.batching import batches
from spacy_el4ner.training.sft.examples import TrainingExample
from spacy_el4ner.training.sft.loop import ShowStep, TrainingRun
from spacy_el4ner.training.sft.settings import FinetuningSettings
from spacy_el4ner.training.warm_start import warm_start
from spacy_el4ner.types import Demonstration

KINDS = ("auto", "minilm", "characters")
BACKBONE = "marked"
"""The backbone whose prompts are the most similar to those of fine-tuning."""
CONTEXT = 1024
SPACED = 0.05
"""Share of white space above which a text counts as written with spaces between words."""


def suitable(texts: Sequence[str]) -> str:
    """texts (Sequence[str]): Sentences.
    RETURNS (str): The kind of base that suits them: "characters" if white space is rare, else "minilm".
    """
    spaces = sum(character.isspace() for text in texts for character in text)
    return "minilm" if spaces > SPACED * sum(map(len, texts)) else "characters"


def make_base(
    pool: Sequence[Demonstration],
    out: Path,
    kind: str = "auto",
    *,
    backbones: Path | None = None,
    scale: float = 1.0,
    seed: int = 0,
    settings: CharacterBaseSettings | None = None,
    progress: StepWrapper = lambda steps, _: steps,
    show: ShowStep = lambda steps, done, loss: None,
) -> str:
    """Make a base model for fine-tuning from the training split alone.

    pool (Sequence[Demonstration]): The training split.
    out (Path): The folder of the model, written completely or not at all.
    kind (str): "minilm", "characters", or "auto" for the kind that suits the script.
    backbones (Path | None): For "minilm": the folder of the compact backbone, which is trained if it is
        not there; None for the folder `backbones` next to `out`.
    scale (float): For "minilm": multiplier for the training steps of the backbone.
    seed (int): Seed of the new weights and of the training.
    settings (CharacterBaseSettings | None): For "characters": how it is made; None for the defaults.
    progress (StepWrapper): For "minilm": shows the progress.
    show (ShowStep): For "characters": shows the progress.
    RETURNS (str): The kind of the base.
    RAISES (ValueError): EL010, the kind is unknown.
    """
    if kind not in KINDS:
        raise EL4NERValueError(Errors.EL010.format(value=kind, setting="kind", known=", ".join(KINDS)))
    pool = [demonstration for demonstration in pool if demonstration.window.tokens]
    labels = sorted({m.label for demonstration in pool for m in demonstration.mentions})
    texts = [demonstration.window.text for demonstration in pool]
    kind = suitable(texts) if kind == "auto" else kind
    if kind == "characters":
        make_characters_base(texts, labels, out, seed=seed, settings=settings, show=show)
        return kind
    folder = backbones or out.parent / "backbones"
    trainer = BackboneTrainer(pool, labels, folder, seed=seed, scale=scale, progress=progress)
    trainer.train(BACKBONE)
    make_minilm_base(folder / BACKBONE, texts, labels, out)
    return kind


def make_minilm_base(
    backbone: Path, texts: Sequence[str], labels: Sequence[str], out: Path
) -> dict[str, Any]:
    """backbone (Path): The folder of the compact backbone `BACKBONE`, trained on the same texts.
    texts (Sequence[str]): The sentences of the training split.
    labels (Sequence[str]): All labels.
    out (Path): The folder of the model, written completely or not at all.
    RETURNS (dict[str, Any]): The record that is saved next to the weights.
    """
    backbone_plan = record_of(backbone)["plan"]
    plan = {"kind": "minilm", "labels": list(labels), "backbone": backbone_plan}
    record = {"plan": plan}
    if record_of(out) == record:
        return record
    model, tokenizer = warm_start(texts, COMPACT_BACKBONES[BACKBONE].layers, _tags(labels), seed=0)
    # The vocabularies differ only in the tags, which come last.
    shared = len(tokenizer) - len(_tags(labels))
    state = model.state_dict()
    for name, trained in BertLMHeadModel.from_pretrained(backbone).state_dict().items():
        rows = trained.shape[0] if trained.shape == state[name].shape else shared
        state[name][:rows] = trained[:rows]
    _name_tags(model, tokenizer, labels)
    save(model, tokenizer, record, out)
    return record


def make_characters_base(
    texts: Sequence[str],
    labels: Sequence[str],
    out: Path,
    *,
    seed: int = 0,
    settings: CharacterBaseSettings | None = None,
    show: ShowStep = lambda steps, done, loss: None,
    save_every: float = 300.0,
) -> dict[str, Any]:
    """texts (Sequence[str]): The sentences of the training split.
    labels (Sequence[str]): All labels.
    out (Path): The folder of the model, written completely or not at all.
    seed (int): Seed of the new weights and of the training.
    settings (CharacterBaseSettings | None): How it is made; None for the defaults.
    show (ShowStep): Shows the progress.
    save_every (float): Seconds between checkpoints.
    RETURNS (dict[str, Any]): The record that is saved next to the weights.
    """
    settings = settings or CharacterBaseSettings()
    digest = hashlib.sha256(json.dumps(list(texts)).encode()).hexdigest()
    plan = {"kind": "characters", "labels": list(labels), "text_sha256": digest, "seed": seed}
    plan |= asdict(settings)
    record = {"plan": plan}
    if record_of(out) == record:
        return record
    torch.manual_seed(seed)
    tokenizer = build_tokenizer(texts, _tags(labels), CONTEXT)
    model = build_model(tokenizer, settings.width, settings.layers, settings.heads)
    training = FinetuningSettings(
        method="full",
        epochs=1,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        seed=seed,
    )
    examples = _examples(PieceTokenizer(tokenizer), texts, settings, seed)
    pad = tokenizer.pad_token_id
    # Another plan has another folder for its run.
    digest = hashlib.sha256(json.dumps(plan).encode()).hexdigest()
    folder = out.with_name(f".{out.name}.{digest[:8]}.training")
    run = TrainingRun(
        model, training, examples, (), pad, folder, Accelerator(), show, save_every, shuffle=False
    )
    run.fit()
    save(model, tokenizer, record, out)
    shutil.rmtree(folder)
    return record


def _name_tags(
    model: BertLMHeadModel, tokenizer: PreTrainedTokenizerFast, labels: Sequence[str]
) -> None:
    """Initialise an opening tag as the mean of its name's pieces, a closing tag as the mean of that
    and "/".
    """
    embeddings = model.get_input_embeddings().weight.data
    slash = embeddings[tokenizer.convert_tokens_to_ids("/")]
    for label in labels:
        name = embeddings[tokenizer(label, add_special_tokens=False).input_ids].mean(0)
        opening, closing = (tokenizer.convert_tokens_to_ids(tag) for tag in _tags([label]))
        embeddings[opening], embeddings[closing] = name, (name + slash) / 2


def _tags(labels: Sequence[str]) -> list[str]:
    return [tag for label in labels for tag in (f"{label}>", f"</{label}>")]


def _examples(
    tokenizer: PieceTokenizer, texts: Sequence[str], settings: CharacterBaseSettings, seed: int
) -> list[TrainingExample]:
    """Random strings first, then text: copying is learnt fastest if nothing else can be learnt."""
    rng = random.Random(seed)
    examples = copying_examples(tokenizer, settings.drills, rng)
    for number in range(max(1, round(settings.sentences / len(texts)))):
        text = denoising_examples(tokenizer, texts, settings.mask_rate, rng)
        order = batches([len(one) for one in text], settings.batch_size, seed, number)
        examples += [text[n] for batch in order for n in batch]
    return examples
