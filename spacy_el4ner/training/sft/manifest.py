"""The plan of a fine-tuning run: recorded with the weights, and compared before a run continues."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.prompts.loading import find
from spacy_el4ner.storage.atomic import replacing, temporary_name
from spacy_el4ner.storage.manifest import folder_fingerprint
from spacy_el4ner.storage.model_record import check_replaceable, record_of
from spacy_el4ner.training.sft.settings import FinetuningSettings
from spacy_el4ner.types import Demonstration

PLAN = "plan.json"
FREE = ("batch_tokens", "gradient_checkpointing")
"""Fields of `FinetuningSettings` that may change when an interrupted run continues."""


def plan(
    model: str,
    revision: str | None,
    encoder: str,
    sentences: Sequence[Demonstration],
    dev: Sequence[Demonstration],
    labels: dict[str, str],
    settings: FinetuningSettings,
) -> dict[str, Any]:
    """model (str): Name or folder of the model.
    revision (str | None): Its revision on the hub.
    encoder (str): Name of the encoder that compares sentences.
    sentences (Sequence[Demonstration]): The training split.
    dev (Sequence[Demonstration]): The sentences to choose the best epoch by.
    labels (dict[str, str]): Label -> description.
    settings (FinetuningSettings): How to train.
    RETURNS (dict[str, Any]): Everything that determines the trained model; plain data.
    """
    return {
        "base": model,
        "revision": revision,
        "base_sha256": _weights(Path(model)),
        "labels": labels,
        "encoder": encoder,
        "sentences": len(sentences),
        "template_sha256": _own_templates(settings.template),
        "data_sha256": digest(sentences),
        "dev_sentences": len(dev),
        "dev_sha256": digest(dev),
        **asdict(settings),
    }


def digest(sentences: Sequence[Demonstration]) -> str:
    """sentences (Sequence[Demonstration]): Labelled sentences.
    RETURNS (str): The sha256 of their texts and mentions.
    """
    plain = [[s.window.text, [[m.start, m.end, m.label] for m in s.mentions]] for s in sentences]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


def finished(out: Path, expected: dict[str, Any], overwrite: bool = False) -> dict[str, Any] | None:
    """out (Path): The folder of the trained model.
    expected (dict[str, Any]): The plan of this run.
    overwrite (bool): Whether a model of another plan may be replaced.
    RETURNS (dict[str, Any] | None): The record of a model that was made by the same plan, if any.
    RAISES (ValueError): EL137, the folder holds something else; EL315, also other files; EL052, a model
        of another plan.
    """
    if not out.exists():
        return None
    record = record_of(out)
    earlier = record.get("plan", {})
    if "data_sha256" not in earlier:
        raise EL4NERValueError(Errors.EL137.format(path=out))
    if overwrite and _differing(earlier, expected):
        check_replaceable(out)
        return None
    _compare(out, earlier, expected)
    return record


def check(folder: Path, expected: dict[str, Any]) -> None:
    """folder (Path): The folder of a run, which may have begun.
    expected (dict[str, Any]): The plan of this run.
    RAISES (ValueError): EL052, the run began with another plan.
    """
    path = folder / PLAN
    if path.is_file():
        _compare(folder, json.loads(path.read_text(encoding="utf8")), expected)


def discard_other(folder: Path, expected: dict[str, Any]) -> None:
    """Discard a run that began with another plan.

    folder (Path): The folder of the run.
    expected (dict[str, Any]): The plan of this run.
    """
    path = folder / PLAN
    if path.is_file() and _differing(json.loads(path.read_text(encoding="utf8")), expected):
        discard(folder)


def begin(folder: Path, expected: dict[str, Any]) -> None:
    """Record the plan of a run. Several processes may do so at the same time.

    folder (Path): The folder of the run.
    expected (dict[str, Any]): Its plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / PLAN) as file:
        file.write(json.dumps(expected).encode("utf8"))


def discard(folder: Path) -> None:
    """Remove a run in one step: a half-removed run without its plan could be mistaken for a new one.

    folder (Path): The folder of the run.
    """
    trash = temporary_name(folder)
    folder.rename(trash)
    shutil.rmtree(trash)


def _differing(earlier: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    return [key for key in expected if key not in FREE and earlier.get(key) != expected[key]]


def _compare(folder: Path, earlier: dict[str, Any], expected: dict[str, Any]) -> None:
    if other := _differing(earlier, expected):
        raise EL4NERValueError(Errors.EL052.format(path=folder, settings=", ".join(other)))


def _own_templates(name: str) -> str | None:
    """The sha256 of the templates in a folder; None for those of the package or of a language."""
    folder = find(name, "tagging")
    return folder_fingerprint(folder) if folder == Path(name) and folder.is_dir() else None


def _weights(folder: Path) -> str | None:
    """The sha256 of the weights of a local model; a model on the hub is identified by its revision."""
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    if not files:
        return None
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(2**20):
                whole.update(block)
    return whole.hexdigest()
