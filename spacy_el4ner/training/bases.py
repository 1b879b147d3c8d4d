"""Compact bases: small causal language models made on this machine, for fine-tuning to teach to tag.

    "minilm"      a compact backbone, made from all-MiniLM-L6-v2, for scripts with spaces
    "characters"  a token a character, trained to write the text of the corpus again, for the others

A backbone has learnt to read prompts and to copy and mark a sentence. The bare layers of the encoder
would have to learn that from the few steps of fine-tuning.

Each is an ordinary Hugging Face directory. A tag is two tokens, "<" and "NAME>", and its end is one,
"</NAME>": whether an entity begins is one decision, and which one is another.
"""

import hashlib
import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from transformers import BertLMHeadModel, PreTrainedTokenizerFast

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.training.backbones import RECIPES
from spacy_el4ner.training.characters import build_model, build_tokenizer, drills, rewriting
from spacy_el4ner.training.folders import record_of, save
from spacy_el4ner.training.sft.data import Lesson
from spacy_el4ner.training.sft.loop import Run, Show
from spacy_el4ner.training.sft.order import batches
from spacy_el4ner.training.sft.settings import Settings
from spacy_el4ner.training.warm_start import warm_start

KINDS = ("minilm", "characters")
BACKBONE = "marked"
"""The backbone whose prompts look the most like those of fine-tuning."""
CONTEXT = 1024
SPACED = 0.05
"""Share of white space above which a text is taken to be written with spaces between words."""


@dataclass(frozen=True)
class Characters:
    """width (int), layers (int), heads (int): Of the model.
    drills (int): Random strings that are written again.
    sentences (int): Sentences that are written again: the text goes round until there are about so
        many, once at least. Drills are short; to copy what is longer takes a few thousand sentences.
    gaps (float): Share of the characters that are hidden when it is read.
    batch_size (int): Sentences a step.
    learning_rate (float): Its peak.
    """

    width: int = 192
    layers: int = 4
    heads: int = 6
    drills: int = 12800
    sentences: int = 6400
    gaps: float = 0.15
    batch_size: int = 32
    learning_rate: float = 2e-3


def suitable(texts: Sequence[str]) -> str:
    """RETURNS (str): The kind of base for these texts: one of characters where white space is rare."""
    spaces = sum(character.isspace() for text in texts for character in text)
    return "minilm" if spaces > SPACED * sum(map(len, texts)) else "characters"


def make_minilm_base(
    backbone: Path, texts: Sequence[str], labels: Sequence[str], out: Path
) -> dict[str, Any]:
    """backbone (Path): The compact backbone `BACKBONE` of the same texts.
    texts (Sequence[str]): The sentences of the training split.
    labels (Sequence[str]): All types.
    out (Path): Where the model goes; complete or absent.
    RETURNS (dict[str, Any]): What is recorded beside the weights.
    """
    made_from = record_of(backbone)["plan"]
    plan = {"kind": "minilm", "labels": list(labels), "backbone": made_from}
    record = {"plan": plan}
    if record_of(out) == record:
        return record
    model, tokenizer = warm_start(texts, RECIPES[BACKBONE].layers, _tags(labels), seed=0)
    # The vocabularies are the same but for the tags, which come last.
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
    how: Characters | None = None,
    show: Show = lambda steps, done, loss: None,
    save_every: float = 300.0,
) -> dict[str, Any]:
    """texts (Sequence[str]): The sentences of the training split.
    labels (Sequence[str]): All types.
    out (Path): Where the model goes; complete or absent.
    seed (int): Of the new weights and of the training.
    how (Characters | None): How it is made.
    show (Show): Shows how far it is.
    save_every (float): Seconds between checkpoints.
    RETURNS (dict[str, Any]): What is recorded beside the weights.
    """
    how = how or Characters()
    digest = hashlib.sha256(json.dumps(list(texts)).encode()).hexdigest()
    plan = {"kind": "characters", "labels": list(labels), "text_sha256": digest, "seed": seed}
    plan |= asdict(how)
    record = {"plan": plan}
    if record_of(out) == record:
        return record
    torch.manual_seed(seed)
    tokenizer = build_tokenizer(texts, _tags(labels), CONTEXT)
    model = build_model(tokenizer, how.width, how.layers, how.heads)
    settings = Settings(
        method="full",
        epochs=1,
        batch_size=how.batch_size,
        learning_rate=how.learning_rate,
        seed=seed,
    )
    lessons = _curriculum(PieceTokenizer(tokenizer), texts, how, seed)
    pad = tokenizer.pad_token_id
    # A run of another plan is another folder.
    digest = hashlib.sha256(json.dumps(plan).encode()).hexdigest()
    folder = out.with_name(f".{out.name}.{digest[:8]}.training")
    run = Run(model, settings, lessons, (), pad, folder, Accelerator(), show, save_every, shuffle=False)
    run.fit()
    save(model, tokenizer, record, out)
    shutil.rmtree(folder)
    return record


def _name_tags(
    model: BertLMHeadModel, tokenizer: PreTrainedTokenizerFast, labels: Sequence[str]
) -> None:
    """Let a tag begin as the mean of its name's pieces, and its end as the mean of that and "/"."""
    embeddings = model.get_input_embeddings().weight.data
    slash = embeddings[tokenizer.convert_tokens_to_ids("/")]
    for label in labels:
        name = embeddings[tokenizer(label, add_special_tokens=False).input_ids].mean(0)
        opening, closing = (tokenizer.convert_tokens_to_ids(tag) for tag in _tags([label]))
        embeddings[opening], embeddings[closing] = name, (name + slash) / 2


def _tags(labels: Sequence[str]) -> list[str]:
    return [tag for label in labels for tag in (f"{label}>", f"</{label}>")]


def _curriculum(
    tokenizer: PieceTokenizer, texts: Sequence[str], how: Characters, seed: int
) -> list[Lesson]:
    """Drills first, then text: copying is learnt soonest where there is nothing else to learn."""
    rng = random.Random(seed)
    found = drills(tokenizer, how.drills, rng)
    for number in range(max(1, round(how.sentences / len(texts)))):
        text = rewriting(tokenizer, texts, how.gaps, rng)
        order = batches([len(one) for one in text], how.batch_size, seed, number)
        found += [text[n] for batch in order for n in batch]
    return found
