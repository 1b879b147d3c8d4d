"""Labelled files with a sentence a line, entities in brackets: `[Ann Lee](PERSON) left [Oslo](GPE).`"""

import re
from collections.abc import Iterator

from spacy.tokens import Doc

from spacy_el4ner.api import CorpusFile, DocMaker, LabelledText

MARKED = re.compile(r"\[([^\[\]]+)\]\(([^()]+)\)")


class Brackets:
    """Reads sentences with bracketed entities."""

    title = "bracketed sentences"
    suffixes = (".brackets",)

    def sniff(self, file: CorpusFile) -> float:
        """RETURNS (float): 0.9 if most lines have a bracketed entity, else 0."""
        lines = [line for line in file.lines if line.strip()]
        return 0.9 * (2 * sum(map(bool, map(MARKED.search, lines))) > len(lines))

    def read(self, file: CorpusFile, maker: DocMaker) -> Iterator[Doc]:
        """YIELDS (Doc): One document a line."""
        for line in filter(str.strip, file.lines):
            yield maker.from_text(self.labelled(line))

    def labelled(self, line: str) -> LabelledText:
        """RETURNS (LabelledText): A line without its brackets, and the entities that they marked."""
        text, entities, end = "", [], 0
        for match in MARKED.finditer(line):
            text += line[end : match.start()]
            entities.append((len(text), len(text) + len(match[1]), match[2]))
            text, end = text + match[1], match.end()
        return LabelledText("", text + line[end:], tuple(entities))
