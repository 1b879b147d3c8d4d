"""A drawing of a text's entities, with their labels and confidences, as SVG.

    python docs/draw_entities.py training/sample_en/fusion "A text." docs/entities.svg

The picture of the front page is of the pipeline that `make reproduce` leaves.
"""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import spacy
from spacy.tokens import Doc, Span

COLUMNS = 58
WIDTH, HEIGHT, MARGIN = 10, 64, 24
"""A character's width, a line's height and the margin, in pixels."""

COLOURS = {
    "PERSON": "#ffd8a8",
    "GPE": "#b2f2bb",
    "LOC": "#99e9f2",
    "ORG": "#bac8ff",
    "EVENT": "#eebefa",
}
OTHER = "#dee2e6"
FONT = 'font-family="ui-monospace, Menlo, Consolas, monospace"'


def drawing(doc: Doc) -> str:
    """doc (Doc): A document with entities and their confidences.
    RETURNS (str): The drawing.
    """
    lines = list(_lines(doc.text))
    width, height = COLUMNS * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + MARGIN
    about = ", ".join(f"{ent.text}: {ent.label_} {ent._.confidence:.2f}" for ent in doc.ents)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(about)}</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff" stroke="#ced4da"/>',
    ]
    for row, (start, text) in enumerate(lines):
        y = MARGIN + row * HEIGHT
        for ent in doc.ents:
            if start <= ent.start_char < start + len(text):
                parts += _entity(ent, MARGIN + (ent.start_char - start) * WIDTH, y)
        parts.append(_text(text, MARGIN, y + 18, 16, WIDTH))
    return "\n".join([*parts, "</svg>", ""])


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Where each line begins in the text, and the line."""
    at = 0
    for line in textwrap.wrap(text, COLUMNS):
        at = text.index(line, at)
        yield at, line


def _entity(ent: Span, x: int, y: int) -> Iterator[str]:
    """A box behind the text, a bar as long as the confidence, and the label under it."""
    width = len(ent.text) * WIDTH
    box = f'x="{x - 3}" y="{y}" width="{width + 6}" height="26" rx="4"'
    yield f'<rect {box} fill="{COLOURS.get(ent.label_, OTHER)}"/>'
    bar = f'x="{x}" y="{y + 28}" width="{width * ent._.confidence:.0f}" height="3"'
    yield f'<rect {bar} fill="#495057"/>'
    label = f"{ent.label_} {ent._.confidence:.2f}".replace(" 0.", " .")
    yield _text(label, x, y + 43, 11, 6.6)


def _text(text: str, x: float, y: float, size: int, width: float) -> str:
    """A text whose width does not depend on the fonts that are there."""
    place = f'x="{x}" y="{y}" font-size="{size}" textLength="{len(text) * width:.0f}"'
    return f'<text {place} {FONT} xml:space="preserve" fill="#212529">{escape(text)}</text>'


if __name__ == "__main__":
    pipeline, text, target = sys.argv[1:]
    Path(target).write_text(drawing(spacy.load(pipeline)(text)), encoding="utf8")
