"""Windows, mentions and documents of every odd kind, and walks through grammars."""

import random

import hypothesis.strategies as st
import spacy
from hypothesis import settings
from spacy.tokens import Doc

from spacy_el4ner.types import Demonstration, Mention, Window

VOCAB = spacy.blank("xx").vocab
quick = settings(deadline=None, max_examples=max(80, settings.default.max_examples))

ODD = (
    *("bill", "Bill", "the", "the", "none", "İstanbul", "i̇stanbul", "ß", "São", "2", "1"),
    *("<", ">", "<e>", "</e>", "<E>", "e>", "<ent>", "</span>", "<PERSON>", "</GPE>", "<PERSON_2>"),
    *(";", "; ;", "|", "||", "/", "///", "#", "#2", "#1", "@", "~", "^", "##"),
    *("😀", "👩‍👩‍👧", "魏", "丞", "相", "。", "，", "」", ".", ",", "!", '"'),
)
GAPS = ("", " ", " ", " ", "  ", "\n", "\u3000")


def _unspaced(word: str) -> bool:
    return not any(c.isspace() for c in word)


words = st.one_of(
    st.sampled_from([w for w in ODD if _unspaced(w)]),
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=4).filter(_unspaced),
)


def make_window(*pieces: str, gap: str = " ", start: int = 0) -> Window:
    """The window of some tokens with the same white space between them."""
    tokens, at = [], 0
    for piece in pieces:
        tokens.append((at, at + len(piece)))
        at += len(piece) + len(gap)
    return Window(gap.join(pieces), start, tuple(tokens))


def sentence(text: str) -> Window:
    """The window of a text whose tokens are set off by spaces."""
    return make_window(*text.split(" "))


@st.composite
def windows(draw, max_tokens=9):
    pieces = draw(st.lists(words, min_size=1, max_size=max_tokens))
    tokens, text = [], ""
    for piece in pieces:
        text += draw(st.sampled_from(GAPS)) if text else ""
        tokens.append((len(text), len(text) + len(piece)))
        text += piece
    return Window(text, draw(st.integers(0, 50)), tuple(tokens))


@st.composite
def separate_mentions(draw, window, labels=("",)):
    """Mentions at token boundaries that do not overlap, in order."""
    mentions, at = [], 0
    while at < len(window.tokens):
        length = draw(st.integers(0, min(3, len(window.tokens) - at)))
        if length:
            start, end = window.tokens[at][0], window.tokens[at + length - 1][1]
            mentions.append(Mention(start, end, draw(st.sampled_from(labels))))
        at += max(1, length)
    return mentions


@st.composite
def any_mentions(draw, window):
    """Mentions at token boundaries, nested and overlapping ones too, in order."""
    place = st.integers(0, len(window.tokens) - 1)
    pairs = draw(st.sets(st.tuples(place, place).map(sorted).map(tuple), max_size=6))
    return sorted(Mention(window.tokens[a][0], window.tokens[b][1]) for a, b in pairs)


@st.composite
def docs(draw, sentences=None):
    """Documents with tokens of mere white space, with or without sentence boundaries."""
    spaces = st.sampled_from([" ", "\n\n", "\t"])
    pieces = draw(st.lists(st.one_of(words, spaces), max_size=12))
    marked = draw(st.booleans()) if sentences is None else sentences
    flags = st.lists(st.booleans(), min_size=len(pieces), max_size=len(pieces))
    starts = [n == 0 or flag for n, flag in enumerate(draw(flags))] if marked else None
    return Doc(VOCAB, words=pieces, spaces=draw(flags), sent_starts=starts)


def walk(grammar, seed, most=500):
    """A random way through a grammar, as the options taken."""
    rng, state, taken = random.Random(seed), grammar.start(), []
    while options := grammar.options(state):
        string, state = rng.choice(options)
        taken.append(string)
        assert len(taken) < most
    return taken


def follows(grammar, path):
    """Whether the options of `path` can be taken one after another to an end."""
    states = {grammar.start()}
    for string in path:
        states = {new for old in states for s, new in grammar.options(old) if s == string}
    return any(not grammar.options(state) for state in states)


def make_shot(window, *mentions, id="demonstration"):
    return Demonstration(id, window, tuple(Mention(*m) for m in mentions))
