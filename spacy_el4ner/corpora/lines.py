"""The lines of a text file, whatever encoded them."""

import codecs
from pathlib import Path

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.report import Report
from spacy_el4ner.errors import Errors

BROKEN = 0.01
"""The share of characters that may be lost before a file counts as being in another encoding."""


def read_lines(path: Path, report: Report) -> list[str]:
    """path (Path): A text file in UTF-8, or in UTF-16 if it says so.
    report (Report): Counts the repairs.
    RETURNS (list[str]): Its lines, cut at line feeds alone: a token can hold other separators.
    RAISES (ValueError): EL008, if it is in another encoding.
    """
    lines = [line.removesuffix("\r") for line in _decode(path, report).split("\n")]
    report.repair(reasons.BOM, sum(line.startswith("\ufeff") for line in lines))
    return [line.lstrip("\ufeff") for line in lines]


def _decode(path: Path, report: Report) -> str:
    raw = path.read_bytes()
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        text = raw.decode("utf-8", errors="replace")
        lost = text.count("\ufffd") - raw.count("\ufffd".encode())
        if lost > BROKEN * len(text):
            line = raw.count(b"\n", 0, error.start) + 1
            problem = "this is not UTF-8. Save the file as UTF-8."
            message = Errors.EL008.format(path=path, line=line, problem=problem)
            raise ValueError(message) from error
        report.repair(reasons.BAD_BYTES, lost)
        return text
