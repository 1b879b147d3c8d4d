"""Plain text, one document per line; blank lines are skipped."""

from pathlib import Path

from spacy_el4ner.bulk.files.base import Keys
from spacy_el4ner.bulk.files.lines import LineSource
from spacy_el4ner.bulk.records import DocumentRecord


class TxtSource(LineSource):
    """path (Path): The file, in UTF-8.
    keys (Keys): Not used: plain text has no keys.
    """

    def __init__(self, path: Path, keys: Keys):
        super().__init__(path)

    def record(self, item: tuple[int, bytes]) -> DocumentRecord:
        """item (tuple[int, bytes]): An item of `items`.
        RETURNS (DocumentRecord): The document, or why it cannot be read.
        """
        number, line = item
        try:
            return DocumentRecord(number, number, line.decode("utf8"))
        except UnicodeDecodeError as error:
            text = line.decode("utf8", errors="replace")
            return DocumentRecord(number, number, text, error=f"this is not UTF-8: {error}")
