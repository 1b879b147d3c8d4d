"""A span getter that gives a transformer whole sentences to read."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from spacy.tokens import Doc, Span

from spacy_el4ner.text import windows

Spans = list[list[Span]]


def sentence_spans_v1(max_tokens: int = 64) -> Callable[[Iterable[Doc]], Spans]:
    """max_tokens (int): Longest span, in tokens of the document.
    RETURNS (Callable[[Iterable[Doc]], Spans]): A span getter for spacy-transformers: each span has as
        many whole sentences as fit. Only a sentence that is longer is cut. Every token is in exactly
        one span, and spans of similar length are cheap to pad.
    """
    return partial(sentence_spans, max_tokens=max_tokens)


def sentence_spans(docs: Iterable[Doc], max_tokens: int) -> Spans:
    """docs (Iterable[Doc]): The documents.
    max_tokens (int): Longest span, in tokens of the document.
    RETURNS (Spans): The spans of each document, see `sentence_spans_v1`.
    """
    return [list(_packed(doc, max_tokens)) for doc in docs]


def _packed(doc: Doc, most: int) -> Iterator[Span]:
    start = 0
    for sentence in windows.sentences(doc):
        if sentence.end - start > most and sentence.start > start:
            yield doc[start : sentence.start]
            start = sentence.start
        while sentence.end - start > most:
            yield doc[start : start + most]
            start += most
    if start < len(doc):
        yield doc[start:]
