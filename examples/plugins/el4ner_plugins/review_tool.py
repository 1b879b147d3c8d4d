"""Review in a spreadsheet: a row for each entity, in which a person corrects or deletes the label."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from spacy_el4ner.api import Disputed, LabelledText

COLUMNS = ("id", "text", "start", "end", "entity", "label")


class Spreadsheet:
    """Writes and reads CSV; a document without entities has one row with none."""

    name = "spreadsheet"
    title = "a spreadsheet"
    suffix = ".csv"

    def write(self, chosen: Sequence[Disputed]) -> str:
        """RETURNS (str): The file to correct."""
        file = io.StringIO()
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for one in chosen:
            ents = [(e.start_char, e.end_char, e.text, e.label_) for e in one.doc.ents]
            rows.writerows((one.id, one.doc.text, *ent) for ent in ents or [("", "", "", "")])
        return file.getvalue()

    def read(self, path: Path) -> Iterator[LabelledText]:
        """YIELDS (LabelledText): Each document with the entities that still have a label."""
        documents: dict[tuple[str, str], list[tuple[int, int, str]]] = {}
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                entities = documents.setdefault((row["id"], row["text"]), [])
                if row["label"]:
                    entities.append((int(row["start"]), int(row["end"]), row["label"]))
        for (name, text), entities in documents.items():
            yield LabelledText(name, text, tuple(entities))

    def advice(self, labels: Sequence[str]) -> str:
        """RETURNS (str): What to do with the file."""
        return f"Correct the column 'label' ({', '.join(labels)}), or empty it; save as CSV."
