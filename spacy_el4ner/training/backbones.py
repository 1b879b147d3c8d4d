"""Compact backbones: causal language models made on this machine from a pretrained encoder.

Layers and embeddings of all-MiniLM-L6-v2 become a small decoder with tied embeddings, which then learns
the three tasks of a backbone from the training split. The loss covers only the tokens that constrained
decoding chooses between, so training and decoding agree, and no 60,000-way head is computed.

Each backbone is trained separately and leaves out other documents, so that their errors differ and the
vote has something to decide (bagging: Breiman 1996). Each result is an ordinary Hugging Face directory.
"""

import hashlib
import json
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import BertLMHeadModel

from spacy_el4ner import minilm
from spacy_el4ner.backends.device import fast_bfloat16
from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.retrieval.base import PoolEntry, Query
from spacy_el4ner.retrieval.encoders import SentenceTransformerEncoder
from spacy_el4ner.retrieval.span_similarity import SpanSimilarity
from spacy_el4ner.storage.model_record import record_of
from spacy_el4ner.text.windows import WORDS
from spacy_el4ner.training.folders import save
from spacy_el4ner.training.gradient_threads import gradient_threads
from spacy_el4ner.training.tree_sampler import TreeSampler
from spacy_el4ner.training.trees import Tree, TreeBatch, collate
from spacy_el4ner.training.warm_start import warm_start
from spacy_el4ner.types import Demonstration

TAGS = ("<e>", "</e>")
NEIGHBOURS = 5
FOLDS = 3
"""Number of parts of the documents; each backbone leaves out one, which the other two learn."""
LONGEST_GRADIENT = 3.0
"""The norm to which gradients are clipped. A sentence has several decisions, whose gradients add up."""


@dataclass(frozen=True)
class BackboneSettings:
    """The settings of one compact backbone.

    layers (tuple[int, ...]): The layers of the encoder that it keeps.
    template (str): The prompt template that it learns.
    seed (int): Seed of its new weights and data order.
    left_out (int): The fold of documents that it is not trained on.
    steps (int): Optimizer steps, for sentences of usual length.
    batch_size (int): Sentences per step.
    learning_rate (float): Peak learning rate; it rises over the first steps and then falls to 0.
    """

    layers: tuple[int, ...]
    template: str
    seed: int
    left_out: int
    steps: int
    batch_size: int = 8
    learning_rate: float = 3e-4


COMPACT_BACKBONES: dict[str, BackboneSettings] = {
    "marked": BackboneSettings((0, 1, 2, 5), "compact/marked", seed=3, left_out=2, steps=380),
    "terse": BackboneSettings((0, 1, 2, 3, 5), "compact/terse", seed=1, left_out=1, steps=320),
    "plain": BackboneSettings((0, 1, 5), "compact/plain", seed=2, left_out=0, steps=400),
}

StepWrapper = Callable[[Iterable[int], str], Iterable[int]]
"""Wraps training steps to show their progress; the second argument is the name of the model."""


