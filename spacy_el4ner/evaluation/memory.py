"""Resident memory while very many documents go through a pipeline."""

import resource
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from spacy.language import Language

from spacy_el4ner.errors import Errors

PAGE = resource.getpagesize()


def measure(
    nlp: Language,
    texts: Sequence[str],
    documents: int,
    batch_size: int,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> dict[str, Any]:
    """nlp (Language): The pipeline.
    texts (Sequence[str]): Gone round until there are enough; each round is made different, so that
        nothing can be remembered.
    documents (int): How many.
    batch_size (int): Of `nlp.pipe`.
    progress (Callable): Wraps the documents, to show how far it is.
    RETURNS (dict[str, Any]): `documents` and `mb` side by side, a sample after every hundredth part,
        and `docs_per_s`.
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
    """RETURNS (float): Mean of the last tenth of the samples over that of the tenth after the first
    one, in which the models were loaded: 1 for flat memory.
    """
    samples = measured["mb"]
    tenth = max(1, len(samples) // 10)
    early, late = samples[tenth : 2 * tenth], samples[-tenth:]
    return float(sum(late) / len(late) / (sum(early) / len(early)))


def resident_mb() -> float:
    """RETURNS (float): Resident memory of this process in MiB; its peak where the system does not
    tell more.
    """
    now = Path("/proc/self/statm")
    if now.is_file():
        return int(now.read_text(encoding="ascii").split()[1]) * PAGE / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def plot(measured: dict[str, Any], out: Path) -> None:
    """out (Path): The PNG file to write: memory over documents."""
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError(Errors.EL013) from error

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3))
    axes.plot(measured["documents"], measured["mb"], color="#1b6ca8")
    axes.set_ylim(0, max(measured["mb"]) * 1.2)
    axes.set_xlabel("documents through nlp.pipe")
    axes.set_ylabel("resident memory, MiB")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(out, dpi=150)
    pyplot.close(figure)
