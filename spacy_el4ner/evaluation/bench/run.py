"""One run of the benchmark, from where an earlier one was cut off."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.evaluation.bench.measure import REFERENCES, Tick, measure
from spacy_el4ner.evaluation.bench.memory import PeakMemory
from spacy_el4ner.evaluation.bench.record import Record
from spacy_el4ner.evaluation.bench.sentences import Sentence, digest
from spacy_el4ner.evaluation.bench.systems import System, SystemUnfit, Terms, make_systems
from spacy_el4ner.evaluation.machine import machine, versions


def run_systems(
    record: Record,
    names: Sequence[str],
    backend: HFBackend,
    terms: Terms,
    sentences: Sequence[Sentence],
    batch_sizes: Sequence[int],
) -> None:
    """record (Record): Where rows go, and which are there already. Its settings name the repetitions.
    names (Sequence[str]): Of `SYSTEMS`.
    backend (HFBackend): Holds the model.
    terms (Terms): How the systems are to answer.
    sentences (Sequence[Sentence]): What to ask.
    batch_sizes (Sequence[int]): One block of rows each.
    """
    blocks = {size: record.missing(names, size) for size in batch_sizes}
    wanted = {name for missing in blocks.values() for name in missing}
    if not wanted:
        return
    # Ratios are to what ran in the same repetitions, so the references run with whoever is missing.
    wanted |= {name for name in REFERENCES if name in names}
    made = make_systems([n for n in names if n in wanted], backend, terms)
    systems = _prepared(record, made, sentences)
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
    terms: Terms,
    **settings: Any,
) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): What a file of rows says of how they were measured."""
    import torch

    described = machine()
    given = getattr(backend, "given", None)
    on_gpu = device.startswith("cuda")
    described["versions"].update(versions(("spacy-llm",)))
    return {
        "model": given.name if given is not None else named(backend.model),
        "gpu": torch.cuda.get_device_name() if on_gpu else "not run on a GPU",
        **described,
        "settings": {
            "sentences": len(sentences),
            "sentences_digest": prompts_digest(sentences, backend.model),
            "device": device,
            "dtype": backend.dtype,
            "repeats": repeats,
            "margin": terms.margin,
            "full_length": terms.full_length,
            "peak_mb": PeakMemory(device).kind,
            **settings,
        },
    }


def prompts_digest(sentences: Sequence[Sentence], model: str) -> str:
    """RETURNS (str): Changes with the prompts, and with the weights of a model in a folder."""
    whole = hashlib.sha256(digest(sentences).encode("utf8"))
    for path in sorted(Path(model).glob("*.safetensors")):
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:16]


def named(model: str) -> str:
    """RETURNS (str): A local model by its place in the project, any other by its name."""
    path = Path(model)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else model


@contextmanager
def progress(total: int) -> Iterator[Tick]:
    """total (int): Documents to answer, all systems and repetitions together.
    YIELDS (Tick): Moves the bar.
    """
    with tqdm(total=total, unit="doc") as bar:

        def tick(doing: str, done: int) -> None:
            bar.set_description(doing)
            bar.update(done)

        yield tick


def _prepared(record: Record, systems: Sequence[System], sentences: Sequence[Sentence]) -> list[System]:
    """The systems made ready; one that cannot ask these sentences is left out, and that is recorded."""
    ready = []
    for system in systems:
        try:
            system.prepare(sentences)
        except SystemUnfit as error:
            record.data["skipped"][system.name] = str(error)
        else:
            ready.append(system)
            record.data["skipped"].pop(system.name, None)
    record.write()
    return ready
