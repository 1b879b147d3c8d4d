"""File formats of bulk annotation, one per module, chosen by suffix."""

from collections.abc import Callable
from pathlib import Path

from spacy_el4ner.bulk.files.base import DocumentSource, Keys, Output
from spacy_el4ner.bulk.files.docbin import DocBinOutput, DocBinSource
from spacy_el4ner.bulk.files.jsonl import JsonlOutput, JsonlSource
from spacy_el4ner.bulk.files.parquet import ParquetOutput, ParquetSource
from spacy_el4ner.bulk.files.txt import TxtSource
from spacy_el4ner.errors import EL4NERValueError, Errors

SOURCES: dict[str, Callable[[Path, Keys], DocumentSource]] = {
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

__all__ = ["DocumentSource", "Keys", "Output", "make_output", "open_source"]


def open_source(path: Path, keys: Keys) -> DocumentSource:
    """path (Path): A file, or a folder of `.spacy` files.
    keys (Keys): Keys of text and id in it.
    RETURNS (DocumentSource): The reader of the input.
    RAISES (ValueError): EL060, there is nothing to annotate.
    RAISES (ImportError): EL062, pyarrow is not installed.
    """
    suffix = ".spacy" if path.is_dir() else path.suffix.lower()
    if not path.exists() or suffix not in SOURCES or (path.is_dir() and not any(path.rglob("*.spacy"))):
        raise EL4NERValueError(Errors.EL060.format(path=path, known=", ".join(SOURCES)))
    return SOURCES[suffix](path, keys)


def make_output(suffix: str) -> Output:
    """suffix (str): Suffix of the output.
    RETURNS (Output): The writer of the output.
    RAISES (ValueError): EL061, no format has this suffix.
    RAISES (ImportError): EL062, pyarrow is not installed.
    """
    if suffix.lower() not in OUTPUTS:
        raise EL4NERValueError(Errors.EL061.format(suffix=suffix, known=", ".join(OUTPUTS)))
    return OUTPUTS[suffix.lower()]()
