"""What a measurement was made on."""

import datetime
import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("spacy", "torch", "transformers", "sentence-transformers", "numpy", "spacy-el4ner")


def machine() -> dict[str, Any]:
    """RETURNS (dict[str, Any]): Machine, date and package versions."""
    import torch

    described = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "system": platform.system(),
        "python": platform.python_version(),
    }
    return {
        "machine": described,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": versions(PACKAGES),
    }


def where(record: dict[str, Any]) -> str:
    """record (dict[str, Any]): What was measured, with what `machine` tells.
    RETURNS (str): What it was computed on: a GPU, or threads of a processor.
    """
    machine = record["machine"]
    number = machine["threads"]
    threads = f"{number} thread{'s' * (number > 1)} of {machine['processor']}"
    gpu: str | None = machine["gpu"]
    return gpu or threads


def software(record: dict[str, Any]) -> str:
    """record (dict[str, Any]): The same.
    RETURNS (str): The versions of everything.
    """
    packages = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    return f"Python {record['machine']['python']}; {packages}"


def versions(names: Iterable[str]) -> dict[str, str]:
    """RETURNS (dict[str, str]): The version of each package that is installed."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
