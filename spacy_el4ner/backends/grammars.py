"""Grammars as a server needs them: checked against a text, and written down for it.

A grammar is a machine over strings (see `types.Grammar`). `accepts` runs it over a finished answer, all
ways at once; `gbnf` writes it as the rules that llama.cpp and vLLM constrain their decoding with.
"""

from collections.abc import Callable, Hashable
from typing import Any

from spacy_el4ner.alignment import squeezed
from spacy_el4ner.formats.inline_tags import TagGrammar
from spacy_el4ner.formats.span_list import SpanListGrammar
from spacy_el4ner.types import Grammar

MOST_STATES = 2048
"""The largest grammar that is written down; an untyped copy of 110 tokens has about 2,000 states."""

States = dict[Any, list[tuple[str, Any]]]


def accepts(grammar: Grammar, text: str) -> bool:
    """grammar (Grammar): A language.
    text (str): An answer.
    RETURNS (bool): Whether the options of the grammar can spell the text, from its first character to
        its last. White space counts for nothing: models that are not constrained put some around tags,
        and parsing takes no notice of it.
    """
    text = squeezed(text)
    places: list[tuple[int, Any]] = [(0, grammar.start())]
    seen = set(places)
    while places:
        at, state = places.pop()
        options = grammar.options(state)
        if not options and at == len(text):
            return True
        for option, after in options:
            string = squeezed(option)
            place = (at + len(string), after)
            if text.startswith(string, at) and place not in seen:
                seen.add(place)
                places.append(place)
    return False


def simplest(grammar: Grammar) -> str:
    """RETURNS (str): The answer that takes the first option everywhere: a copy without tags, "none"."""
    taken, state = [], grammar.start()
    while options := grammar.options(state):
        string, state = options[0]
        taken.append(string)
    return "".join(taken)


def fullest(grammar: Grammar, count: Callable[[str], int]) -> int:
    """grammar (Grammar): A language.
    count (Callable[[str], int]): Tokens of a text.
    RETURNS (int): Tokens of the longest answer: a copy that has a tag around every word, a list of all
        words; of a language that is neither, those of the simplest.
    """
    if isinstance(grammar, TagGrammar):
        tags = max(count(opening) + count(closing) for _, (opening, closing) in grammar.tags)
        return count(simplest(grammar)) + len(grammar.pieces) * tags
    if isinstance(grammar, SpanListGrammar):
        n = len(grammar.tokens)
        return count(grammar.text) + n * count(f"{grammar.number_sign}{n}{grammar.separator}")
    return count(simplest(grammar))


def explore(grammar: Grammar, most: int = MOST_STATES) -> States | None:
    """grammar (Grammar): A language.
    most (int): The most states to look at.
    RETURNS (dict | None): Every state that can be reached, breadth first, with its options; None
        where there are more than `most`.
    """
    states: States = {}
    queue = [grammar.start()]
    known = set(queue)
    for state in queue:  # grows while it is read
        states[state] = list(grammar.options(state))
        for _, after in states[state]:
            if after not in known:
                known.add(after)
                queue.append(after)
        if len(known) > most:
            return None
    return states


def gbnf(grammar: Grammar, most: int = MOST_STATES) -> str | None:
    """grammar (Grammar): A language.
    most (int): The most states to write down.
    RETURNS (str | None): Its rules in GBNF, one a state; None where it has too many states, or a
        character that no answer can hold (a lone surrogate).
    """
    states = explore(grammar, most)
    if states is None or any(_unspeakable(s) for options in states.values() for s, _ in options):
        return None
    names = {state: f"s{number}" if number else "root" for number, state in enumerate(states)}
    return "\n".join(
        f"{names[state]} ::= {_alternatives(options, names)}" for state, options in states.items()
    )


def fingerprint(grammar: Grammar) -> str:
    """grammar (Grammar): A language.
    RETURNS (str): Equal for equal grammars in every process: the fields of a dataclass, or else the
        whole machine with its states numbered.
    """
    kind = f"{type(grammar).__module__}.{type(grammar).__qualname__}"
    if hasattr(grammar, "__dataclass_fields__"):
        return f"{kind} {grammar!r}"
    states = explore(grammar, 2**20) or {}
    numbers: dict[Hashable, int] = {state: number for number, state in enumerate(states)}
    machine = [[(string, numbers[s]) for string, s in options] for options in states.values()]
    return f"{kind} {machine!r}"


def _alternatives(options: list[tuple[str, Any]], names: dict[Any, str]) -> str:
    return " | ".join(f"{_literal(string)} {names[after]}" for string, after in options) or '""'


def _literal(string: str) -> str:
    """A GBNF string: printable ASCII as it is, but for the quote and the backslash."""
    return '"' + "".join(c if " " <= c <= "~" and c not in '"\\' else _escape(c) for c in string) + '"'


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\U{code:08X}" if code > 0xFFFF else f"\\u{code:04X}"


def _unspeakable(string: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in string)
