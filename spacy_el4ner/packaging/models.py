"""The models that a config names: which they are, and their files in the pipeline's folder."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import Errors
from spacy_el4ner.minilm import HUB_NAME
from spacy_el4ner.storage import bundle

SOURCES = {
    "spacy-el4ner.HFBackend.v1": ("model", "adapter"),
    "spacy-el4ner.SentenceTransformer.v1": ("model",),
}
"""Registered name of a block -> its settings that name models."""
ENCODED = ("spacy-el4ner.SpanSimilarity.v1", "spacy-el4ner.SentenceSimilarity.v1")
SERVED = "spacy-el4ner.OpenAIBackend.v1"
STORED = "spacy-el4ner.StoredBackend.v1"
CODE_OR_PICKLE = {".py", ".pyc", ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".h5", ".onnx"}
LICENCES = {
    HUB_NAME: "Apache-2.0",
    "Qwen/Qwen2.5-1.5B-Instruct": "Apache-2.0",
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": "Apache-2.0",
    "ibm-granite/granite-3.3-2b-instruct": "Apache-2.0",
}


@dataclass(frozen=True)
class Model:
    """role (str): Where the config names it, such as "llm_ensemble_ner.backbones.marked.backend.model".
    source (str): What the config then says.
    folder (Path | None): Its files; None where it is loaded from a hub or runs on a server.
    base (str): What it was made from, as far as its files tell; else itself.
    revision (str): On the hub; "" for the newest.
    server (str): Its address, if it runs on a server.
    """

    role: str
    source: str
    folder: Path | None = None
    base: str = ""
    revision: str = ""
    server: str = ""

    @property
    def bundled(self) -> bool:
        """RETURNS (bool): Whether the pipeline's folder has its files."""
        return bundle.name_of(self.source) is not None

    @property
    def licence(self) -> str:
        """RETURNS (str): Of what it was made from; "" where that is not known."""
        return LICENCES.get(self.base, "")


@dataclass
class Models:
    """Takes the models of one component's config along.

    component (Path): The component's folder in a new pipeline.
    include (bool): Whether local models are copied into it.
    found (list[Model]): All of its models.
    """

    component: Path
    include: bool
    found: list[Model] = field(default_factory=list)
    _names: dict[Path, str] = field(default_factory=dict)

    def taken(self, value: Any, role: str) -> Any:
        """value (Any): A part of the component's config, resolved.
        role (str): Its dotted name.
        RETURNS (Any): The same with bundled models instead of local ones. Stores of answers, which are
            files of this machine, are left out.
        """
        if not isinstance(value, dict):
            return value
        kind = value.get("@misc")
        if kind == STORED:
            return self.taken(value["backend"], role)
        block = {key: self.taken(item, f"{role}.{key}") for key, item in value.items()}
        if kind in ENCODED and block.get("encoder") is None:
            self.found.append(Model(f"{role}.encoder", HUB_NAME, base=HUB_NAME))
        if kind == SERVED:
            name, server = block["model"], block["base_url"]
            self.found.append(Model(f"{role}.model", name, base=name, server=server))
        for key in SOURCES.get(str(kind), ()):
            if block.get(key) is not None:
                block[key] = self._take(block, key, f"{role}.{key}")
        if any(bundle.name_of(block.get(key)) for key in SOURCES.get(str(kind), ())):
            block["local_files_only"] = True
        return block

    def _take(self, block: dict[str, Any], key: str, role: str) -> str:
        source: str = block[key]
        folder = Path(source)
        if (name := bundle.name_of(source)) is not None:
            folder = self.component / bundle.FOLDER / name
        elif folder.is_dir() and self.include:
            source = f"{bundle.SCHEME}{self._copy(folder, role)}"
        elif not folder.is_dir():
            if folder.is_absolute() or source.count("/") != 1:
                raise ValueError(Errors.EL087.format(source=source, role=role))
            setting = "adapter_revision" if key == "adapter" else "revision"
            revision = block.get(setting) or ""
            self.found.append(Model(role, source, base=source, revision=revision))
            return source
        self.found.append(Model(role, source, folder, base=origin(folder)))
        return source

    def _copy(self, folder: Path, role: str) -> str:
        """The name of the copy. A model that several blocks name is copied once."""
        folder = folder.resolve()
        if folder not in self._names:
            if not any(folder.rglob("*.safetensors")):
                raise ValueError(Errors.EL088.format(source=folder, role=role))
            models = self.component / bundle.FOLDER
            name, n = folder.name, 1
            while (models / name).exists():
                n += 1
                name = f"{folder.name}-{n}"
            shutil.copytree(folder, models / name, ignore=_neither_code_nor_pickle)
            _name_base(models / name, origin(folder))
            self._names[folder] = name
        return self._names[folder]


def origin(folder: Path) -> str:
    """folder (Path): A model or an adapter.
    RETURNS (str): The model of a hub that it was made from; "" where its files do not say.
    """
    plan = _json(folder / "el4ner.json").get("plan", {})
    if plan.get("kind") == "minilm":
        return HUB_NAME
    adapter = _json(folder / "adapter_config.json")
    base: str = plan.get("base") or adapter.get("base_model_name_or_path") or ""
    if base and Path(base).is_dir():
        return origin(Path(base))
    return base if base.count("/") == 1 else ""


def _name_base(folder: Path, base: str) -> None:
    """Let the records of a copied model name what it was made from, instead of a folder of this
    machine.
    """
    for name, part, key in (
        ("el4ner.json", "plan", "base"),
        ("adapter_config.json", None, "base_model_name_or_path"),
    ):
        record = _json(folder / name)
        settings = record.get(part, {}) if part else record
        if settings.get(key):
            settings[key] = base or None
            text = json.dumps(record, indent=2, ensure_ascii=False)
            (folder / name).write_text(text, encoding="utf8")


def _json(path: Path) -> dict[str, Any]:
    data: Any = json.loads(path.read_text(encoding="utf8")) if path.is_file() else {}
    return data if isinstance(data, dict) else {}


def _neither_code_nor_pickle(folder: str, names: list[str]) -> list[str]:
    """What is not copied: whatever could run code when it is loaded, and what is hidden."""
    return [n for n in names if n.startswith(".") or Path(n).suffix.lower() in CODE_OR_PICKLE]
