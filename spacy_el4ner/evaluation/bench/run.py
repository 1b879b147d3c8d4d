"""One run of the benchmark, which continues an interrupted one."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.evaluation.bench.backends import model_name
from spacy_el4ner.evaluation.bench.measure import REFERENCES, Tick, measure
from spacy_el4ner.evaluation.bench.memory import PeakMemory
from spacy_el4ner.evaluation.bench.record import BenchRecord
from spacy_el4ner.evaluation.bench.sentences import Sentence, digest
from spacy_el4ner.evaluation.bench.system import AnswerRules, System, SystemNotApplicable
from spacy_el4ner.evaluation.bench.systems import make_systems
from spacy_el4ner.evaluation.machine import machine, versions
from spacy_el4ner.progress import Progress

PEERS = ("spacy-llm", "langextract")
"""Packages whose versions are recorded besides those of every measurement."""


def run_systems(
    record: BenchRecord,
    names: Sequence[str],
    backend: HFBackend,
    rules: AnswerRules,
    sentences: Sequence[Sentence],
    batch_sizes: Sequence[int],
) -> None:
    """Measure the systems that have no row yet.

    record (BenchRecord): The rows; its settings say how many repetitions there are.
    names (Sequence[str]): Names of `SYSTEMS`.
    backend (HFBackend): The backend with the model.
    rules (AnswerRules): The rules by which the systems answer.
    sentences (Sequence[Sentence]): The sentences.
    batch_sizes (Sequence[int]): The batch sizes.
    """
    blocks = {size: record.missing(names, size) for size in batch_sizes}
    wanted = {name for missing in blocks.values() for name in missing}
    if not wanted:
        return
    # Ratios compare systems within a repetition, so the references run with every missing system.
    wanted |= {name for name in REFERENCES if name in names}
    requested = make_systems([n for n in names if n in wanted], backend, rules)
    systems = _prepared(record, requested, sentences)
    repeats = record.data["settings"]["repeats"]
    device = record.data["settings"]["device"]
    chosen = {
        size: [s for s in systems if s.name in missing or s.name in REFERENCES]
        for size, missing in blocks.items()
        if any(s.name in missing for s in systems)
    }
    total = len(sentences) * repeats * sum(map(len, chosen.values()))
    with progress(total) as tick:
        for size, here in chosen.items():
            rows = measure(here, sentences, size, repeats, device, tick)
            record.add("rows", [row for row in rows if row["system"] in blocks[size]])


def about(
    backend: HFBackend,
    sentences: Sequence[Sentence],
    device: str,
    repeats: int,
    rules: AnswerRules,
    **settings: Any,
) -> dict[str, Any]:
    """backend (HFBackend): The backend with the model.
    sentences (Sequence[Sentence]): The sentences.
    device (str): The device of the model.
    repeats (int): Number of repetitions.
    rules (AnswerRules): The rules by which the systems answer.
    settings (Any): Further settings to record.
    RETURNS (dict[str, Any]): Model, machine, versions and settings of a benchmark.
    """
    import torch

    described = machine()
    on_gpu = device.startswith("cuda")
    described["versions"].update(versions(PEERS))
    return {
        "model": model_name(backend),
        "gpu": torch.cuda.get_device_name() if on_gpu else "not run on a GPU",
        **described,
        "settings": {
            "sentences": len(sentences),
            "sentences_digest": prompts_digest(sentences, backend.model),
            "device": device,
            "dtype": backend.dtype,
            "repeats": repeats,
            "margin": rules.margin,
            "full_length": rules.full_length,
            "peak_mb": PeakMemory(device).kind,
            **settings,
        },
    }


def prompts_digest(sentences: Sequence[Sentence], model: str) -> str:
    """sentences (Sequence[Sentence]): The sentences.
    model (str): Name or folder of the model.
    RETURNS (str): A hash of the prompts, and of the weights of a model in a folder.
    """
    whole = hashlib.sha256(digest(sentences).encode("utf8"))
    for path in sorted(Path(model).glob("*.safetensors")):
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:16]


@contextmanager
def progress(total: int) -> Iterator[Tick]:
    """total (int): Documents to answer, all systems and repetitions together.
    YIELDS (Tick): Shows the progress.
    """
    with Progress("Measuring", total) as bar:

        def tick(doing: str, done: int) -> None:
            bar.title = doing
            bar.update(done)

        yield tick


def _prepared(
    record: BenchRecord, systems: Sequence[System], sentences: Sequence[Sentence]
) -> list[System]:
    """The prepared systems. A system that these sentences do not suit is left out and recorded."""
    ready = []
    for system in systems:
        try:
            system.prepare(sentences)
        except SystemNotApplicable as error:
            record.data["skipped"][system.name] = str(error)
        else:
            ready.append(system)
            record.data["skipped"].pop(system.name, None)
    record.write()
    return ready
