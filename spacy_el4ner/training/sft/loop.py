"""The training loop: on a CPU, a GPU or several, resumable at any step.

All randomness of a step depends on the seed and the number of the step, and the order of the examples
on the seed and the number of the epoch. So checkpoints need no state of random generators, and a run
that was killed ends with the same weights as one that was not.
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

from spacy_el4ner.backends.device import fast_bfloat16
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.training.sft import checkpoints
from spacy_el4ner.training.sft.batching import batches, micro_batches
from spacy_el4ner.training.sft.examples import TrainingExample, collate
from spacy_el4ner.training.sft.loss import answer_loss
from spacy_el4ner.training.sft.masking import mask_input
from spacy_el4ner.training.sft.settings import FinetuningSettings
from spacy_el4ner.training.sft.weight_average import WeightAverage
from spacy_el4ner.training.sft.weights import read_weights, trainable_weights, write_weights

LOSSES = "loss.jsonl"
BEST = "best.safetensors"
BETAS = (0.9, 0.98)
ShowStep = Callable[[int, int, float], None]
"""Called with the number of all steps, the number of steps done and the loss of the last, in nats."""


@dataclass
class TrainingRun:
    """One training run.

    model (Module): The model, trained in place.
    settings (FinetuningSettings): How to train.
    train (Sequence[TrainingExample]): The examples to learn.
    dev (Sequence[TrainingExample]): The examples to choose the best epoch by; may be empty.
    pad (int): The padding token.
    folder (Path): The folder of its checkpoints and losses.
    accelerator (Accelerator): The devices to run on.
    show (ShowStep): Shows the progress.
    save_every (float): Seconds between checkpoints, in addition to one at the end of each epoch.
    shuffle (bool): Learn the examples in a new order each epoch, in batches of similar length;
        otherwise in the given order.
    mask_token (int | None): The token that masks parts of prompts; None to mask nothing.
    """

    model: Any
    settings: FinetuningSettings
    train: Sequence[TrainingExample]
    dev: Sequence[TrainingExample]
    pad: int
    folder: Path
    accelerator: Accelerator
    show: ShowStep = lambda steps, done, loss: None
    save_every: float = 300.0
    shuffle: bool = True
    mask_token: int | None = None

    def __post_init__(self) -> None:
        self.lengths = [len(one) for one in self.train]
        self.steps_per_epoch = max(1, math.ceil(len(self.train) / self.settings.batch_size))
        self.steps = self.steps_per_epoch * self.settings.epochs

    def fit(self) -> dict[str, Any]:
        """Train the model. It ends with the weights that did best on dev, or with the last ones.

        RETURNS (dict[str, Any]): "step", the number of steps; "dev", the loss on dev after each epoch.
        RAISES (ValueError): EL136, the training diverged; no checkpoint is written then.
        """
        settings, bare = self.settings, self.model
        self.folder.mkdir(parents=True, exist_ok=True)
        parameters = [p for p in bare.parameters() if p.requires_grad]
        optimizer: Any = torch.optim.AdamW(
            parameters, lr=0.0, betas=BETAS, weight_decay=settings.weight_decay, fused=True
        )
        model, optimizer = self.accelerator.prepare(bare, optimizer)
        average = WeightAverage(bare, settings.ema_decay) if settings.ema_decay else None
        state: dict[str, Any] = {"step": 0, "dev": []}
        if saved := checkpoints.complete(self.folder):
            state = checkpoints.load(saved[-1], bare, optimizer, average)
        self._rewind(state["step"])
        saved_at = time.monotonic()
        for step, batch in self._batches(state["step"]):
            if self._stops(state["dev"]):
                break
            torch.manual_seed(settings.seed * 1_000_003 + step * 97 + self.accelerator.process_index)
            rate = settings.learning_rate * _rate_at(step, self.steps, settings.warmup)
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
            if ends or time.monotonic() - saved_at >= self.save_every:
                self._save(state, optimizer, average)
                saved_at = time.monotonic()
        if self.dev:
            read_weights(bare, self.folder / BEST)
        elif average:
            average.settle()
        return state

    def _batches(self, done: int) -> Iterator[tuple[int, list[int]]]:
        """The remaining steps with the indices of their examples."""
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
        """Compute the gradients of the mean loss of a batch, which the processes share, and return the
        mean.
        """
        model.train()
        processes, index = self.accelerator.num_processes, self.accelerator.process_index
        decisions = sum(len(self.train[n].decisions) for n in batch)
        # Every process needs a pass, or the others wait; without examples it repeats one at weight 0.
        own = batch[index::processes]
        counts = 1.0 if own else 0.0
        parts = list(micro_batches(own or batch[:1], self.lengths, self.settings.batch_tokens))
        total = torch.zeros((), device=self.accelerator.device)
        for n, part in enumerate(parts):
            waits = n + 1 < len(parts)
            with self.accelerator.no_sync(model) if waits else nullcontext():
                loss = self._loss(model, [self.train[n] for n in part], self.mask_token)
                loss = loss * (counts / decisions)
                # Gradients are averaged over the processes, but the sum is needed.
                self.accelerator.backward(loss * processes)
            total += loss.detach()
        return float(self.accelerator.reduce(total, "sum"))

    def _loss(
        self, model: Any, examples: Sequence[TrainingExample], mask_token: int | None = None
    ) -> torch.Tensor:
        device = self.accelerator.device
        batch = collate(examples, self.pad)
        if mask_token is not None:
            batch = replace(
                batch, tokens=mask_input(batch.tokens, examples, self.settings.mask_rate, mask_token)
            )
        batch = batch.to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=self._bfloat16):
            return answer_loss(model, self.model, batch)

    @property
    def _bfloat16(self) -> bool:
        precision = self.settings.precision
        return precision == "bfloat16" or (
            precision == "auto" and fast_bfloat16(str(self.accelerator.device))
        )

    def _judge(self, state: dict[str, Any]) -> None:
        """Add the loss on dev to the state, and keep the weights if it is the lowest yet."""
        self.model.eval()
        lengths = [len(one) for one in self.dev]
        total = 0.0
        with torch.no_grad():
            for part in micro_batches(range(len(lengths)), lengths, self.settings.batch_tokens):
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
            raise EL4NERValueError(Errors.EL136.format(step=step, steps=self.steps, what=what))

    def _save(self, state: dict[str, Any], optimizer: Any, average: WeightAverage | None) -> None:
        # A finite loss can have gradients that are not finite.
        lengths = [value.norm() for value in trainable_weights(self.model).values()]
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
        """Delete the recorded losses of steps that will be repeated."""
        path = self.folder / LOSSES
        if self.accelerator.is_main_process and path.exists():
            lines = path.read_text(encoding="utf8").splitlines(keepends=True)[:step]
            path.write_text("".join(lines), encoding="utf8")


def _rate_at(step: int, steps: int, warmup: float) -> float:
    """The learning rate of a step, as a share of its peak."""
    return min((step + 1) / max(1.0, warmup * steps), 1.0) * (1 - step / steps)
