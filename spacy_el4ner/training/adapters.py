"""Voter adapters: LoRA weights that teach any causal language model the three tasks of a voter.

The trees are those of the compact backbones, the training loop that of `sft`: a sentence is one prefix,
its extraction, classifications and verifications are branches of it, and the loss covers only the
tokens that constrained decoding chooses between. Several adapters share one base in memory.

Each adapter is trained separately and leaves out other documents, so that their errors differ and the
vote has something to decide (bagging: Breiman 1996).
"""

import math
import random
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from spacy_el4ner.backends import sources
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.errors import EL4NERValueError, Errors, Warnings
from spacy_el4ner.registry import registry
from spacy_el4ner.storage.atomic import explained
from spacy_el4ner.training.adapter_settings import AdapterSettings
from spacy_el4ner.training.backbones import sentences_outside
from spacy_el4ner.training.sft import manifest
from spacy_el4ner.training.sft.examples import TrainingExample, collate
from spacy_el4ner.training.sft.loop import ShowStep, TrainingRun
from spacy_el4ner.training.sft.loss import answer_loss
from spacy_el4ner.training.sft.run import finish, load_trainable_model, padding_token
from spacy_el4ner.training.sft.settings import FinetuningSettings
from spacy_el4ner.training.sft.weights import trainable_weights
from spacy_el4ner.training.tree_sampler import SamplingRates, TreeSampler
from spacy_el4ner.types import Demonstration
from spacy_el4ner.voters.prompted.voter import PromptedVoter

FOLDS = 5
"""Number of parts of the documents; each adapter leaves out one, which the other four learn."""
RATES = SamplingRates(zero_shot_share=1.0, max_classified=3, extraction_share=1.0)
"""Examples drawn from a sentence. Prompts without demonstrations are short, and the weights learn what
demonstrations would show.
"""
PROBED = 2
"""Trees that are compared with their branches as sequences of their own before training."""


class AdapterTrainer:
    """Trains the adapters of one corpus. Complete adapters are kept, and an interrupted one continues
    from its last checkpoint.

    pool (Sequence[Demonstration]): The training split.
    labels (Sequence[str]): All labels.
    out (Path): The folder of the adapters, one folder each.
    settings (AdapterSettings): How to train.
    dev (Sequence[Demonstration]): Sentences to measure the loss on at the end; may be empty.
    seed (int): Added to the seed of every adapter.
    save_every (float): Seconds between checkpoints.
    RAISES (ValueError): EL053, the pool contains no entity.
    """

    def __init__(
        self,
        pool: Sequence[Demonstration],
        labels: Sequence[str],
        out: Path,
        settings: AdapterSettings | None = None,
        *,
        dev: Sequence[Demonstration] = (),
        seed: int = 0,
        save_every: float = 300.0,
    ):
        if not any(demonstration.mentions for demonstration in pool):
            raise EL4NERValueError(Errors.EL053.format(n=len(pool)))
        self.pool = pool
        self.labels = list(labels)
        self.out = out
        self.settings = settings or AdapterSettings()
        # The loss is of answers that the adapter can give.
        self.dev = [d for d in dev if all(m.label in self.labels for m in d.mentions)]
        self.seed = seed
        self.save_every = save_every

    def train(
        self,
        name: str,
        voter: PromptedVoter,
        number: int = 0,
        show: ShowStep = lambda steps, done, loss: None,
    ) -> dict[str, Any]:
        """Train an adapter, unless it is complete already.

        name (str): The folder of the adapter in `out`.
        voter (PromptedVoter): The voter that will use it: its model, prompt template and format.
        number (int): Its number in the ensemble, which determines its seed and the fold it leaves out.
        show (ShowStep): Shows the progress.
        RETURNS (dict[str, Any]): The record that is saved next to the weights: "plan", "steps",
            "dev_loss" and "too_long".
        RAISES (ValueError): EL052, the folder has an adapter of other settings; EL136, the training
            diverged; EL300, the voter's model does not run in this process.
        """
        backend = hf_backend(name, voter)
        settings = self._finetuning(voter, backend, number)
        chosen = sentences_outside(self.pool, number % FOLDS, self.seed, FOLDS)
        plan = self._plan(backend, settings, len(chosen), number % FOLDS)
        out, folder = self.out / name, self.out / f".{name}.training"
        if record := manifest.finished(out, plan):
            return record
        manifest.check(folder, plan)
        sampler, judge = (self._sampler(d, voter, backend, settings) for d in (self.pool, self.dev))
        train = self._examples(sampler, chosen)
        dev = self._examples(judge, range(len(self.dev)))
        torch.manual_seed(settings.seed)
        accelerator = Accelerator()
        model = load_trainable_model(backend.model, backend.revision, settings, accelerator.device)
        tokenizer = backend.tokens.tokenizer
        pad = padding_token(tokenizer, model)
        train, dev = (
            as_the_model_takes_them(model, train, pad),
            as_the_model_takes_them(model, dev, pad),
        )
        run = TrainingRun(
            model, settings, train, dev, pad, folder, accelerator, show, save_every=self.save_every
        )
        with explained(out):
            manifest.begin(folder, plan)
            state = run.fit()
            too_long = len(sampler.too_long)
            record = {
                "plan": plan,
                "steps": state["step"],
                "dev_loss": state["dev"],
                "too_long": too_long,
            }
            if accelerator.is_main_process:
                halve(model)
                finish(run, record, None, out)
        accelerator.wait_for_everyone()
        return record

    def _finetuning(self, voter: PromptedVoter, backend: HFBackend, number: int) -> FinetuningSettings:
        """The settings of the training loop. The examples of all passes are one epoch of it."""
        values = asdict(self.settings) | {"epochs": 1, "seed": self.seed + number}
        return FinetuningSettings(
            template=voter.template.name,
            k=0,
            loss="allowed",
            use_chat_template=backend.use_chat_template,
            **values,
        )

    def _plan(
        self, backend: HFBackend, settings: FinetuningSettings, sentences: int, left_out: int
    ) -> dict[str, Any]:
        """Everything that determines the trained adapter."""
        folder = sources.loadable(backend.model, None, "float32")
        return {
            **manifest.plan(
                folder,
                backend.revision,
                "",
                self.pool,
                self.dev,
                dict.fromkeys(self.labels, ""),
                settings,
            ),
            "base": backend.model,
            "trained_on": sentences,
            "left_out": left_out,
            "passes": self.settings.epochs,
            "rates": asdict(RATES),
        }

    def _sampler(
        self,
        sentences: Sequence[Demonstration],
        voter: PromptedVoter,
        backend: HFBackend,
        settings: FinetuningSettings,
    ) -> TreeSampler:
        return TreeSampler(
            sentences,
            [],
            self.labels,
            voter.template,
            backend.tokens,
            random.Random(settings.seed),
            RATES,
            context=backend.context,
        )

    def _examples(self, sampler: TreeSampler, indices: Sequence[int]) -> list[TrainingExample]:
        """The trees of all passes; in a part of a pass, of as many of the sentences."""
        order = list(indices)
        sampler.rng.shuffle(order)
        passes = self.settings.epochs if sampler.pool is self.pool else 1.0
        total = math.ceil(passes * len(order))
        trees = (sampler.tree(order[n % len(order)]) for n in range(total))
        return [TrainingExample.of(tree) for tree in trees if tree.branches]


