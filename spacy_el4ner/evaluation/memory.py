"""Resident memory while many documents go through a pipeline."""

import resource
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from spacy.language import Language

from spacy_el4ner.plots import BLUE, saved_figure

PAGE = resource.getpagesize()


def measure(
    nlp: Language,
    texts: Sequence[str],
    documents: int,
    batch_size: int,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> dict[str, Any]:
    """nlp (Language): The pipeline.
    texts (Sequence[str]): The texts. They are repeated until there are enough; each repetition is
        different, so that nothing can be cached.
    documents (int): Number of documents.
    batch_size (int): Batch size of `nlp.pipe`.
    progress (Callable): Wraps the documents to show the progress.
    RETURNS (dict[str, Any]): "documents" and "mb", a hundred samples of the number of documents and the
        memory in MiB, and "docs_per_s".
    """
    rounds = (f"{text} ({n})" for n, text in enumerate(cycle(texts)))
    every = max(1, documents // 100)
    seen, samples = [0], [resident_mb()]
    start = time.perf_counter()
    stream = nlp.pipe(islice(rounds, documents), batch_size=batch_size)
    for n, _ in enumerate(progress(stream), 1):
        if n % every == 0:
            seen.append(n)
            samples.append(resident_mb())
    seconds = time.perf_counter() - start
    return {"documents": seen, "mb": samples, "docs_per_s": documents / seconds}


def growth(measured: dict[str, Any]) -> float:
    """measured (dict[str, Any]): What `measure` returned.
    RETURNS (float): The mean of the last tenth of the samples, divided by that of the second tenth: 1
        for flat memory. In the first tenth the models are loaded.
    """
    samples = measured["mb"]
    tenth = max(1, len(samples) // 10)
    early, late = samples[tenth : 2 * tenth], samples[-tenth:]
    return float(sum(late) / len(late) / (sum(early) / len(early)))


def resident_mb() -> float:
    """RETURNS (float): Resident memory of this process in MiB; its peak where the current value is
    unknown.
    """
    now = Path("/proc/self/statm")
    if now.is_file():
        return int(now.read_text(encoding="ascii").split()[1]) * PAGE / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def plot(measured: dict[str, Any], out: Path) -> None:
    """measured (dict[str, Any]): What `measure` returned.
    out (Path): The PNG file to write: memory over documents.
    """
    with saved_figure(out, 8, 3) as axes:
        axes.plot(measured["documents"], measured["mb"], color=BLUE)
        axes.set_ylim(0, max(measured["mb"]) * 1.2)
        axes.set_xlabel("documents through nlp.pipe")
        axes.set_ylabel("resident memory, MiB")
