"""The whole method, as configured and without sharing of prefixes between prompts."""

import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from spacy.tokens import Doc

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.corpora import unannotated
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.evaluation.bench.backends import SharedModelBackend
from spacy_el4ner.evaluation.bench.measure import Row, Tick, rates, speed_ratio, wait_for
from spacy_el4ner.evaluation.bench.memory import PeakMemory
from spacy_el4ner.pipeline.attributes import records
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.types import Mention
from spacy_el4ner.voters.base import Voter
from spacy_el4ner.voters.prompted.voter import PromptedVoter

SAME = 1e-4
"""Tolerance of confidences: batches of different shapes are rounded differently."""
Make = Callable[[HFBackend], SharedModelBackend]
VARIANTS: dict[str, Make] = {
    "ensemble": SharedModelBackend.twin,
    "ensemble_unshared": lambda backend: SharedModelBackend.twin(backend, prefix_mb=0),
    "ensemble_constrained": lambda backend: SharedModelBackend.twin(backend, decoder="constrained"),
}
Entities = list[list[tuple[int, int, str, float]]]


@dataclass
class _Run:
    """The measurements of one variant.

    seconds (list[float]): Seconds of each repetition.
    entities (Entities): Entities of each document.
    sentences (int): Sentences of all documents.
    """

    component: LLMEnsembleNER
    seconds: list[float] = field(default_factory=list)
    passes: int = 0
    tokens: int = 0
    peak_mb: float = 0.0
    entities: Entities = field(default_factory=list)
    sentences: int = 0


def measure_ensemble(
    component: LLMEnsembleNER,
    docs: Sequence[Doc],
    names: Sequence[str],
    repeats: int,
    device: str,
    tick: Tick,
) -> list[Row]:
    """component (LLMEnsembleNER): The component as configured.
    docs (Sequence[Doc]): The documents.
    names (Sequence[str]): Names of `VARIANTS`; the others are compared with the first.
    repeats (int): Number of repetitions, in which the variants take turns.
    device (str): The device of the models.
    tick (Tick): Shows the progress.
    RETURNS (list[Row]): A row for each variant.
    """
    runs = {name: _Run(variant(component, VARIANTS[name])) for name in names}
    memory = PeakMemory(device)
    for name, run in runs.items():
        tick(f"warming up {name}", 0)
        _annotate(run.component, docs[:1])
    for _ in range(repeats):
        for name, run in runs.items():
            memory.reset()
            before = _spent(run.component)
            wait_for(device)
            start = time.perf_counter()
            predicted = _annotate(run.component, docs)
            wait_for(device)
            run.seconds.append(time.perf_counter() - start)
            passes, tokens = _spent(run.component)
            run.passes, run.tokens = passes - before[0], tokens - before[1]
            run.peak_mb = max(run.peak_mb, memory.read())
            run.entities = [_entities(doc) for doc in predicted]
            run.sentences = sum(doc._.el4ner["counts"]["windows"] for doc in predicted)
            tick(name, len(docs))
    first = runs[names[0]]
    return [_row(name, run, first, docs) for name, run in runs.items()]


def prompted(name: str, voter: Voter) -> tuple[PromptedVoter, HFBackend]:
    """name (str): Name of a voter.
    voter (Voter): The voter.
    RETURNS (tuple[PromptedVoter, HFBackend]): The voter, and the backend that runs its model.
    RAISES (ValueError): EL024, it does not prompt a model that runs in this process.
    """
    backend = getattr(voter, "backend", None)
    if isinstance(voter, PromptedVoter) and isinstance(backend, HFBackend):
        return voter, backend
    kind = type(voter if backend is None else backend).__name__
    raise EL4NERValueError(Errors.EL024.format(name=name, kind=kind))


def variant(component: LLMEnsembleNER, make: Make) -> LLMEnsembleNER:
    """component (LLMEnsembleNER): The component as configured.
    make (Callable[[HFBackend], SharedModelBackend]): Makes the new backend of each backbone.
    RETURNS (LLMEnsembleNER): The component with the new backends and the same models.
    """
    changed = copy(component)
    changed.cfg = {**component.cfg, "on_error": "raise"}
    members = {name: prompted(name, voter) for name, voter in component.voters.items()}
    changed.voters = {name: v.with_backend(make(backend)) for name, (v, backend) in members.items()}
    return changed


def same(one: Entities, other: Entities) -> bool:
    """one (Entities), other (Entities): Entities of the same documents.
    RETURNS (bool): Whether the entities are equal and their confidences nearly equal.
    """
    if [[e[:3] for e in doc] for doc in one] != [[e[:3] for e in doc] for doc in other]:
        return False
    pairs = ((a, b) for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True))
    return all(abs(a[3] - b[3]) < SAME for a, b in pairs)


def _row(name: str, run: _Run, first: _Run, docs: Sequence[Doc]) -> Row:
    return {
        "system": name,
        "docs": len(docs),
        "sentences": run.sentences,
        "repeats": len(run.seconds),
        **rates(run.seconds, len(docs)),
        "sentences_per_s": rates(run.seconds, run.sentences)["docs_per_s"],
        "forward_passes": run.passes,
        "tokens": run.tokens,
        "peak_mb": run.peak_mb,
        "same_output": same(first.entities, run.entities),
        "entities": sum(map(len, run.entities)),
        "to_ensemble": speed_ratio(first.seconds, run.seconds),
    }


def _annotate(component: LLMEnsembleNER, docs: Sequence[Doc]) -> list[Doc]:
    return list(component.pipe((unannotated(doc) for doc in docs), batch_size=256))


def _entities(doc: Doc) -> list[tuple[int, int, str, float]]:
    known = records(doc)
    ents = [Mention(e.start_char, e.end_char, e.label_) for e in doc.ents]
    return [(e.start, e.end, e.label, known[e]["confidence"]) for e in ents]


def _spent(component: LLMEnsembleNER) -> tuple[int, int]:
    backends: list[Any] = [getattr(voter, "backend", None) for voter in component.voters.values()]
    return sum(b.forward_passes for b in backends), sum(b.tokens_read for b in backends)
