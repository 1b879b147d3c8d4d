"""Plain text, a document a line; blank lines are none."""

from pathlib import Path

from spacy_el4ner.bulk.files.base import Keys
from spacy_el4ner.bulk.files.lines import LineSource
from spacy_el4ner.bulk.records import Record


class TxtSource(LineSource):
    """path (Path): The file, in UTF-8."""

    def __init__(self, path: Path, keys: Keys):
        super().__init__(path)

    def record(self, item: tuple[int, bytes]) -> Record:
        number, line = item
        try:
            return Record(number, number, line.decode("utf8"))
        except UnicodeDecodeError as error:
            text = line.decode("utf8", errors="replace")
            return Record(number, number, text, error=f"this is not UTF-8: {error}")
