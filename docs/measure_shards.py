"""What the bookkeeping of shards costs: `BulkRun` with many of them, and a stand-in for annotation.

    python docs/measure_shards.py docs/results/bulk/shards.json

Each number of shards has a process of its own. A shard is one document; its stand-in is a line of JSON,
so that what is left are the survey of the input, the files of the shards and their merge. bulk.md has
the table.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import spacy

from spacy_el4ner.api import AnnotationJob, BulkRun, Share
from spacy_el4ner.bulk.records import Part
from spacy_el4ner.bulk.survey import Survey
from spacy_el4ner.evaluation.machine import machine

SHARDS = (1_000, 10_000, 100_000)
LINES = 1_000_000
"""Documents of the input that is only surveyed, in shards of usual size."""
TEXT = "A sentence of about twenty words, which is what most people send, one a line, is number"


def stand_in(job: AnnotationJob, numbers: Iterable[int], tell: Callable[[int], None]) -> Iterator[Part]:
    """job (AnnotationJob): Not used.
    numbers (Iterable[int]): The shards.
    tell (Callable[[int], None]): Called with the number of documents of each shard.
    YIELDS (Part): The shards, with a line that looks like an annotated document.
    """
    for number in numbers:
        line = json.dumps({"text": f"Text {number}.", "entities": []})
        yield Part(number, 1, line.encode() + b"\n")
        tell(1)


def measure(shards: int) -> dict[str, Any]:
    """shards (int): How many to write and merge.
    RETURNS (dict[str, Any]): Seconds of each step, and the growth of the memory of this process.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spacy.blank("en").to_disk(folder / "pipeline")
        lines = "".join(f'{{"text": "Text {n}."}}\n' for n in range(shards))
        (folder / "texts.jsonl").write_text(lines, encoding="utf8")
        job = AnnotationJob(str(folder / "pipeline"), folder / "texts.jsonl", ".jsonl", shard_size=1)
        before, times = _memory(), [time.perf_counter()]
        run = BulkRun(job, folder / "out.jsonl")
        times.append(time.perf_counter())
        run.annotate(stand_in, run.todo(Share()), lambda done: None)
        times.append(time.perf_counter())
        # What a command that was interrupted does when it is called again.
        again = BulkRun(job, folder / "out.jsonl")
        assert not again.todo(Share())
        times.append(time.perf_counter())
        again.finish(must=True)
        times.append(time.perf_counter())
        assert (folder / "out.jsonl").read_bytes().count(b"\n") == shards
        survey, write, resume, merge = (b - a for a, b in pairwise(times))
    return {
        "shards": shards,
        "survey_s": survey,
        "write_s": write,
        "resume_s": resume,
        "merge_s": merge,
        "growth_mb": _memory() - before,
    }


def survey(lines: int) -> dict[str, Any]:
    """lines (int): Documents of an input.
    RETURNS (dict[str, Any]): Seconds that it takes to hash it and to find where its shards begin.
    """
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "texts.jsonl"
        with source.open("w", encoding="utf8") as file:
            file.writelines(f'{{"text": "{TEXT} {n}."}}\n' for n in range(lines))
        began = time.perf_counter()
        found = Survey.of(source, AnnotationJob("", source, ".jsonl"))
        seconds = time.perf_counter() - began
        return {
            "documents": found.index.documents,
            "mb": source.stat().st_size / 2**20,
            "seconds": seconds,
        }


def _memory() -> float:
    """The peak memory of this process, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure all numbers of shards, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", type=int, help="One number of shards, in this process")
    args = parser.parse_args()
    if args.only:
        print(json.dumps(measure(args.only)))
        return
    rows = []
    for shards in SHARDS:
        command = [sys.executable, __file__, str(args.out), "--only", str(shards)]
        rows.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    record = {**machine(), "survey": survey(LINES), "rows": rows}
    text = json.dumps(record, indent=2)
    args.out.write_text(f"{text}\n", encoding="utf8")


if __name__ == "__main__":
    main()
