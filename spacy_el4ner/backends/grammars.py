"""Grammars for servers: acceptance of finished answers, and export as GBNF rules.

A grammar is a state machine over strings (see `types.Grammar`). `accepts` runs it over a finished
answer; `gbnf` exports it as the rules with which llama.cpp and vLLM constrain their decoding.
"""

import re
import warnings
from collections.abc import Hashable
from typing import Any

from spacy_el4ner.errors import Warnings
from spacy_el4ner.text.alignment import squeezed
from spacy_el4ner.types import Grammar

MOST_STATES = 2048
"""Size above which the simpler grammar is exported in place of a grammar; an untyped copy of 110 tokens
has about 2,000 states.
"""
MOST_SIMPLER = 4
"""How many times as large the exported grammar may be at most: a copy of 100 tokens with 40 labels and
mentions of any length has about 8,000 states.
"""

SPECIAL = re.compile(r'["\\\x00-\x1F\x7F]')
"""Characters that cannot stand in a string of GBNF as they are."""

States = dict[Any, list[tuple[str, Any]]]


def accepts(grammar: Grammar, text: str) -> bool:
    """grammar (Grammar): A language.
    text (str): An answer.
    RETURNS (bool): Whether the grammar accepts the whole text. White space is ignored: unconstrained
        models put some around tags, and the parsers ignore it, too.
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
    """grammar (Grammar): A language.
    RETURNS (str): The answer with the first option of each state: a copy without tags, or "none".
    """
    taken, state = [], grammar.start()
    while options := grammar.options(state):
        string, state = options[0]
        taken.append(string)
    return "".join(taken)


def explore(grammar: Grammar, most: int = MOST_STATES) -> States | None:
    """grammar (Grammar): A language.
    most (int): Maximum number of states.
    RETURNS (dict | None): Every reachable state with its options, breadth first; None if there are more
        than `most`.
    """
    states: States = {}
    queue = [grammar.start()]
    reached = set(queue)
    for state in queue:  # grows while it is read
        states[state] = list(grammar.options(state))
        for _, after in states[state]:
            if after not in reached:
                reached.add(after)
                queue.append(after)
        if len(reached) > most:
            return None
    return states


def gbnf(grammar: Grammar, most: int = MOST_STATES, end: str = "") -> str | None:
    """grammar (Grammar): A language.
    most (int): Number of states above which the rules are those of the `simpler` language, if there is
        one; MOST_SIMPLER times as many are the maximum.
    end (str): The text that follows an answer.
    RETURNS (str | None): Its rules in GBNF, one for each state; None, with a warning, if it has too
        many states, or a character that cannot be encoded (a lone surrogate).
    """
    states = explore(grammar, most) or explore(grammar.simpler or grammar, most * MOST_SIMPLER)
    if states is None or any(_unspeakable(s) for options in states.values() for s, _ in options):
        warnings.warn(Warnings.WL009, stacklevel=2)
        return None
    names = {state: f"s{number}" if number else "root" for number, state in enumerate(states)}
    return "\n".join(
        f"{names[state]} ::= {_alternatives(options, names) or _literal(end)}"
        for state, options in states.items()
    )


def fingerprint(grammar: Grammar) -> str:
    """grammar (Grammar): A language.
    RETURNS (str): A text that equal grammars share in every process: the fields of a dataclass, or else
        the whole state machine with numbered states.
    """
    kind = f"{type(grammar).__module__}.{type(grammar).__qualname__}"
    if hasattr(grammar, "__dataclass_fields__"):
        return f"{kind} {grammar!r}"
    states = explore(grammar, 2**20) or {}
    numbers: dict[Hashable, int] = {state: number for number, state in enumerate(states)}
    machine = [[(string, numbers[s]) for string, s in options] for options in states.values()]
    return f"{kind} {machine!r}"


def _alternatives(options: list[tuple[str, Any]], names: dict[Any, str]) -> str:
    return " | ".join(f"{_literal(string)} {names[after]}" for string, after in options)


def _literal(string: str) -> str:
    """A GBNF string. Only what must be is escaped, and without `\\u`: the engines that read GBNF do not
    agree on leading zeros.
    """
    return f'"{SPECIAL.sub(_escape, string)}"'


def _escape(special: re.Match[str]) -> str:
    character = special[0]
    return f"\\{character}" if character in '"\\' else f"\\x{ord(character):02X}"


def _unspeakable(string: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in string)
