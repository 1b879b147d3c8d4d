"""The training loop: on a CPU, a GPU or several, resumable at any step.

All randomness of a step comes from the seed and the step's number, and the order of the lessons from
the seed and the epoch's: a checkpoint needs no state of random number generators, and a run that was
killed ends with the weights it would have had.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from spacy_el4ner.errors import Errors
from spacy_el4ner.training.precision import fast_bfloat16
from spacy_el4ner.training.sft import checkpoints
from spacy_el4ner.training.sft.average import Average
from spacy_el4ner.training.sft.data import Lesson, collate
from spacy_el4ner.training.sft.hiding import hide
from spacy_el4ner.training.sft.loss import answer_loss
from spacy_el4ner.training.sft.order import batches, passes
from spacy_el4ner.training.sft.settings import Settings
from spacy_el4ner.training.sft.weights import read_weights, trainable, write_weights

LOSSES = "loss.jsonl"
BEST = "best.safetensors"
BETAS = (0.9, 0.98)
Show = Callable[[int, int, float], None]
"""Told how many steps there are, how many are done, and the loss of the last one."""


@dataclass
class Run:
    """A training run.

    model (Module): Trained in place.
    settings (Settings): How.
    train (Sequence[Lesson]), dev (Sequence[Lesson]): What it learns from, and what it is judged on.
    pad (int): The padding token.
    folder (Path): Where it keeps its checkpoints and its losses.
    accelerator (Accelerator): Where it runs.
    show (Show): Shows how far it is.
    save_every (float): Seconds between checkpoints, beside those at the end of each epoch.
    shuffle (bool): Learn the lessons in a new order each epoch, in batches of like length; otherwise
        as they come.
    gap (int | None): The token that stands for what is hidden; None where nothing is.
    """

    model: Any
    settings: Settings
    train: Sequence[Lesson]
    dev: Sequence[Lesson]
    pad: int
    folder: Path
    accelerator: Accelerator
    show: Show = lambda steps, done, loss: None
    save_every: float = 300.0
    shuffle: bool = True
    gap: int | None = None

    def __post_init__(self) -> None:
        self.lengths = [len(one) for one in self.train]
        self.steps_per_epoch = max(1, math.ceil(len(self.train) / self.settings.batch_size))
        self.steps = self.steps_per_epoch * self.settings.epochs

    def fit(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): "step", the steps made; "dev", the loss on dev after each epoch.
        The model has the weights that did best there, or else the last ones.
        RAISES (ValueError): EL136, the training diverged. No checkpoint is written of that.
        """
        settings, bare = self.settings, self.model
        self.folder.mkdir(parents=True, exist_ok=True)
        parameters = [p for p in bare.parameters() if p.requires_grad]
        optimizer: Any = torch.optim.AdamW(
            parameters, lr=0.0, betas=BETAS, weight_decay=settings.weight_decay, fused=True
        )
        model, optimizer = self.accelerator.prepare(bare, optimizer)
        average = Average(bare, settings.average) if settings.average else None
        state: dict[str, Any] = {"step": 0, "dev": []}
        if found := checkpoints.complete(self.folder):
            state = checkpoints.load(found[-1], bare, optimizer, average)
        self._rewind(state["step"])
        saved = time.monotonic()
        for step, batch in self._batches(state["step"]):
            if self._stops(state["dev"]):
                break
            torch.manual_seed(settings.seed * 1_000_003 + step * 97 + self.accelerator.process_index)
            rate = settings.learning_rate * _share(step, self.steps, settings.warmup)
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss = self._step(model, batch)
            self._check(step, "the loss", loss)
            self.accelerator.clip_grad_norm_(parameters, settings.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()
            if average:
                average.update(step)
            self._note(step, loss, rate)
            state["step"] = step + 1
            ends = (step + 1) % self.steps_per_epoch == 0
            if ends and self.dev:
                with average.in_place() if average else nullcontext():
                    self._judge(state)
            if ends or time.monotonic() - saved >= self.save_every:
                self._save(state, optimizer, average)
                saved = time.monotonic()
        if self.dev:
            read_weights(bare, self.folder / BEST)
        elif average:
            average.settle()
        return state

    def _batches(self, done: int) -> Iterator[tuple[int, list[int]]]:
        """The steps to come, and their lessons."""
        for epoch in range(done // self.steps_per_epoch, self.settings.epochs):
            for n, batch in enumerate(self._drawn(epoch)):
                step = epoch * self.steps_per_epoch + n
                if step >= done:
                    yield step, batch

    def _drawn(self, epoch: int) -> list[list[int]]:
        size = self.settings.batch_size
        if self.shuffle:
            return batches(self.lengths, size, self.settings.seed, epoch)
        order = list(range(len(self.train)))
        return [order[at : at + size] for at in range(0, len(order), size)]

    def _step(self, model: Any, batch: Sequence[int]) -> float:
        """Gradients of the mean loss of a batch, which the processes share.
        RETURNS (float): That mean.
        """
        model.train()
        processes, index = self.accelerator.num_processes, self.accelerator.process_index
        decisions = sum(len(self.train[n].decisions) for n in batch)
        # Each process needs a pass, if only to wait for the others: it repeats one that counts nothing.
        own = batch[index::processes]
        counts = 1.0 if own else 0.0
        parts = list(passes(own or batch[:1], self.lengths, self.settings.batch_tokens))
        total = torch.zeros((), device=self.accelerator.device)
        for n, part in enumerate(parts):
            waits = n + 1 < len(parts)
            with self.accelerator.no_sync(model) if waits else nullcontext():
                loss = self._loss(model, [self.train[n] for n in part], self.gap)
                loss = loss * (counts / decisions)
                # Gradients are averaged over the processes, and the sum is wanted.
                self.accelerator.backward(loss * processes)
            total += loss.detach()
        return float(self.accelerator.reduce(total, "sum"))

    def _loss(self, model: Any, lessons: Sequence[Lesson], gap: int | None = None) -> torch.Tensor:
        device = self.accelerator.device
        batch = collate(lessons, self.pad)
        if gap is not None:
            batch = replace(batch, tokens=hide(batch.tokens, lessons, self.settings.hidden, gap))
        batch = batch.to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=self._bfloat16):
            return answer_loss(model, self.model, batch)

    @property
    def _bfloat16(self) -> bool:
        wanted = self.settings.precision
        return wanted == "bfloat16" or (wanted == "auto" and fast_bfloat16(self.accelerator.device))

    def _judge(self, state: dict[str, Any]) -> None:
        """Add the loss on dev to the state, and keep the weights if it is the lowest yet."""
        self.model.eval()
        lengths = [len(one) for one in self.dev]
        total = 0.0
        with torch.no_grad():
            for part in passes(range(len(lengths)), lengths, self.settings.batch_tokens):
                total += float(self._loss(self.model, [self.dev[n] for n in part]))
        loss = total / sum(len(one.decisions) for one in self.dev)
        self._check(state["step"], "the loss on dev", loss)
        if loss < min(state["dev"], default=math.inf) and self.accelerator.is_main_process:
            write_weights(self.model, self.folder / BEST)
        self.accelerator.wait_for_everyone()
        state["dev"].append(loss)

    def _stops(self, dev: Sequence[float]) -> bool:
        patience = self.settings.patience
        return bool(patience and dev) and len(dev) - 1 - dev.index(min(dev)) >= patience

    def _check(self, step: int, what: str, value: float) -> None:
        if not math.isfinite(value):
            raise ValueError(Errors.EL136.format(step=step, steps=self.steps, what=what))

    def _save(self, state: dict[str, Any], optimizer: Any, average: Average | None) -> None:
        # A loss that is still a number can have gradients that are none.
        lengths = [value.norm() for value in trainable(self.model).values()]
        self._check(state["step"], "a weight", float(torch.stack(lengths).sum()))
        if self.accelerator.is_main_process:
            checkpoints.save(self.folder, state, self.model, optimizer, average)

    def _note(self, step: int, loss: float, rate: float) -> None:
        if self.accelerator.is_main_process:
            self.show(self.steps, step + 1, loss)
            line = {"step": step, "epoch": step // self.steps_per_epoch, "loss": loss, "rate": rate}
            with (self.folder / LOSSES).open("a", encoding="utf8") as file:
                file.write(json.dumps(line) + "\n")

    def _rewind(self, step: int) -> None:
        """Forget the losses of steps that will be made again."""
        path = self.folder / LOSSES
        if self.accelerator.is_main_process and path.exists():
            lines = path.read_text(encoding="utf8").splitlines(keepends=True)[:step]
            path.write_text("".join(lines), encoding="utf8")


def _share(step: int, steps: int, warmup: float) -> float:
    """The learning rate of a step, as a share of its peak."""
    return min((step + 1) / max(1.0, warmup * steps), 1.0) * (1 - step / steps)
