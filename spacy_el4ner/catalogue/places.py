"""Places of fetched models on this machine.

    <root>/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf   the GGUF file
    <root>/smollm2-135m/hub/                              the model as the hub has it
    <root>/smollm2-135m/source.json                       where it came from, and when
    <root>/gemma3-270m/terms.json                         terms that were accepted

Files appear under these names only once they are whole and checked.
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from spacy_el4ner.catalogue.entries import CatalogueModel, get
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage.atomic import replacing

VARIABLE = "SPACY_EL4NER_MODELS"
"""Environment variable that names the folder of models."""
HUB_FOLDER = "hub"
TERMS = "terms.json"


def root() -> Path:
    """RETURNS (Path): The folder of models: what the environment variable `SPACY_EL4NER_MODELS` names,
    or else a folder in the user's cache.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("spacy-el4ner", appauthor=False) / "models"


def folder(model: CatalogueModel) -> Path:
    """model (CatalogueModel): A model.
    RETURNS (Path): Its folder, which may not be there yet.
    """
    return root() / model.name


def gguf_file(model: CatalogueModel) -> Path:
    """model (CatalogueModel): A model.
    RETURNS (Path): Its GGUF file, which may not be there yet.
    """
    return folder(model) / model.file


def find(name: str, *, gguf: bool = False) -> Path | None:
    """name (str): A name of the catalogue.
    gguf (bool): Whether only the GGUF file will do.
    RETURNS (Path | None): The GGUF file, or else the folder with the model as the hub has it; None if
        neither is on this machine.
    RAISES (EL4NERValueError): The catalogue has no such model.
    """
    model = get(name)
    file, from_hub = gguf_file(model), folder(model) / HUB_FOLDER
    if file.is_file() and file.stat().st_size == model.bytes:
        return file
    return from_hub if from_hub.is_dir() and not gguf else None


def locate(name: str, *, gguf: bool = False) -> Path:
    """name (str): A name of the catalogue.
    gguf (bool): Whether only the GGUF file will do.
    RETURNS (Path): The GGUF file, or else the folder with the model as the hub has it.
    RAISES (EL4NERValueError): The catalogue has no such model, or it was not fetched.
    """
    path = find(name, gguf=gguf)
    if path is None:
        raise EL4NERValueError(Errors.EL271.format(name=name, root=root()))
    return path


def terms_accepted(model: CatalogueModel) -> bool:
    """model (CatalogueModel): A model.
    RETURNS (bool): Whether its terms were accepted on this machine, or there are none to accept.
    """
    path = folder(model) / TERMS
    if model.terms is None:
        return True
    accepted: bool = (
        path.is_file()
        and json.loads(path.read_text(encoding="utf8")).get("terms") == model.terms.address
    )
    return accepted


def accept_terms(model: CatalogueModel) -> None:
    """model (CatalogueModel): A model whose terms the user has accepted; this is remembered in its
    folder.
    """
    if model.terms is not None and not terms_accepted(model):
        record = {
            "model": model.model,
            "terms": model.terms.address,
            "notice": model.terms.notice,
            "accepted": now(),
        }
        write_json(folder(model) / TERMS, record)


def now() -> str:
    """RETURNS (str): Date and time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_json(path: Path, record: Mapping[str, object]) -> None:
    """path (Path): A file to write or replace.
    record (Mapping[str, object]): Its content.
    """
    with replacing(path) as file:
        file.write(json.dumps(record, indent=2, ensure_ascii=False).encode("utf8") + b"\n")
