"""The whole method: as configured, and with nothing read of one prompt used for another."""

import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

from spacy.tokens import Doc

from spacy_el4ner.backends.base import Backbone
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.corpora import unannotated
from spacy_el4ner.errors import Errors
from spacy_el4ner.evaluation.bench.measure import Row, Tick, rates, speed_ratio, wait_for
from spacy_el4ner.evaluation.bench.memory import PeakMemory
from spacy_el4ner.evaluation.bench.model import OpenBackend, UnsharedBackend
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER

SAME = 1e-4
"""By how much confidences may differ: batches of other shapes round differently."""
Make = Callable[[HFBackend], OpenBackend]
VARIANTS: dict[str, Make] = {
    "ensemble": OpenBackend.twin,
    "ensemble_unshared": lambda backend: UnsharedBackend.twin(backend, prefix_mb=0),
    "ensemble_constrained": lambda backend: OpenBackend.twin(backend, decoder="constrained"),
}
Found = list[list[tuple[int, int, str, float]]]


@dataclass
class _Run:
    """seconds (list[float]): A repetition each.
    found (Found): Entities of each document.
    sentences (int): In all documents.
    """

    component: LLMEnsembleNER
    seconds: list[float] = field(default_factory=list)
    passes: int = 0
    tokens: int = 0
    peak_mb: float = 0.0
    found: Found = field(default_factory=list)
    sentences: int = 0


def measure_ensemble(
    component: LLMEnsembleNER,
    docs: Sequence[Doc],
    names: Sequence[str],
    repeats: int,
    device: str,
    tick: Tick,
) -> list[Row]:
    """component (LLMEnsembleNER): As configured.
    docs (Sequence[Doc]): Whole documents.
    names (Sequence[str]): Of `VARIANTS`; the first is what the others are compared with.
    repeats (int): How often each goes over all documents; they take turns.
    device (str): Where the models are.
    tick (Tick): Told of progress.
    RETURNS (list[Row]): A row a variant.
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
            run.found = [_entities(doc) for doc in predicted]
            run.sentences = sum(doc._.el4ner["counts"]["windows"] for doc in predicted)
            tick(name, len(docs))
    first = runs[names[0]]
    return [_row(name, run, first, docs) for name, run in runs.items()]


def hf_backend(backbone: Backbone) -> HFBackend:
    """RETURNS (HFBackend): What runs the backbone.
    RAISES (ValueError): It is not run in this process.
    """
    if isinstance(backbone.backend, HFBackend):
        return backbone.backend
    kind = type(backbone.backend).__name__
    raise ValueError(Errors.EL024.format(name=backbone.name, kind=kind))


def variant(component: LLMEnsembleNER, make: Make) -> LLMEnsembleNER:
    """RETURNS (LLMEnsembleNER): The component with other backends; its models stay the same ones."""
    changed = copy(component)
    changed.cfg = {**component.cfg, "on_error": "raise"}
    changed.backbones = [replace(b, backend=make(hf_backend(b))) for b in component.backbones]
    return changed


def same(one: Found, other: Found) -> bool:
    """RETURNS (bool): Whether the entities are equal and their confidences all but equal."""
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
        "same_output": same(first.found, run.found),
        "entities": sum(map(len, run.found)),
        "to_ensemble": speed_ratio(first.seconds, run.seconds),
    }


def _annotate(component: LLMEnsembleNER, docs: Sequence[Doc]) -> list[Doc]:
    return list(component.pipe((unannotated(doc) for doc in docs), batch_size=256))


def _entities(doc: Doc) -> list[tuple[int, int, str, float]]:
    return [(e.start_char, e.end_char, e.label_, e._.confidence) for e in doc.ents]


def _spent(component: LLMEnsembleNER) -> tuple[int, int]:
    backends: list[Any] = [b.backend for b in component.backbones]
    return sum(b.forward_passes for b in backends), sum(b.tokens_read for b in backends)
