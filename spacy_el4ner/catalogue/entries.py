"""Entries of the catalogue, as `models.json` lists them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors


@dataclass(frozen=True)
class WheelFile:
    """A file within a wheel of a package index.

    package (str): The package.
    version (str): Its version.
    member (str): Path of the file within the wheel.
    sha256 (str): Hash of the file.
    """

    package: str
    version: str
    member: str
    sha256: str


@dataclass(frozen=True)
class Terms:
    """Terms of use that have to be accepted before a model is fetched.

    notice (str): The notice that the terms want to be passed on with the model.
    address (str): The web page of the terms.
    points (tuple[str, ...]): The main points, a sentence each.
    text (WheelFile): The complete terms, kept with the model.
    """

    notice: str
    address: str
    points: tuple[str, ...]
    text: WheelFile


@dataclass(frozen=True)
class CatalogueModel:
    """A language model of the catalogue.

    name (str): Its name in configs, such as "smollm2-135m".
    model (str): The name that its makers gave it.
    about (str): Languages, kind and number of parameters.
    licence (str): The licence.
    hub (str): Its name on the hub, where the unquantized weights are.
    file (str): Name of the GGUF file, which has quantized weights.
    bytes (int): Size of the GGUF file.
    sha256 (str): Hash of the GGUF file.
    parts (tuple[WheelFile, ...]): What the GGUF file is joined from, in order.
    terms (Terms | None): Terms to accept; None if the licence asks for no acceptance.
    """

    name: str
    model: str
    about: str
    licence: str
    hub: str
    file: str
    bytes: int
    sha256: str
    parts: tuple[WheelFile, ...]
    terms: Terms | None = None


@cache
def models() -> Mapping[str, CatalogueModel]:
    """RETURNS (Mapping[str, CatalogueModel]): Name -> model, in the order of the catalogue."""
    text = files("spacy_el4ner.catalogue").joinpath("models.json").read_text(encoding="utf8")
    return {name: _model(name, entry) for name, entry in json.loads(text).items()}


def get(name: str) -> CatalogueModel:
    """name (str): A name of the catalogue.
    RETURNS (CatalogueModel): The model.
    RAISES (EL4NERValueError): The catalogue has no such model.
    """
    if name not in models():
        raise EL4NERValueError(Errors.EL270.format(name=name, known=", ".join(models())))
    return models()[name]


def _model(name: str, entry: dict[str, Any]) -> CatalogueModel:
    terms = entry.pop("terms", None)
    parts = tuple(WheelFile(**part) for part in entry.pop("parts"))
    return CatalogueModel(name=name, **entry, parts=parts, terms=terms and _terms(terms))


def _terms(entry: dict[str, Any]) -> Terms:
    return Terms(**{**entry, "points": tuple(entry["points"]), "text": WheelFile(**entry["text"])})
