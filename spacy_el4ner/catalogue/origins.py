"""The models that models on this machine were made from, as far as their files say."""

import json
from pathlib import Path
from typing import Any

from spacy_el4ner.catalogue.entries import models
from spacy_el4ner.minilm import HUB_NAME
from spacy_el4ner.storage import manifest


def listed_name(source: str) -> str:
    """source (str): A model as a config names it, or a folder or a GGUF file.
    RETURNS (str): Its name in the catalogue; "" where it is none of its models.
    """
    hub = origin(Path(source)) or source
    return next((name for name, model in models().items() if model.hub == hub), "")


def origin(folder: Path) -> str:
    """folder (Path): A model or an adapter, a GGUF file, or a name of the catalogue.
    RETURNS (str): The model of a hub that it was made from; "" where its files do not say.
    """
    if str(folder) in models():
        return models()[str(folder)].hub
    files = [folder] if folder.is_file() else sorted(folder.glob("*.gguf"))
    if files:
        hashes = {model.sha256: model.hub for model in models().values()}
        return hashes.get(manifest.file_sha256(files[0]), "")
    plan = _json(folder / "el4ner.json").get("plan", {})
    if plan.get("kind") == "minilm":
        return HUB_NAME
    adapter = _json(folder / "adapter_config.json")
    base: str = plan.get("base") or adapter.get("base_model_name_or_path") or ""
    if base in models() or (base and Path(base).is_dir()):
        return origin(Path(base))
    return base if base.count("/") == 1 else ""


def _json(path: Path) -> dict[str, Any]:
    data: Any = json.loads(path.read_text(encoding="utf8")) if path.is_file() else {}
    return data if isinstance(data, dict) else {}
