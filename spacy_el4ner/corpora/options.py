"""Options for labelled files, for all that the files do not state themselves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors

WORD, TAG, SKIPPED, SPACE_AFTER = "word", "tag", "-", "space"
"""Roles of a column."""
SCHEMES = ("bio", "iob1", "iob2", "bioes", "biluo", "bmes", "ioe", "io", "bare")
OFFSETS = ("characters", "utf16")


@dataclass(frozen=True)
class ReadOptions:
    """How to read a corpus. What is empty is recognised from the content, or the reader's default.

    format (str): Name of a corpus format in the registry, with or without its prefix and version.
    encoding (str): Encoding of text files, as Python names it.
    columns (tuple[str, ...]): Role of each column: "word", "tag", "space" (+ or -: whether a space
        follows); any other name is a column that is not read.
    scheme (str): Tagging scheme, one of `SCHEMES`.
    label (str): Label of entities whose tags have none (bare B, I and O).
    tag_names (Mapping[str, str]): Number -> tag or label.
    offsets (str): Unit of the offsets, one of `OFFSETS`.
    text_key (str), entities_key (str): Keys of JSON objects with the text and with its entities.
    RAISES (ValueError): EL245 for an unknown scheme or unit, or columns without one word and one tag.
    """

    format: str = ""
    encoding: str = ""
    columns: tuple[str, ...] = ()
    scheme: str = ""
    label: str = ""
    tag_names: Mapping[str, str] = field(default_factory=dict)
    offsets: str = ""
    text_key: str = ""
    entities_key: str = ""

    def __post_init__(self) -> None:
        _check_choice("--scheme", self.scheme, SCHEMES)
        _check_choice("--offsets", self.offsets, OFFSETS)
        if self.columns and (self.columns.count(WORD), self.columns.count(TAG)) != (1, 1):
            _refuse("--columns", ",".join(self.columns), "one 'word' and one 'tag': index,word,tag,-")


def parse_columns(text: str) -> tuple[str, ...]:
    """text (str): Names of columns from the left, separated by commas: "index,word,tag,-".
    RETURNS (tuple[str, ...]): The role of each, in lower case.
    """
    return tuple(name.strip().lower() for name in text.split(",")) if text.strip() else ()


def parse_tag_names(text: str) -> dict[str, str]:
    """text (str): Names in the order of their numbers ("O,B-PER,I-PER"), pairs ("7=PERSON,8=GPE"), or a
        file: JSON (a list of names; an object with number -> name or name -> number; a list of objects
        with `id` and `text` or `name`; the `dataset_info.json` of a Hugging Face data set), or text
        with one name a line.
    RETURNS (dict[str, str]): Number -> name.
    RAISES (ValueError): EL245 if the text or the file is none of these.
    """
    if not text.strip():
        return {}
    path = Path(text)
    if path.is_file():
        return names_from_file(path)
    items = [item.strip() for item in text.split(",")]
    if all("=" in item for item in items):
        return {number.strip(): name.strip() for number, name in (i.split("=", 1) for i in items)}
    if len(items) == 1:
        _refuse(
            "--tag-names", text, "an existing file, names (O,B-PER,I-PER) or pairs (7=PERSON,8=GPE)"
        )
    return {str(n): name for n, name in enumerate(items)}


def names_from_file(path: Path) -> dict[str, str]:
    """path (Path): See `parse_tag_names`.
    RETURNS (dict[str, str]): Number -> name.
    RAISES (ValueError): EL245 if the file holds no names.
    """
    content = path.read_text(encoding="utf-8-sig")
    try:
        data = json.loads(content)
    except ValueError:
        data = [line.strip() for line in content.splitlines() if line.strip()]
    names = _names(data)
    if not names:
        _refuse("--tag-names", str(path), "a file with the name of each number (see docs/data.md)")
    return names


def _names(data: Any) -> dict[str, str]:
    """RETURNS (dict[str, str]): Number -> name; empty if the data holds none."""
    if isinstance(data, list):
        if all(isinstance(item, str) for item in data):
            return {str(n): name for n, name in enumerate(data)}
        pairs = [
            (item.get("id"), item.get("text", item.get("name")))
            for item in data
            if isinstance(item, dict)
        ]
        return {str(number): name for number, name in pairs if isinstance(name, str)}
    if not isinstance(data, dict):
        return {}
    if data and all(isinstance(value, int) for value in data.values()):
        return {str(number): name for name, number in data.items()}
    if data and all(key.isdigit() and isinstance(value, str) for key, value in data.items()):
        return dict(data)
    # Class labels of a Hugging Face data set stand under `names` (or `name`), nested in its features.
    for key, value in data.items():
        names = _names(value) if isinstance(value, dict) or key in ("names", "name") else {}
        if names:
            return names
    return {}


def _check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value and value not in choices:
        _refuse(option, value, "one of " + ", ".join(choices))


def _refuse(option: str, value: str, expected: str) -> None:
    raise EL4NERValueError(Errors.EL245.format(option=option, value=value, expected=expected))
