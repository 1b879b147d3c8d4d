"""A file or folder of a corpus, with its content read once for all formats that look at it."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.encoding import decode
from spacy_el4ner.corpora.options import ReadOptions
from spacy_el4ner.corpora.report import ConversionReport

_LINE_END = re.compile("\r\r\n|\r\n|\n|\r")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class JsonRecord:
    """An item of a JSON file.

    place (str): Where it stands: "line 3" of JSONL, "item 3" of a list.
    value (dict[str, Any] | list[Any] | None): The item; None if it is not JSON, or neither an object
        nor a list.
    """

    place: str
    value: dict[str, Any] | list[Any] | None


class CorpusFile:
    """path (Path): A file, or a folder of a format whose documents are files.
    options (ReadOptions): What the user says about it.
    report (ConversionReport | None): Counts what is repaired on the way.
    """

    def __init__(
        self,
        path: Path,
        options: ReadOptions | None = None,
        report: ConversionReport | None = None,
    ):
        self.path = path
        self.options = options or ReadOptions()
        self.report = report or ConversionReport()

    @property
    def suffix(self) -> str:
        """RETURNS (str): The suffix of the name in lower case, with its dot."""
        return self.path.suffix.lower()

    @cached_property
    def raw(self) -> bytes:
        """RETURNS (bytes): The content; nothing for a folder."""
        return b"" if self.path.is_dir() else self.path.read_bytes()

    @cached_property
    def text(self) -> str:
        """RETURNS (str): The decoded content.
        RAISES (ValueError): EL241 if it is not in the encoding that is expected.
        """
        return decode(self.raw, self.path, self.options.encoding, self.report)

    @cached_property
    def lines(self) -> list[str]:
        """RETURNS (list[str]): The lines, whether they end in LF, CR LF or CR. Other separators can be
        part of a token, as U+2028 is.
        """
        lines = _LINE_END.split(self.text)
        self.report.repair(reasons.BOM, sum(line.startswith("\ufeff") for line in lines))
        return [line.lstrip("\ufeff") for line in lines]

    @cached_property
    def records(self) -> list[JsonRecord]:
        """RETURNS (list[JsonRecord]): The items of a JSON file: one a line, or those of a list that is
        the whole file or that stands in its only object. Empty for a file that is not JSON.
        """
        content = self.text.lstrip("\ufeff \t\r\n")
        if content[:1] not in ("{", "["):
            return []
        whole = _load(content)
        items = _items(whole)
        if items is not None:
            return [JsonRecord(f"item {n}", self._sound(item)) for n, item in enumerate(items, 1)]
        numbered = ((n, line) for n, line in enumerate(self.lines, 1) if line.strip())
        return [JsonRecord(f"line {n}", self._sound(_load(line))) for n, line in numbered]

    def _sound(self, value: Any) -> dict[str, Any] | list[Any] | None:
        """The value without halves of surrogate pairs, which no tokenizer and no file takes."""
        if not isinstance(value, dict | list):
            return None
        plain = json.dumps(value, ensure_ascii=False)
        if not _SURROGATE.search(plain):
            return value
        whole, halves = _SURROGATE.subn("\ufffd", plain)
        self.report.repair(reasons.LONE_SURROGATE, halves)
        sound: dict[str, Any] | list[Any] = json.loads(whole)
        return sound


def _load(content: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _items(whole: Any) -> list[Any] | None:
    """RETURNS (list[Any] | None): The items of a file that is one JSON value; None for JSONL."""
    if isinstance(whole, list):
        # One line of JSONL in spaCy's older form is a list too: [text, {"entities": …}].
        return None if whole and isinstance(whole[0], str) else whole
    if isinstance(whole, dict):
        lists = [
            value
            for key, value in whole.items()
            if key in ("annotations", "data", "examples", "rows", "documents")
            and isinstance(value, list)
        ]
        is_document = isinstance(whole.get("data"), dict) or {"text", "tokens"} & whole.keys()
        if len(lists) == 1 and not is_document:
            return [item for item in lists[0] if item is not None]
        return [whole]
    return None
