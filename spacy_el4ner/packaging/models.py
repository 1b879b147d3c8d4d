"""The models of a pipeline, their files in its package, and the extras that it needs."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spacy.util import is_package

from spacy_el4ner import catalogue
from spacy_el4ner.backends.gguf.convert import is_gguf
from spacy_el4ner.backends.sources import in_catalogue
from spacy_el4ner.catalogue.origins import origin
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.minilm import HUB_NAME
from spacy_el4ner.storage import bundle
from spacy_el4ner.storage.model_record import RECORD

SOURCES = {
    "spacy-el4ner.HFBackend.v1": ("model", "adapter"),
    "spacy-el4ner.LlamaCppBackend.v1": ("model",),
    "spacy-el4ner.SentenceTransformer.v1": ("model",),
    "spacy-el4ner.GLiNERVoter.v1": ("model",),
    "spacy-el4ner.SpacyVoter.v1": ("pipeline",),
    "spacy-el4ner.GazetteerVoter.v1": ("names",),
}
"""Registered name of a block -> its settings that name models."""
DOWNLOADED = (
    "spacy-el4ner.HFBackend.v1",
    "spacy-el4ner.LlamaCppBackend.v1",
    "spacy-el4ner.SentenceTransformer.v1",
    "spacy-el4ner.GLiNERVoter.v1",
)
"""Blocks that ask the hub unless they are told that their files are here."""
ENCODED = (
    "spacy-el4ner.SpanSimilarity.v1",
    "spacy-el4ner.SentenceSimilarity.v1",
    "spacy-el4ner.LabelGuided.v1",
    "spacy-el4ner.Diverse.v1",
)
EXTRAS = {
    "spacy-el4ner.BM25.v1": "bm25",
    "spacy-el4ner.GLiNERVoter.v1": "gliner",
    "spacy-el4ner.LlamaCppBackend.v1": "llamacpp",
    "spacy-el4ner.OpenAIBackend.v1": "server",
}
"""Registered name of a block -> the extra that it needs."""
LOCAL = "spacy-el4ner.HFBackend.v1"
SERVED = "spacy-el4ner.OpenAIBackend.v1"
STORED = "spacy-el4ner.StoredBackend.v1"
CODE_OR_PICKLE = {".py", ".pyc", ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".h5", ".onnx"}
LICENCES = {
    HUB_NAME: "Apache-2.0",
    "Qwen/Qwen2.5-1.5B-Instruct": "Apache-2.0",
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": "Apache-2.0",
    "ibm-granite/granite-3.3-2b-instruct": "Apache-2.0",
    **{model.hub: model.licence for model in catalogue.models().values()},
}


@dataclass(frozen=True)
class Model:
    """A model that a config names.

    role (str): The setting that names it, such as "llm_ensemble_ner.voters.marked.backend.model".
    source (str): The value of this setting in the package.
    folder (Path | None): The folder of its files; None if it comes from the hub or runs on a server.
    base (str): The model that it was trained or converted from, if its files say so; otherwise itself.
    revision (str): Its revision on the hub; "" for the latest.
    server (str): The address of its server; "" if it runs in the process.
    """

    role: str
    source: str
    folder: Path | None = None
    base: str = ""
    revision: str = ""
    server: str = ""

    @property
    def bundled(self) -> bool:
        """RETURNS (bool): Whether the package contains its files."""
        return bundle.name_of(self.source) is not None

    @property
    def licence(self) -> str:
        """RETURNS (str): The licence of its base model; "" if unknown."""
        return LICENCES.get(self.base, "")

    @property
    def listed(self) -> catalogue.CatalogueModel | None:
        """RETURNS (CatalogueModel | None): Its base model in the catalogue, if it is listed there."""
        return next((m for m in catalogue.models().values() if m.hub == self.base), None)


def extras_of(block: Any) -> list[str]:
    """block (Any): A part of a pipeline's config.
    RETURNS (list[str]): The extras of this package that it needs, in the order of the alphabet.
    """
    if not isinstance(block, dict):
        return []
    kind = next((str(value) for key, value in block.items() if key.startswith("@")), "")
    needed = {EXTRAS[kind]} if kind in EXTRAS else set()
    if kind == LOCAL and (is_gguf(model := str(block["model"])) or in_catalogue(model)):
        needed.add("gguf")
    return sorted(needed.union(*map(extras_of, block.values())))


@dataclass
class Models:
    """Collects the models of a component, and copies local ones into its folder.

    component (Path): The component's folder in the new package.
    include (bool): Whether to copy local models into it.
    collected (list[Model]): The models of the component so far.
    """

    component: Path
    include: bool
    collected: list[Model] = field(default_factory=list)
    _names: dict[Path, str] = field(default_factory=dict)

    def taken(self, value: Any, role: str) -> Any:
        """value (Any): A part of the component's interpolated config.
        role (str): Its dotted name.
        RETURNS (Any): The same part with bundled models instead of local ones, and without stores of
            answers, which are local files.
        """
        if not isinstance(value, dict):
            return value
        kind = next((value[key] for key in value if key.startswith("@")), None)
        if kind == STORED:
            return self.taken(value["backend"], role)
        block = {key: self.taken(item, f"{role}.{key}") for key, item in value.items()}
        if kind in ENCODED and block.get("encoder") is None:
            self.collected.append(Model(f"{role}.encoder", HUB_NAME, base=HUB_NAME))
        if kind == SERVED:
            name, server = block["model"], block["base_url"]
            self.collected.append(Model(f"{role}.model", name, base=name, server=server))
        for key in SOURCES.get(str(kind), ()):
            if block.get(key) is not None:
                block[key] = self._take(block, key, f"{role}.{key}")
        if kind in DOWNLOADED and any(bundle.name_of(block.get(key)) for key in SOURCES[kind]):
            block["local_files_only"] = True
        return block

    def _take(self, block: dict[str, Any], key: str, role: str) -> str:
        source: str = block[key]
        folder = Path(source)
        if (name := bundle.name_of(source)) is not None:
            folder = self.component / bundle.FOLDER / name
        elif folder.exists() and self.include:
            source = f"{bundle.SCHEME}{self._copy(folder, role)}"
        elif source in catalogue.models():
            self.collected.append(Model(role, source, base=catalogue.get(source).hub))
            return source
        elif not folder.exists() and key == "pipeline" and is_package(source):
            self.collected.append(Model(role, source, base=source))
            return source
        elif not folder.exists():
            if folder.is_absolute() or source.count("/") != 1:
                raise EL4NERValueError(Errors.EL087.format(source=source, role=role))
            setting = "adapter_revision" if key == "adapter" else "revision"
            revision = block.get(setting) or ""
            self.collected.append(Model(role, source, base=source, revision=revision))
            return source
        self.collected.append(Model(role, source, folder, base=origin(folder)))
        return source

    def _copy(self, folder: Path, role: str) -> str:
        """Copy a model, once even if several blocks name it, and return the name of the copy."""
        folder = folder.resolve()
        if folder not in self._names:
            file, pipeline = folder.is_file(), (folder / "meta.json").is_file()
            if not (file or pipeline or any(folder.rglob("*.safetensors"))):
                raise EL4NERValueError(Errors.EL088.format(source=folder, role=role))
            _check_links(folder)
            models = self.component / bundle.FOLDER
            stem = folder.stem if file else folder.name
            name, n = stem, 1
            while (models / name).exists():
                n += 1
                name = f"{stem}-{n}"
            if file:
                (models / name).mkdir(parents=True)
                shutil.copyfile(folder, models / name / folder.name)
            elif pipeline:
                shutil.copytree(folder, models / name, ignore=_no_code)
            else:
                shutil.copytree(folder, models / name, ignore=_neither_code_nor_pickle)
                _name_base(models / name, origin(folder))
            self._names[folder] = name
        return self._names[folder]


def _check_links(folder: Path) -> None:
    """RAISES (ValueError): EL237, a link in the folder leads outside."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and not _leads_within(path, folder):
            raise EL4NERValueError(Errors.EL237.format(path=path, folder=folder))


def _leads_within(link: Path, folder: Path) -> bool:
    """Whether a link leads to a file in the folder, or to a blob of the hub's cache, where the folders
    of models consist of such links.
    """
    target = link.resolve()
    cached = folder.parent.name == "snapshots"
    return target.is_relative_to(folder) or (cached and target.parent == folder.parent.parent / "blobs")


def _name_base(folder: Path, base: str) -> None:
    """Replace local paths in the records of a copied model by the name of its base model."""
    for name, part, key in (
        (RECORD, "plan", "base"),
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
    """Names of files that are not copied: hidden files, and files that can run code when loaded."""
    return [n for n in names if n.startswith(".") or Path(n).suffix.lower() in CODE_OR_PICKLE]


def _no_code(folder: str, names: list[str]) -> list[str]:
    """Names of files of a spaCy pipeline that are not copied: hidden files, and code."""
    return [n for n in names if n.startswith(".") or Path(n).suffix.lower() in {".py", ".pyc"}]
