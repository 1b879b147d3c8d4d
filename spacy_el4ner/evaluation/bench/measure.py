"""Clock, interleaving and medians.

The load of a machine changes over time. So in each repetition the systems run one after another over
the same batches, ratios compare times within one repetition, and rows have the median of the ratios.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from spacy_el4ner.evaluation.bench.judge import Judgement
from spacy_el4ner.evaluation.bench.memory import PeakMemory
from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.evaluation.bench.system import System, SystemReply
from spacy_el4ner.scores import prf

Row = dict[str, Any]
Tick = Callable[[str, int], None]
"""Called with the name of the running system and the number of documents done since the last call."""
REFERENCES = ("floor", "constrained")


@dataclass
class SystemTally:
    """The measurements of one system at one batch size.

    seconds (list[float]): Seconds of each repetition.
    passes (int): Forward passes of a repetition.
    tokens (int): Tokens read in a repetition.
    peak_mb (float): Peak memory over all repetitions, in MiB.
    replies (list[SystemReply]): The reply to each sentence.
    """

    seconds: list[float] = field(default_factory=list)
    passes: int = 0
    tokens: int = 0
    peak_mb: float = 0.0
    replies: list[SystemReply] = field(default_factory=list)


def measure(
    systems: Sequence[System],
    sentences: Sequence[Sentence],
    batch_size: int,
    repeats: int,
    device: str,
    tick: Tick,
) -> list[Row]:
    """systems (Sequence[System]): The prepared systems.
    sentences (Sequence[Sentence]): The sentences.
    batch_size (int): Sentences a batch.
    repeats (int): Number of repetitions.
    device (str): The device of the model.
    tick (Tick): Shows the progress.
    RETURNS (list[Row]): A row for each system.
    """
    batches = [sentences[n : n + batch_size] for n in range(0, len(sentences), batch_size)]
    tallies = {system.name: SystemTally() for system in systems}
    memory = PeakMemory(device)
    for system in systems:
        tick(f"warming up {system.name}", 0)
        system.answer(batches[0])
    for repeat in range(repeats):
        # Another system begins each time, so that no system always runs after the same one.
        shift = repeat % len(systems)
        for system in (*systems[shift:], *systems[:shift]):
            tally = tallies[system.name]
            memory.reset()
            _go_over(system, batches, tally, device, tick)
            tally.peak_mb = max(tally.peak_mb, memory.read())
    return [_row(s, sentences, batch_size, tallies) for s in systems]


def _go_over(
    system: System, batches: Sequence[Sequence[Sentence]], tally: SystemTally, device: str, tick: Tick
) -> None:
    system.restart()
    before = system.spent
    seconds, replies = 0.0, []
    for batch in batches:
        wait_for(device)
        start = time.perf_counter()
        replies += system.answer(batch)
        wait_for(device)
        seconds += time.perf_counter() - start
        tick(system.name, len(batch))
    passes, tokens = system.spent
    tally.seconds.append(seconds)
    tally.passes, tally.tokens = passes - before[0], tokens - before[1]
    tally.replies = replies


def _row(
    system: System, sentences: Sequence[Sentence], batch_size: int, tallies: dict[str, SystemTally]
) -> Row:
    tally, n = tallies[system.name], len(sentences)
    judged = (
        [system.judge(s, r) for s, r in zip(sentences, tally.replies, strict=True)]
        if system.judged
        else list[Judgement]()
    )
    found = {
        (i, *span)
        for i, (s, r) in enumerate(zip(sentences, tally.replies, strict=True))
        if system.judged
        for span in system.spans(s, r)
    }
    gold = {(i, m.start, m.end) for i, s in enumerate(sentences) for m in s.gold}
    prompts, answers = (sum(getattr(r, k) for r in tally.replies) for k in ("prompt", "answer"))
    return {
        "system": system.name,
        "peer": system.peer,
        "constrained": system.constrained,
        "model": system.model,
        "precision": system.precision,
        "batch_size": batch_size,
        "docs": n,
        "repeats": len(tally.seconds),
        **rates(tally.seconds, n),
        "f1": prf(found, gold).f if system.judged else None,
        "passes_per_doc": tally.passes / n if tally.passes else None,
        "prompt_tokens_per_doc": prompts / n,
        "answer_tokens_per_doc": answers / n,
        "token_ratio": tally.tokens / (prompts + answers) if tally.tokens else None,
        "peak_mb": tally.peak_mb,
        "malformed": sum(j.malformed for j in judged) if system.judged else None,
        "outside_text": sum(j.outside for j in judged) if system.judged else None,
        "same_answers": _same(tally, tallies.get("constrained")) if system.judged else None,
        **{
            f"to_{name}": speed_ratio(tallies[name].seconds, tally.seconds) if name in tallies else None
            for name in REFERENCES
        },
    }


def _same(tally: SystemTally, other: SystemTally | None) -> int | None:
    """Number of answers that are equal to those of the other system."""
    if other is None:
        return None
    return sum(a.text == b.text for a, b in zip(tally.replies, other.replies, strict=True))


def rates(seconds: Sequence[float], docs: int) -> Row:
    """seconds (Sequence[float]): Seconds of each repetition.
    docs (int): Documents of a repetition.
    RETURNS (Row): Documents per second: of the median, the slowest and the fastest repetition.
    """
    return {
        "docs_per_s": docs / median(seconds),
        "docs_per_s_min": docs / max(seconds),
        "docs_per_s_max": docs / min(seconds),
    }


def speed_ratio(reference: Sequence[float], seconds: Sequence[float]) -> float:
    """reference (Sequence[float]): Seconds of each repetition of the reference.
    seconds (Sequence[float]): Seconds of each repetition of the system.
    RETURNS (float): Speed of the system divided by that of the reference, the median repetition.
    """
    return median(r / s for r, s in zip(reference, seconds, strict=True))


def wait_for(device: str) -> None:
    """Wait until a GPU has finished.

    device (str): The device; nothing happens for a CPU.
    """
    if device.startswith("cuda"):
        import torch

        torch.cuda.synchronize()
