"""The cost of a bulk annotation, from the start of the command to the merged output."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import EL4NERRuntimeError, Errors
from spacy_el4ner.evaluation.ensemble_tables import table
from spacy_el4ner.evaluation.machine import software, where
from spacy_el4ner.storage.atomic import replacing

Row = dict[str, Any]
HEADER = ("documents", "processes", "seconds", "documents/s", "CPU seconds", "peak MiB")
KEYS = ("documents", "workers", "seconds", "docs_per_s", "cpu_s", "peak_mb")
NOT_COMPARED = ("date", "pipeline")
"""Keys that may differ when an interrupted run continues."""


def measure(
    pipeline: str, texts: Sequence[str], documents: int, workers: int, batch_size: int, gpu_id: int = -1
) -> Row:
    """pipeline (str): The pipeline, as for `annotate`.
    texts (Sequence[str]): The texts. They are repeated until there are enough; each repetition is
        different, so that nothing can be cached.
    documents (int): Number of documents.
    workers (int): Number of processes.
    batch_size (int): Documents that go through the pipeline together.
    gpu_id (int): The GPU to use; below 0 for the CPU.
    RETURNS (Row): `seconds` by the clock, `docs_per_s`, `cpu_s` of all processes together, and
        `peak_mb` of the largest of them, in MiB.
    RAISES (RuntimeError): EL074, the command failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in.jsonl"), Path(folder, "out.jsonl")
        with source.open("w", encoding="utf8") as file:
            for n, text in enumerate(islice(cycle(texts), documents)):
                file.write(json.dumps({"text": f"{text} ({n})"}) + "\n")
        command = [sys.executable, "-m", "spacy", "el4ner", "annotate", pipeline, source, out]
        options = ["--n-process", workers, "--batch-size", batch_size, "--gpu-id", gpu_id]
        start = time.perf_counter()
        # Its progress is shown, its messages are not.
        process = subprocess.Popen([*map(str, command + options)], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise EL4NERRuntimeError(Errors.EL074.format(documents=documents, code=process.returncode))
    return {
        "documents": documents,
        "workers": workers,
        "seconds": seconds,
        "docs_per_s": documents / seconds,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }


class CostRecord:
    """The file of rows, written after each row, so that an interrupted run continues.

    path (Path): The JSON file; one of another measurement is replaced.
    about (dict[str, Any]): The settings, the machine and the versions.
    """

    def __init__(self, path: Path, about: dict[str, Any]):
        self.path = path
        about = json.loads(json.dumps(about))
        earlier = json.loads(path.read_text(encoding="utf8")) if path.is_file() else {}
        same = all(earlier.get(key) == value for key, value in about.items() if key not in NOT_COMPARED)
        self.data: dict[str, Any] = {**about, "rows": earlier["rows"] if earlier and same else []}

    @property
    def rows(self) -> list[Row]:
        """RETURNS (list[Row]): The rows measured so far."""
        rows: list[Row] = self.data["rows"]
        return rows

    def has(self, documents: int, workers: int) -> bool:
        """documents (int): Number of documents.
        workers (int): Number of processes.
        RETURNS (bool): Whether there is a row with these numbers.
        """
        return any((row["documents"], row["workers"]) == (documents, workers) for row in self.rows)

    def add(self, row: Row) -> None:
        """Add a row and write the file.

        row (Row): What `measure` returned.
        """
        self.data["rows"] = [*self.rows, row]
        with replacing(self.path) as file:
            file.write(json.dumps(self.data, indent=2, ensure_ascii=False).encode("utf8") + b"\n")


def cells(rows: Sequence[Row]) -> list[list[str]]:
    """rows (Sequence[Row]): Rows as `measure` returned them.
    RETURNS (list[list[str]]): The cells of a table with the columns `HEADER`, sorted by size.
    """
    ordered = sorted(rows, key=lambda row: (row["workers"], row["documents"]))
    return [
        [f"{row[key]:.3g}" if row[key] < 1000 else str(round(row[key])) for key in KEYS]
        for row in ordered
    ]


def markdown(data: dict[str, Any]) -> str:
    """data (dict[str, Any]): What `annotate-cost` wrote.
    RETURNS (str): The report.
    """
    parts = [
        "# What annotating many documents costs",
        f"Measured on {data['date']} with `{data['pipeline']}` on the sentences of `{data['corpus']}`, "
        f"{data['batch_size']} a batch, each process with {where(data)}, {software(data)}.",
        "From the start of the command to the merged output. *CPU seconds* are of all processes "
        "together, *peak MiB* is the memory of the largest. The row of one document is what starting "
        "costs.",
        table(HEADER, cells(data["rows"])),
    ]
    return "\n\n".join(parts) + "\n"
