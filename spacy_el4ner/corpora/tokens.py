"""Files of one token and its tag a line, blank lines between blocks."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.entities import set_entities
from spacy_el4ner.corpora.report import Report
from spacy_el4ner.corpora.tags import Spans, is_tag, marks_ends, read_spans
from spacy_el4ner.errors import Errors

LONGEST_BLOCK = 200
"""Tokens. A longer block is taken for running text that lacks its blank lines."""

Block = list[tuple[str, str]]
"""Tokens and their tags."""

_CLOSING = "”」』’)）"
_SENTENCE_END = re.compile(f"[。？！.?!]+[{_CLOSING}]*")
# Han, kana and the punctuation that goes with them; not Hangul, which is written with spaces.
_CJK = re.compile(
    "[\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f\U00020000-\U0003ffff]"
)


def read_tokens(lines: Sequence[str], path: Path, vocab: Vocab, report: Report) -> Iterator[Doc]:
    """lines (Sequence[str]): Lines of the file: a token, a tab and its tag. Further columns can
        stand between the two; where the file has no tab, white space parts them.
    path (Path): Names the file in errors.
    vocab (Vocab): Of the documents.
    report (Report): Counts the repairs.
    YIELDS (Doc): One document a block, marked as one sentence. A block of more than `LONGEST_BLOCK`
        tokens becomes a document a sentence.
    RAISES (ValueError): EL008, if no line has a tag.
    """
    blocks = list(_blocks(lines, report))
    tags = {tag for block in blocks for _, tag in block}
    if blocks and not any(is_tag(tag) for tag in tags):
        problem = "neither this line nor any other has a token, a tab and a tag (O, B-X, …)."
        raise ValueError(Errors.EL008.format(path=path, line=1, problem=problem))
    ends = marks_ends(tags)
    spaced = not _is_cjk([token for block in blocks for token, _ in block])
    for block in blocks:
        words = [token for token, _ in block]
        spans = read_spans([tag for _, tag in block], ends, report)
        for start, end in _documents(words, spans, report):
            doc = _doc(vocab, words[start:end], spaced)
            first, last = bisect_left(spans, (start,)), bisect_left(spans, (end,))
            inside = [(s - start, e - start, label) for s, e, label in spans[first:last]]
            set_entities(doc, inside, report)
            yield doc


def _blocks(lines: Sequence[str], report: Report) -> Iterator[Block]:
    tabbed = any("\t" in line for line in lines)
    block: Block = []
    for line in lines:
        row = _row(line, tabbed, report)
        if row is None:
            if block:
                yield block
            block = []
        else:
            block += row
    if block:
        yield block


def _row(line: str, tabbed: bool, report: Report) -> Block | None:
    """RETURNS (Block | None): The token and tag of a line; an empty list where it is skipped, None
    where it ends a block.
    """
    if not line.strip():
        return None
    if _is_comment(line):
        report.repair(reasons.COMMENT)
        return []
    token, tag = _columns(line, tabbed)
    if token == "-DOCSTART-":
        report.repair(reasons.DOCUMENT_MARK)
        return None
    if not token:
        report.repair(reasons.NO_TOKEN)
        return []
    bare = token.strip()
    if bare and bare != token:
        report.repair(reasons.TOKEN_SPACE)
    # A token of mere white space is a token of the text: U+3000 has its line in Chinese corpora.
    return [(bare or token, tag.strip())]


def _is_comment(line: str) -> bool:
    words = line.split()
    return words[0] == "#" and len(words) > 1 and "\t" not in line and not is_tag(words[-1])


def _columns(line: str, tabbed: bool) -> tuple[str, str]:
    """RETURNS (tuple[str, str]): Token and tag, "" where there is none."""
    if "\t" in line:
        columns = line.split("\t")
        return columns[0], columns[-1]
    words = line.split()
    if len(words) == 1:
        return words[0], ""
    if not tabbed:
        return words[0], words[-1]
    # An editor put spaces for the tab, or the tag is missing after a token with a space in it.
    token, last = line.strip().rsplit(maxsplit=1)
    return (token, last) if is_tag(last) else (line, "")


def _is_cjk(words: Sequence[str]) -> bool:
    """RETURNS (bool): Whether most tokens are of scripts that are written without spaces."""
    return sum(1 for word in words if _CJK.search(word)) * 2 > len(words)


def _documents(words: Sequence[str], spans: Spans, report: Report) -> Iterable[tuple[int, int]]:
    """RETURNS (Iterable[tuple[int, int]]): First token and one past the last token of each document
    that a block becomes. No entity is cut.
    """
    if len(words) <= LONGEST_BLOCK:
        return [(0, len(words))]
    within = {n for start, end, _ in spans for n in range(start + 1, end)}
    cuts = [n for n in _sentence_starts(words) if n not in within]
    report.repair(reasons.LONG_BLOCK, int(bool(cuts)))
    return zip([0, *cuts], [*cuts, len(words)], strict=True)


def _sentence_starts(words: Sequence[str]) -> Iterator[int]:
    """YIELDS (int): Each token after a sentence's end and the marks that close it."""
    ended = False
    for n, word in enumerate(words):
        if _SENTENCE_END.fullmatch(word):
            ended = True
        elif ended and word not in _CLOSING:
            yield n
            ended = False


def _doc(vocab: Vocab, words: list[str], spaced: bool) -> Doc:
    spaces = [spaced] * (len(words) - 1) + [False]
    return Doc(vocab, words=words, spaces=spaces, sent_starts=[n == 0 for n in range(len(words))])
