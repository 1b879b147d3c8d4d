"""Compact backbones: causal language models made on this machine from a pretrained encoder.

Layers and embeddings of all-MiniLM-L6-v2 become a small decoder with tied embeddings, which then learns
the three jobs of a backbone from the training split. The loss is taken over the tokens that constrained
decoding will choose between, and over nothing else: training and decoding agree, and no 60,000-way head
is computed.

Each backbone is trained on its own from the start, and leaves out documents of its own, so that they
err differently and the vote has something to decide (bagging: Breiman 1996). Each result is an ordinary
Hugging Face directory.
"""

import hashlib
import json
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import BertLMHeadModel

from spacy_el4ner import minilm
from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.errors import Errors
from spacy_el4ner.prompts.wording import Wording
from spacy_el4ner.retrieval.base import PoolEntry, Query
from spacy_el4ner.retrieval.encoders import SentenceTransformerEncoder
from spacy_el4ner.retrieval.span_similarity import SpanSimilarity
from spacy_el4ner.training.curriculum import Curriculum
from spacy_el4ner.training.folders import record_of, save
from spacy_el4ner.training.halves import halves
from spacy_el4ner.training.precision import fast_bfloat16
from spacy_el4ner.training.sequences import Batch, Tree, collate
from spacy_el4ner.training.warm_start import warm_start
from spacy_el4ner.types import Demonstration
from spacy_el4ner.windows import WORDS

TAGS = ("<e>", "</e>")
NEIGHBOURS = 5
FOLDS = 3
"""Into so many parts the documents are split; each recipe leaves out one, so that two know it."""
LONGEST_GRADIENT = 3.0
"""A sentence has several decisions, and its gradient is as much longer than that of one."""


@dataclass(frozen=True)
class Recipe:
    """How one compact backbone differs from the others.

    layers (tuple[int, ...]): Which layers of the encoder it keeps.
    wording (str): The prompts it learns.
    seed (int): Of its new weights and data order.
    left_out (int): The fold that it is not asked about in training.
    steps (int): Optimizer steps, for sentences of usual length.
    batch_size (int): Sentences a step.
    learning_rate (float): Its peak; it rises over the first steps and then falls to 0.
    """

    layers: tuple[int, ...]
    wording: str
    seed: int
    left_out: int
    steps: int
    batch_size: int = 8
    learning_rate: float = 3e-4


RECIPES: dict[str, Recipe] = {
    "marked": Recipe((0, 1, 2, 5), "compact/marked", seed=3, left_out=2, steps=380),
    "terse": Recipe((0, 1, 2, 3, 5), "compact/terse", seed=1, left_out=1, steps=320),
    "plain": Recipe((0, 1, 5), "compact/plain", seed=2, left_out=0, steps=400),
}

Progress = Callable[[Iterable[int], str], Iterable[int]]
"""Wraps steps, given what they are for, to show how far they are."""


class Workshop:
    """Makes the backbones of one corpus. What is complete is kept, so that it can be interrupted.

    pool (Sequence[Demonstration]): The training split.
    labels (Sequence[str]): All types.
    out (Path): Where the folders of the models go.
    seed (int): Added to every recipe's.
    scale (float): Times the steps of every recipe.
    progress (Progress): Shows how far it is.
    RAISES (ValueError): EL053, there is no entity in the pool.
    """

    def __init__(
        self,
        pool: Sequence[Demonstration],
        labels: Sequence[str],
        out: Path,
        *,
        seed: int = 0,
        scale: float = 1.0,
        progress: Progress = lambda steps, _: steps,
    ):
        if not any(shot.mentions for shot in pool):
            raise ValueError(Errors.EL053.format(n=len(pool)))
        self.pool = pool
        self.labels = list(labels)
        self.out = out
        self.seed = seed
        self.scale = scale
        self.progress = progress
        self._neighbours: list[list[int]] = []

    @property
    def share(self) -> float:
        """RETURNS (float): The share of a recipe's steps that there is time for, where sentences are so
        long that they take more than twice as long to learn from as usual ones.
        """
        words = sum(len(shot.window.tokens) for shot in self.pool)
        return min(1.0, 2 * WORDS * len(self.pool) / max(1, words))

    def make(self, name: str) -> dict[str, Any]:
        """name (str): One of `RECIPES`.
        RETURNS (dict[str, Any]): What is recorded beside the weights in `out/name`.
        """
        recipe = RECIPES[name]
        total = max(1, round(recipe.steps * self.scale * self.share))
        recipe = replace(recipe, seed=recipe.seed + self.seed, steps=total)
        plan = json.loads(json.dumps(self._plan(recipe)))
        record = record_of(self.out / name)
        if record.get("plan") == plan:
            return record
        torch.manual_seed(recipe.seed)
        texts = [shot.window.text for shot in self.pool]
        # Two or three rounds are too few to learn by heart: dropout only slows them down.
        model, tokenizer = warm_start(texts, recipe.layers, TAGS, recipe.seed, dropout=0.0)
        if not self._neighbours:
            self._neighbours = neighbours(self.pool)
        curriculum = Curriculum(
            self.pool,
            self._neighbours,
            self.labels,
            Wording(recipe.wording),
            PieceTokenizer(tokenizer),
            random.Random(recipe.seed),
            taught=taught(self.pool, recipe.left_out, self.seed),
        )
        steps = self.progress(range(recipe.steps), name)
        final_loss = fit(model, curriculum, recipe, steps)
        record = {"plan": plan, "final_loss": final_loss, "too_long": len(curriculum.too_long)}
        save(model, tokenizer, record, self.out / name)
        return record

    def _plan(self, recipe: Recipe) -> dict[str, Any]:
        """All that decides what the model will be."""
        text = json.dumps(
            [[s.id, s.window.text, [[m.start, m.end, m.label] for m in s.mentions]] for s in self.pool]
        )
        return {
            "base": minilm.HUB_NAME,
            "base_sha256": minilm.SHA256,
            "labels": self.labels,
            "sentences": len(self.pool),
            "data_sha256": hashlib.sha256(text.encode()).hexdigest(),
            **asdict(recipe),
        }


