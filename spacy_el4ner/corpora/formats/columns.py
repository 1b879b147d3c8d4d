"""Column files: a token and its tag a line, blank lines between sentences."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from spacy.tokens import Doc

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.blocks import cut_block
from spacy_el4ner.corpora.documents import DocMaker
from spacy_el4ner.corpora.layout import Layout, LayoutError, find_layout, sample_row
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.corpora.rows import Fields, Rows, split_rows
from spacy_el4ner.corpora.schemes import is_label, is_prefixed, read_spans
from spacy_el4ner.corpora.source import CorpusFile
from spacy_el4ner.corpora.spacing import is_unspaced
from spacy_el4ner.errors import EL4NERValueError, Errors


@dataclass(frozen=True)
class Token:
    """A row of a column file.

    word (str), tag (str): Its word and tag; "" for a tag that is missing.
    space (bool | None): Whether a space follows, if a column says so.
    """

    word: str
    tag: str
    space: bool | None = None


class Columns:
    """Files of columns, whose layout is recognised from the content."""

    title = "column file"
    suffixes = (".conll", ".conllu", ".bio", ".bmes", ".iob", ".iob2", ".tsv", ".txt")

    def sniff(self, file: CorpusFile) -> float:
        """file (CorpusFile): A file.
        RETURNS (float): 0.8 if its columns are recognised, 0.2 if the suffix alone speaks for it.
        """
        if any(record.value is not None for record in file.records):
            return 0.0
        try:
            rows = split_rows(file.lines, ConversionReport())
            if not rows.blocks:
                return 0.0
            find_layout(rows, file.options)
        except LayoutError:
            return 0.2 if file.suffix in self.suffixes else 0.1
        return 0.8

    def read(self, file: CorpusFile, maker: DocMaker) -> Iterator[Doc]:
        """file (CorpusFile): A file.
        maker (DocMaker): Makes the documents.
        YIELDS (Doc): One document a block, marked as one sentence. A block of more than
            `blocks.LONGEST_BLOCK` tokens becomes a document a sentence.
        RAISES (ValueError): EL240 if the layout is not known.
        """
        report = maker.report
        rows = split_rows(file.lines, report)
        if not rows.blocks:
            return
        try:
            layout = find_layout(rows, file.options)
        except LayoutError as error:
            message = Errors.EL240.format(path=file.path, problem=error, sample=sample_row(rows))
            raise EL4NERValueError(message) from error
        report.notes.append(layout.describe())
        names = file.options.tag_names
        blocks = [[t for row in b for t in _token(row, layout, rows, report)] for b in rows.blocks]
        spaced = not is_unspaced([token.word for block in blocks for token in block])
        for block in blocks:
            tags = [names.get(token.tag, token.tag) for token in block]
            yield from _documents(block, tags, layout, spaced, maker)


def _documents(
    block: list[Token], tags: list[str], layout: Layout, spaced: bool, maker: DocMaker
) -> Iterator[Doc]:
    words = [token.word for token in block]
    spaces = [spaced if token.space is None else token.space for token in block]
    spans = read_spans(tags, layout.scheme, maker.report)
    for start, end in cut_block(words, spans, maker.report):
        if start == end:
            continue
        first, last = bisect_left(spans, (start,)), bisect_left(spans, (end,))
        inside = [(s - start, e - start, label) for s, e, label in spans[first:last]]
        yield maker.from_words(words[start:end], inside, [*spaces[start : end - 1], False])


def _token(row: Fields, layout: Layout, rows: Rows, report: ConversionReport) -> Iterator[Token]:
    """YIELDS (Token): The token of a row; none if the row is a comment or has no token."""
    if _is_comment(row, layout, rows.tabbed):
        report.repair(reasons.COMMENT)
        return
    if layout.index is not None and len(row) == layout.width and not row[layout.index].isdecimal():
        report.repair(reasons.MULTIWORD)
        return
    word, tag = _fields(row, layout, rows, report)
    if not word:
        report.repair(reasons.NO_TOKEN)
        return
    bare = word.strip()
    report.repair(reasons.TOKEN_SPACE, int(bool(bare) and bare != word))
    space = layout.space
    follows = row[space] == "+" if space is not None and space < len(row) else None
    # A token of mere white space is a token of the text: U+3000 has its line in Chinese corpora.
    yield Token(bare or word, tag.strip(), follows)


def _is_comment(row: Fields, layout: Layout, tabbed: bool) -> bool:
    if not row[0].startswith("#"):
        return False
    if len(row) == 1:
        words = row[0].split()
        return row[0].startswith("###") or (len(words) > 1 and not layout.is_tag(words[-1]))
    if row[0] == "#" and tabbed and len(row) == layout.width and layout.scheme.name == "io":
        return not is_label(row[layout.tag].strip())  # the token "#", and a label of this row alone
    return len(row) <= layout.tag or not layout.is_tag(row[layout.tag].strip())


def _fields(row: Fields, layout: Layout, rows: Rows, report: ConversionReport) -> tuple[str, str]:
    """RETURNS (tuple[str, str]): Word and tag of a row, "" for what it lacks."""
    if len(row) > layout.width and not rows.tabbed:
        report.repair(reasons.SURPLUS_FIELDS)
        return _surplus(row, layout)
    if len(row) >= layout.width:
        return row[layout.word], row[layout.tag]
    word = row[layout.word] if layout.word < len(row) else ""
    if layout.tag < len(row) and layout.is_tag(row[layout.tag].strip()):
        return ("" if layout.word >= len(row) else word), row[layout.tag]
    last = len(row) - 1
    return word, row[last] if last != layout.word and layout.is_tag(row[last].strip()) else ""


def _surplus(row: Fields, layout: Layout) -> tuple[str, str]:
    """A row with more fields than the others: a space stands in its token or in its label."""
    more = len(row) - layout.width
    if layout.tag < layout.word:
        return " ".join(row[layout.word : layout.word + more + 1]), row[layout.tag]
    last = layout.tag + more
    first = last
    if not layout.is_tag(row[last]):
        begun = [n for n in range(layout.word + 1, last) if is_prefixed(row[n])]
        first = begun[-1] if begun else last
    end = layout.word + 1 + first - layout.tag
    return " ".join(row[layout.word : end]), " ".join(row[first : last + 1])
