"""One file format a module; which one it is, the suffix says."""

from collections.abc import Callable
from pathlib import Path

from spacy_el4ner.bulk.files.base import Keys, Output, Source
from spacy_el4ner.bulk.files.docbin import DocBinOutput, DocBinSource
from spacy_el4ner.bulk.files.jsonl import JsonlOutput, JsonlSource
from spacy_el4ner.bulk.files.parquet import ParquetOutput, ParquetSource
from spacy_el4ner.bulk.files.txt import TxtSource
from spacy_el4ner.errors import Errors

SOURCES: dict[str, Callable[[Path, Keys], Source]] = {
    ".jsonl": JsonlSource,
    ".txt": TxtSource,
    ".parquet": ParquetSource,
    ".spacy": DocBinSource,
}
OUTPUTS: dict[str, Callable[[], Output]] = {
    ".jsonl": JsonlOutput,
    ".spacy": DocBinOutput,
    ".parquet": ParquetOutput,
}

__all__ = ["Keys", "Output", "Source", "make_output", "open_source"]


def open_source(path: Path, keys: Keys) -> Source:
    """path (Path): A file, or a folder of `.spacy` files.
    keys (Keys): Where text and id stand in it.
    RETURNS (Source): Reads it.
    RAISES (ValueError): EL060. (ImportError): EL062.
    """
    suffix = ".spacy" if path.is_dir() else path.suffix.lower()
    if not path.exists() or suffix not in SOURCES or (path.is_dir() and not any(path.rglob("*.spacy"))):
        raise ValueError(Errors.EL060.format(path=path, known=", ".join(SOURCES)))
    return SOURCES[suffix](path, keys)


def make_output(suffix: str) -> Output:
    """suffix (str): Of the file to write.
    RETURNS (Output): Writes it.
    RAISES (ValueError): EL061. (ImportError): EL062.
    """
    if suffix.lower() not in OUTPUTS:
        raise ValueError(Errors.EL061.format(suffix=suffix, known=", ".join(OUTPUTS)))
    return OUTPUTS[suffix.lower()]()
