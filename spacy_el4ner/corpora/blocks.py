"""Blocks of tokens cut into documents."""

import re
from collections.abc import Iterable, Iterator, Sequence

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.corpora.schemes import Spans

LONGEST_BLOCK = 200
"""Tokens. A longer block is taken for running text that lacks its blank lines."""
_CLOSING = "”」』’)）"
_SENTENCE_END = re.compile(f"[。？！.?!]+[{_CLOSING}]*")


def cut_block(
    words: Sequence[str], spans: Spans, report: ConversionReport
) -> Iterable[tuple[int, int]]:
    """words (Sequence[str]): The tokens of a block.
    spans (Spans): Its entities, none of which is cut.
    report (ConversionReport): Counts the blocks that are cut.
    RETURNS (Iterable[tuple[int, int]]): First token and one past the last token of each document: the
        block, or its sentences if it has more than `LONGEST_BLOCK` tokens.
    """
    if len(words) <= LONGEST_BLOCK:
        return [(0, len(words))]
    within = {n for start, end, _ in spans for n in range(start + 1, end)}
    cuts = [n for n in _sentence_starts(words) if n not in within]
    report.repair(reasons.LONG_BLOCK, int(bool(cuts)))
    return zip([0, *cuts], [*cuts, len(words)], strict=True)


def _sentence_starts(words: Sequence[str]) -> Iterator[int]:
    """YIELDS (int): Each token after the end of a sentence and the marks that close it."""
    ended = False
    for n, word in enumerate(words):
        if _SENTENCE_END.fullmatch(word):
            ended = True
        elif ended and word not in _CLOSING:
            yield n
            ended = False