class BackboneTrainer:
    """Trains the backbones of one corpus. Complete backbones are kept, so training can be interrupted.

    pool (Sequence[Demonstration]): The training split.
    labels (Sequence[str]): All labels.
    out (Path): The folder of the models, one folder each.
    seed (int): Added to the seed of every backbone.
    scale (float): Multiplier for the training steps of every backbone.
    progress (StepWrapper): Shows the progress.
    RAISES (ValueError): EL053, the pool contains no entity.
    """

    def __init__(
        self,
        pool: Sequence[Demonstration],
        labels: Sequence[str],
        out: Path,
        *,
        seed: int = 0,
        scale: float = 1.0,
        progress: StepWrapper = lambda steps, _: steps,
    ):
        if not any(demonstration.mentions for demonstration in pool):
            raise EL4NERValueError(Errors.EL053.format(n=len(pool)))
        self.pool = pool
        self.labels = list(labels)
        self.out = out
        self.seed = seed
        self.scale = scale
        self.progress = progress
        self._neighbours: list[list[int]] = []

    @property
    def share(self) -> float:
        """RETURNS (float): The share of the configured steps to run, 0 to 1: below 1 if the sentences
        are on average more than twice as long as usual.
        """
        words = sum(len(demonstration.window.tokens) for demonstration in self.pool)
        return min(1.0, 2 * WORDS * len(self.pool) / max(1, words))

    def train(self, name: str) -> dict[str, Any]:
        """Train a backbone, unless it is complete already.

        name (str): One of `COMPACT_BACKBONES`.
        RETURNS (dict[str, Any]): The record that is saved next to the weights in `out/name`: "plan",
            "final_loss" and "too_long".
        """
        settings = COMPACT_BACKBONES[name]
        total = max(1, round(settings.steps * self.scale * self.share))
        settings = replace(settings, seed=settings.seed + self.seed, steps=total)
        plan = json.loads(json.dumps(self._plan(settings)))
        record = record_of(self.out / name)
        if record.get("plan") == plan:
            return record
        torch.manual_seed(settings.seed)
        texts = [demonstration.window.text for demonstration in self.pool]
        # Two or three rounds are too few to overfit: dropout only slows them down.
        model, tokenizer = warm_start(texts, settings.layers, TAGS, settings.seed, dropout=0.0)
        if not self._neighbours:
            self._neighbours = neighbours(self.pool)
        sampler = TreeSampler(
            self.pool,
            self._neighbours,
            self.labels,
            PromptTemplate(settings.template),
            PieceTokenizer(tokenizer),
            random.Random(settings.seed),
            trained_on=sentences_outside(self.pool, settings.left_out, self.seed),
        )
        steps = self.progress(range(settings.steps), name)
        final_loss = fit(model, sampler, settings, steps)
        record = {"plan": plan, "final_loss": final_loss, "too_long": len(sampler.too_long)}
        save(model, tokenizer, record, self.out / name)
        return record

    def _plan(self, settings: BackboneSettings) -> dict[str, Any]:
        """Everything that determines the trained model."""
        text = json.dumps(
            [[s.id, s.window.text, [[m.start, m.end, m.label] for m in s.mentions]] for s in self.pool]
        )
        return {
            "base": minilm.HUB_NAME,
            "base_sha256": minilm.SHA256,
            "labels": self.labels,
            "sentences": len(self.pool),
            "data_sha256": hashlib.sha256(text.encode()).hexdigest(),
            **asdict(settings),
        }


def trained_here(backbones: Mapping[str, Mapping[str, Any]], out: Path) -> list[str]:
    """backbones (Mapping[str, Mapping[str, Any]]): The settings of the ensemble's backbones, by name.
    out (Path): The folder of compact backbones.
    RETURNS (list[str]): The backbones whose model is a folder in `out`; others are loaded by name.
    RAISES (ValueError): EL010, one of them is not a compact backbone.
    """
    models = {name: block.get("backend", {}).get("model", "") for name, block in backbones.items()}
    names = [name for name, model in models.items() if Path(model).parent == out]
    for name in names:
        if name not in COMPACT_BACKBONES:
            known = ", ".join(COMPACT_BACKBONES)
            raise EL4NERValueError(Errors.EL010.format(value=name, setting="backbone", known=known))
    return names


def sentences_outside(
    pool: Sequence[Demonstration], left_out: int, seed: int, folds: int = FOLDS
) -> list[int]:
    """pool (Sequence[Demonstration]): The training split.
    left_out (int): A fold. Folds consist of documents, because sentences of one document share names.
    seed (int): Seed of the folds.
    folds (int): Number of folds.
    RETURNS (list[int]): Indices of the sentences in the other folds; of all sentences if there are
        fewer documents than folds.
    """
    documents = [demonstration.id.rpartition("/")[0] for demonstration in pool]
    order = list(dict.fromkeys(documents))
    random.Random(seed).shuffle(order)
    gone = set(order[left_out::folds]) if len(order) >= folds else set()
    return [n for n, document in enumerate(documents) if document not in gone]


