"""What a fine-tuned model was made from: written beside its weights, compared before a run resumes."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import Errors
from spacy_el4ner.storage.atomic import temporary_name
from spacy_el4ner.training.folders import record_of
from spacy_el4ner.training.sft.settings import Settings
from spacy_el4ner.types import Demonstration

PLAN = "plan.json"
FREE = ("batch_tokens", "gradient_checkpointing")
"""Settings that may change from one session of a run to the next."""


def plan(
    model: str,
    revision: str | None,
    encoder: str,
    sentences: Sequence[Demonstration],
    dev: Sequence[Demonstration],
    labels: dict[str, str],
    settings: Settings,
) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): All that decides what the model will be; plain data."""
    return {
        "base": model,
        "revision": revision,
        "base_sha256": _weights(Path(model)),
        "labels": labels,
        "encoder": encoder,
        "sentences": len(sentences),
        "data_sha256": digest(sentences),
        "dev_sentences": len(dev),
        "dev_sha256": digest(dev),
        **asdict(settings),
    }


def digest(sentences: Sequence[Demonstration]) -> str:
    """RETURNS (str): The sha256 of texts and mentions."""
    plain = [[s.window.text, [[m.start, m.end, m.label] for m in s.mentions]] for s in sentences]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


def finished(out: Path, wanted: dict[str, Any], anew: bool = False) -> dict[str, Any] | None:
    """out (Path): Where the result goes.
    wanted (dict[str, Any]): The plan.
    anew (bool): Whether the result of another plan may be replaced.
    RETURNS (dict[str, Any] | None): The record of a result that was made by the same plan.
    RAISES (ValueError): There is something else.
    """
    if not out.exists():
        return None
    record = record_of(out)
    found = record.get("plan", {})
    if "data_sha256" not in found:
        raise ValueError(Errors.EL137.format(path=out))
    if anew and _differing(found, wanted):
        return None
    _compare(out, found, wanted)
    return record


def check(folder: Path, wanted: dict[str, Any]) -> None:
    """folder (Path): Of a run, which may have begun.
    wanted (dict[str, Any]): The plan.
    RAISES (ValueError): The run was begun by another plan.
    """
    path = folder / PLAN
    if path.is_file():
        _compare(folder, json.loads(path.read_text(encoding="utf8")), wanted)


def give_up(folder: Path, wanted: dict[str, Any]) -> None:
    """Discard a run that was begun by another plan."""
    path = folder / PLAN
    if path.is_file() and _differing(json.loads(path.read_text(encoding="utf8")), wanted):
        discard(folder)


def begin(folder: Path, wanted: dict[str, Any]) -> None:
    """Write the plan down."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{PLAN}.{os.getpid()}"  # several processes may begin together
    partial.write_text(json.dumps(wanted), encoding="utf8")
    os.replace(partial, folder / PLAN)


def discard(folder: Path) -> None:
    """Remove a run at once: half of it, without its plan, could be taken for another's beginning."""
    trash = temporary_name(folder)
    folder.rename(trash)
    shutil.rmtree(trash)


def _differing(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    return [key for key in wanted if key not in FREE and found.get(key) != wanted[key]]


def _compare(folder: Path, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    if other := _differing(found, wanted):
        raise ValueError(Errors.EL052.format(path=folder, settings=", ".join(other)))


def _weights(folder: Path) -> str | None:
    """The sha256 of a local model's weights; a model of the hub is told by its revision."""
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    if not files:
        return None
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(2**20):
                whole.update(block)
    return whole.hexdigest()
