"""Compact bases: small causal language models made on this machine, for fine-tuning to teach to tag.

    "minilm"      layers and embeddings of all-MiniLM-L6-v2, for scripts with spaces
    "characters"  a token a character, trained to write the text of the corpus again, for the others

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

from spacy_el4ner import minilm
from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.errors import Errors
from spacy_el4ner.training.characters import build_model, build_tokenizer, drills, rewriting
from spacy_el4ner.training.folders import record_of, save
from spacy_el4ner.training.sft.data import Lesson
from spacy_el4ner.training.sft.loop import Run, Show
from spacy_el4ner.training.sft.order import batches
from spacy_el4ner.training.sft.settings import Settings
from spacy_el4ner.training.warm_start import warm_start

KINDS = ("minilm", "characters")
LAYERS = (0, 1, 2, 5)
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


def make_base(
    kind: str,
    texts: Sequence[str],
    labels: Sequence[str],
    out: Path,
    *,
    seed: int = 0,
    characters: Characters | None = None,
    show: Show = lambda steps, done, loss: None,
    save_every: float = 300.0,
) -> dict[str, Any]:
    """kind (str): "minilm" or "characters".
    texts (Sequence[str]): The sentences of the training split.
    labels (Sequence[str]): All types.
    out (Path): Where the model goes; complete or absent.
    seed (int): Of the new weights and of the training.
    characters (Characters | None): How a model of characters is made.
    show (Show): Shows how far it is.
    save_every (float): Seconds between checkpoints.
    RETURNS (dict[str, Any]): What is recorded beside the weights.
    """
    if kind not in KINDS:
        raise ValueError(Errors.EL010.format(value=kind, setting="kind", known=", ".join(KINDS)))
    characters = characters or Characters()
    origin = {"base_sha256": minilm.SHA256} if kind == "minilm" else asdict(characters)
    digest = hashlib.sha256(json.dumps(list(texts)).encode()).hexdigest()
    plan = {"kind": kind, "labels": list(labels), "text_sha256": digest, "seed": seed, **origin}
    record = {"plan": plan}
    if record_of(out) == record:
        return record
    tags = [tag for label in labels for tag in (f"{label}>", f"</{label}>")]
    torch.manual_seed(seed)
    if kind == "minilm":
        save(*warm_start(texts, LAYERS, tags, seed), record, out)
        return record
    tokenizer = build_tokenizer(texts, tags, CONTEXT)
    model = build_model(tokenizer, characters.width, characters.layers, characters.heads)
    settings = Settings(
        method="full",
        epochs=1,
        batch_size=characters.batch_size,
        learning_rate=characters.learning_rate,
        seed=seed,
    )
    lessons = _curriculum(PieceTokenizer(tokenizer), texts, characters, seed)
    pad = tokenizer.pad_token_id
    # A run of another plan is another folder.
    digest = hashlib.sha256(json.dumps(plan).encode()).hexdigest()
    folder = out.with_name(f".{out.name}.{digest[:8]}.training")
    run = Run(model, settings, lessons, (), pad, folder, Accelerator(), show, save_every, shuffle=False)
    run.fit()
    save(model, tokenizer, record, out)
    shutil.rmtree(folder)
    return record


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