def neighbours(pool: Sequence[Demonstration]) -> list[list[int]]:
    """pool (Sequence[Demonstration]): The training split.
    RETURNS (list[list[int]]): For each sentence the indices of the most similar others, by SpanSim over
        the gold spans: the backbones that would pre-extract spans do not exist yet.
    """
    retriever = SpanSimilarity(SentenceTransformerEncoder())
    place = {demonstration.id: n for n, demonstration in enumerate(pool)}
    spans = [
        tuple(dict.fromkeys(demonstration.window.text[m.start : m.end] for m in demonstration.mentions))
        for demonstration in pool
    ]
    retriever.index([PoolEntry(demonstration, s) for demonstration, s in zip(pool, spans, strict=True)])
    queries = [
        Query(
            demonstration.window.text,
            tuple((surface, 1.0) for surface in s),
            frozenset({demonstration.id}),
        )
        for demonstration, s in zip(pool, spans, strict=True)
    ]
    hits = retriever.retrieve(queries, NEIGHBOURS)
    return [[place[hit.demonstration.id] for hit in row] for row in hits]


def fit(
    model: BertLMHeadModel, sampler: TreeSampler, settings: BackboneSettings, steps: Iterable[int]
) -> float:
    """model (BertLMHeadModel): The model, trained in place.
    sampler (TreeSampler): The training data.
    settings (BackboneSettings): How to train.
    steps (Iterable[int]): Numbers of the steps, wrapped to show their progress.
    RETURNS (float): Mean loss of a sentence over the last steps, in nats.
    """
    words = model.bert.embeddings.word_embeddings
    words.sparse = True  # a step touches a few hundred of some 70,000 rows
    everything = list(model.parameters())
    others = [p for p in everything if p is not words.weight]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(
            others, lr=settings.learning_rate, weight_decay=0.01, betas=(0.9, 0.98), fused=True
        ),
        torch.optim.SparseAdam([words.weight], lr=settings.learning_rate, betas=(0.9, 0.98)),
    ]
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(o, lambda n: _rate(n, settings.steps)) for o in optimizers
    ]
    model.train()
    batches = sampler.batches(settings.batch_size)
    recent: list[float] = []

    def loss_of(trees: Sequence[Tree]) -> torch.Tensor:
        return loss(model, collate(trees, model.config.pad_token_id))

    with gradient_threads(everything) as threads:
        for _ in steps:
            recent = [*recent[-49:], threads.backward(loss_of, next(batches))]
            torch.nn.utils.clip_grad_norm_(others, LONGEST_GRADIENT)
            for optimizer, schedule in zip(optimizers, schedules, strict=True):
                optimizer.step()
                optimizer.zero_grad()
                schedule.step()
    words.sparse = False
    return math.fsum(recent) / max(1, len(recent))


def loss(model: BertLMHeadModel, batch: TreeBatch) -> torch.Tensor:
    """model (BertLMHeadModel): The backbone.
    batch (TreeBatch): Trees.
    RETURNS (Tensor): The sum of the cross-entropies of all decisions, each over its allowed tokens, in
        nats. A scalar.
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=fast_bfloat16("cpu")):
        hidden = model.bert(
            batch.tokens,
            attention_mask=_mask(batch.mask),
            position_ids=batch.positions,
            # The default is limited to the context, which a row with all its branches may exceed.
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
    """The mask as transformers takes it: (rows, from, to) in 4, four-dimensional booleans in 5."""
    import transformers

    return mask if transformers.__version__.startswith("4.") else mask[:, None].bool()


def _rate(step: int, steps: int) -> float:
    return min((step + 1) / max(1, 0.08 * steps), 1.0) * max(0.0, 1 - step / steps)