def adapters_here(voters: Mapping[str, Mapping[str, Any]], out: Path) -> list[str]:
    """voters (Mapping[str, Mapping[str, Any]]): The settings of the ensemble's voters, by name.
    out (Path): The folder of adapters.
    RETURNS (list[str]): The voters whose adapter is the folder of their name in `out`.
    """
    backends = {name: block.get("backend", {}) for name, block in voters.items()}
    return [n for n, b in backends.items() if b.get("adapter") and Path(b["adapter"]) == out / n]


def hf_backend(name: str, voter: PromptedVoter) -> HFBackend:
    """name (str): Name of a voter.
    voter (PromptedVoter): The voter.
    RETURNS (HFBackend): Its backend, without an adapter.
    RAISES (EL4NERValueError): EL300, the voter's model does not run in this process.
    """
    backend = getattr(voter, "backend", None)
    if not isinstance(voter, PromptedVoter) or not isinstance(backend, HFBackend):
        raise EL4NERValueError(Errors.EL300.format(name=name))
    return backend.without_adapter()


def voter_of(block: Mapping[str, Any]) -> PromptedVoter:
    """block (Mapping[str, Any]): The settings of a voter.
    RETURNS (PromptedVoter): The voter; `hf_backend` checks its class.
    """
    voter: PromptedVoter = registry.resolve({"voter": dict(block)})["voter"]
    return voter


def as_the_model_takes_them(
    model: Any, trees: Sequence[TrainingExample], pad: int
) -> list[TrainingExample]:
    """Take trees apart into sequences, with the prefix repeated, where the model cannot read a tree: if
    it does not follow mask and positions, or if some layers attend to fewer tokens than the tree has.

    model (PreTrainedModel | PeftModel): The model.
    trees (Sequence[TrainingExample]): The trees.
    pad (int): The padding token.
    RETURNS (list[TrainingExample]): The trees, or sequences in place of some or all of them.
    """
    window = getattr(model.config.get_text_config(), "sliding_window", None) or math.inf
    fitting = {n for n, tree in enumerate(trees) if tree.sizes[0] + max(tree.sizes[1:]) <= window}
    if not reads_trees(model, [trees[n] for n in sorted(fitting)[:PROBED]], pad):
        warnings.warn(Warnings.WL245.format(name=type(model).__name__), stacklevel=2)
        fitting = set()
    return [
        example
        for n, tree in enumerate(trees)
        for example in ([tree] if n in fitting else tree.apart())
    ]


def reads_trees(model: Any, trees: Sequence[TrainingExample], pad: int) -> bool:
    """model (PreTrainedModel | PeftModel): The model.
    trees (Sequence[TrainingExample]): Some trees.
    pad (int): The padding token.
    RETURNS (bool): Whether they have the same loss as their branches read as sequences of their own.
    """
    if not trees:
        return True
    device = next(model.parameters()).device
    sequences = [example for tree in trees for example in tree.apart()]
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            whole, apart = (
                float(answer_loss(model, model, collate(examples, pad).to(device)))
                for examples in (trees, sequences)
            )
    except (TypeError, ValueError, RuntimeError):
        # Some families take no positions, or no mask of this shape.
        return False
    finally:
        model.train(training)
    exact = model.dtype == torch.float32
    return math.isclose(whole, apart, rel_tol=1e-3 if exact else 0.02)


def halve(model: torch.nn.Module) -> None:
    """Store the trained weights in 16 bits, which halves the file; they are loaded in the base's type.

    model (Module): The model, which is not trained any further.
    """
    trained = trainable_weights(model)
    for name, parameter in model.named_parameters():
        if name in trained:
            parameter.data = parameter.data.to(torch.float16)