def taught(pool: Sequence[Demonstration], left_out: int, seed: int) -> list[int]:
    """pool (Sequence[Demonstration]): The training split.
    left_out (int): A fold. Folds are of documents, as the sentences of one share their names.
    seed (int): Decides the folds.
    RETURNS (list[int]): Indices of the sentences of the other folds; of all, where there are fewer
        documents than folds.
    """
    documents = [shot.id.rpartition("/")[0] for shot in pool]
    order = list(dict.fromkeys(documents))
    random.Random(seed).shuffle(order)
    gone = set(order[left_out::FOLDS]) if len(order) >= FOLDS else set()
    return [n for n, document in enumerate(documents) if document not in gone]


def neighbours(pool: Sequence[Demonstration]) -> list[list[int]]:
    """RETURNS (list[list[int]]): For each sentence the most similar others, by SpanSim over the gold
    spans. Training has no backbones yet that could pre-extract any.
    """
    retriever = SpanSimilarity(SentenceTransformerEncoder())
    place = {shot.id: n for n, shot in enumerate(pool)}
    spans = [
        tuple(dict.fromkeys(shot.window.text[m.start : m.end] for m in shot.mentions)) for shot in pool
    ]
    retriever.index([PoolEntry(shot, s) for shot, s in zip(pool, spans, strict=True)])
    queries = [
        Query(shot.window.text, tuple((surface, 1.0) for surface in s), frozenset({shot.id}))
        for shot, s in zip(pool, spans, strict=True)
    ]
    hits = retriever.retrieve(queries, NEIGHBOURS)
    return [[place[hit.demonstration.id] for hit in found] for found in hits]


def fit(model: BertLMHeadModel, curriculum: Curriculum, recipe: Recipe, steps: Iterable[int]) -> float:
    """model (BertLMHeadModel): Trained in place.
    curriculum (Curriculum): What it learns.
    recipe (Recipe): How.
    steps (Iterable[int]): Its steps.
    RETURNS (float): Mean loss of a sentence over the last steps.
    """
    words = model.bert.embeddings.word_embeddings
    words.sparse = True  # a step touches a few hundred of some 70,000 rows
    everything = list(model.parameters())
    others = [p for p in everything if p is not words.weight]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(
            others, lr=recipe.learning_rate, weight_decay=0.01, betas=(0.9, 0.98), fused=True
        ),
        torch.optim.SparseAdam([words.weight], lr=recipe.learning_rate, betas=(0.9, 0.98)),
    ]
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(o, lambda n: _rate(n, recipe.steps)) for o in optimizers
    ]
    model.train()
    batches = curriculum.batches(recipe.batch_size)
    recent: list[float] = []

    def lost(trees: Sequence[Tree]) -> torch.Tensor:
        return loss(model, collate(trees, model.config.pad_token_id))

    with halves(everything) as threads:
        for _ in steps:
            recent = [*recent[-49:], threads.backward(lost, next(batches))]
            torch.nn.utils.clip_grad_norm_(others, LONGEST_GRADIENT)
            for optimizer, schedule in zip(optimizers, schedules, strict=True):
                optimizer.step()
                optimizer.zero_grad()
                schedule.step()
    words.sparse = False
    return math.fsum(recent) / max(1, len(recent))


def loss(model: BertLMHeadModel, batch: Batch) -> torch.Tensor:
    """model (BertLMHeadModel): The backbone.
    batch (Batch): Trees.
    RETURNS (Tensor): Cross-entropy of all decisions, each over its allowed tokens, summed.
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=fast_bfloat16(torch.device("cpu"))):
        hidden = model.bert(
            batch.tokens,
            attention_mask=_mask(batch.mask),
            position_ids=batch.positions,
            # Left out, it is no longer than the context; a row with all its branches may be.
            token_type_ids=torch.zeros_like(batch.tokens),
        ).last_hidden_state
        rows, columns = batch.where.unbind(1)
        hidden = model.cls.predictions.transform(hidden[rows, columns])
    allowed = batch.allowed.clamp(min=0)
    directions = model.bert.embeddings.word_embeddings(allowed)
    logits = (directions * hidden.float()[:, None]).sum(-1)
    logits = logits + model.cls.predictions.decoder.bias[allowed]
    logits = logits.masked_fill(batch.allowed < 0, -torch.inf)
    return functional.cross_entropy(logits, batch.targets, reduction="sum")


def _mask(mask: torch.Tensor) -> torch.Tensor:
    """transformers 4 takes which token sees which as (rows, from, to), transformers 5 as a
    four-dimensional mask of booleans.
    """
    import transformers

    return mask if transformers.__version__.startswith("4.") else mask[:, None].bool()


def _rate(step: int, steps: int) -> float:
    return min((step + 1) / max(1, 0.08 * steps), 1.0) * max(0.0, 1 - step / steps)
