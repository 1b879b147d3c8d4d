"""Gold entities of documents, and the demonstrations made from them."""

import warnings
from bisect import bisect_left
from collections.abc import Container, Iterable
from itertools import count

from spacy.tokens import Doc

from spacy_el4ner.errors import Warnings
from spacy_el4ner.text import windows
from spacy_el4ner.types import Demonstration, Mention, Window


def gold_demonstrations(docs: Iterable[Doc], taken: Container[str] = ()) -> list[Demonstration]:
    """docs (Iterable[Doc]): Documents with gold entities.
    taken (Container[str]): Ids of other documents, which none without an id is to get.
    RETURNS (list[Demonstration]): Their sentences, named by the document's id (its `user_data["id"]`,
        else its number) and their own number. An entity across a sentence boundary is left out, and so
        is a sentence of which it is not known where its entities are, with a warning.
    """
    sentences, unknown = [], 0
    numbers = (name for name in map(str, count()) if name not in taken)
    for doc, number in zip(docs, numbers, strict=False):
        name = doc.user_data.get("id", number)
        gold = Gold(doc)
        for n, window in enumerate(windows.cut(doc, 1)):
            if is_annotated(doc, window):
                sentences.append(Demonstration(f"{name}/{n}", window, gold.mentions(window)))
            else:
                unknown += 1
    if unknown:
        warnings.warn(Warnings.WL005.format(n=unknown, total=unknown + len(sentences)), stacklevel=2)
    return sentences


def is_annotated(doc: Doc, window: Window) -> bool:
    """doc (Doc): A document.
    window (Window): A window of it.
    RETURNS (bool): Whether every token of the window has an entity annotation.
    """
    end = window.start + len(window.text)
    span = doc.char_span(window.start, end, alignment_mode="expand") if window.tokens else None
    return all(token.ent_iob for token in span or () if windows.visible(token))


class Gold:
    """The entities of a document, gathered once for all of its windows.

    doc (Doc): The document.
    """

    def __init__(self, doc: Doc):
        self._mentions: list[Mention] = []
        for entity in doc.ents:
            words = [token for token in entity if windows.visible(token)]
            if words:
                start, end = words[0].idx, words[-1].idx + len(words[-1])
                self._mentions.append(Mention(start, end, entity.label_))
        self._starts = [m.start for m in self._mentions]

    def mentions(self, window: Window) -> tuple[Mention, ...]:
        """window (Window): A window of the document.
        RETURNS (tuple[Mention, ...]): The entities inside the window, with offsets in it.
        """
        first, last = (bisect_left(self._starts, at) for at in (window.start, window.end))
        return tuple(
            Mention(m.start - window.start, m.end - window.start, m.label)
            for m in self._mentions[first:last]
            if m.end <= window.end
        )
