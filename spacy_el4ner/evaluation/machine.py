"""The machine and the software that a measurement was made with."""

import datetime
import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("spacy", "torch", "transformers", "sentence-transformers", "numpy", "spacy-el4ner")


def machine() -> dict[str, Any]:
    """RETURNS (dict[str, Any]): Plain data: "machine", "date" and "versions" of packages."""
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
    """record (dict[str, Any]): A measurement, with the keys that `machine` returns.
    RETURNS (str): The GPU, or the threads of the processor, that computed it.
    """
    machine = record["machine"]
    number = machine["threads"]
    threads = f"{number} thread{'s' * (number > 1)} of {machine['processor']}"
    gpu: str | None = machine["gpu"]
    return gpu or threads


def software(record: dict[str, Any]) -> str:
    """record (dict[str, Any]): A measurement, with the keys that `machine` returns.
    RETURNS (str): The versions of Python and of the packages.
    """
    packages = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    return f"Python {record['machine']['python']}; {packages}"


def portable_name(model: str) -> str:
    """model (str): A folder, or the name of a model on the hub.
    RETURNS (str): A folder of the current project as a relative path, one elsewhere on this machine by
        its own name; anything else unchanged.
    """
    path = Path(model)
    if path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return path.name if path.is_absolute() else model


def versions(names: Iterable[str]) -> dict[str, str]:
    """names (Iterable[str]): Names of packages.
    RETURNS (dict[str, str]): The version of each package that is installed.
    """
    installed = {}
    for name in names:
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            continue
    return installed


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
