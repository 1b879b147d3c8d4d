"""What kinds of servers understand beyond the common protocol, and how their replies are read.

plain       standard fields alone; the answer is free text
llama.cpp   `grammar` constrains the answer, `logprobs` tells how likely its tokens and others were
vllm        `structured_outputs` constrains, `logprobs` tells, `prompt_logprobs` scores given answers
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from spacy_el4ner.backends.grammars import gbnf
from spacy_el4ner.backends.http import Unusable
from spacy_el4ner.formats import Choice
from spacy_el4ner.types import Answer, Grammar

DIALECTS = ("plain", "vllm", "llama.cpp")
_FENCED = re.compile(r"```[^\n`]*\n(.*?)\n?```", re.DOTALL)
_THOUGHT = re.compile(
    r"\A\s*<think>.*?(?:</think>|\Z)|\A(?:(?!<think>).)*?\n</think>[^\S\n]*\n", re.DOTALL
)
"""What thinking models say first; an answer that was cut off may be nothing else. Where the prompt has
opened the thought already, its end stands on a line of its own, as it hardly would in a sentence.
"""
_NEGATION = re.compile(r"\b(?:no|not|nor|neither|cannot|\w+n[’']t)\b|[不非没沒無无]", re.IGNORECASE)

Tokens = list[tuple[str, float]]
"""Tokens of a prompt by their ids, with their log-probabilities."""


@dataclass(frozen=True)
class Place:
    """Where an option stands in a reply."""

    option: str
    start: int
    end: int


def extras(dialect: str, grammar: Grammar) -> dict[str, Any]:
    """dialect (str): Of the server.
    grammar (Grammar): The language of the answer.
    RETURNS (dict[str, Any]): Fields that hold the answer to it and ask for log-probabilities. A grammar
        that is too large to be written down is left to the prompt.
    """
    if dialect == "plain":
        return {}
    fields = {
        "logprobs": True,
        "top_logprobs": 1,
        "chat_template_kwargs": {"enable_thinking": False},
    }
    if dialect == "vllm" and isinstance(grammar, Choice):
        return {**fields, "structured_outputs": {"choice": list(grammar.choices)}}
    rules = gbnf(grammar)
    if rules is None:
        return fields
    constraint = {"grammar": rules}
    return fields | (constraint if dialect == "llama.cpp" else {"structured_outputs": constraint})


def read_answer(reply: dict[str, Any]) -> Answer:
    """reply (dict[str, Any]): What the server sent.
    RETURNS (Answer): Its text, and where the server gives them the log-probabilities of its tokens,
        which are those among all tokens of the model.
    RAISES (Unusable): There is not exactly one text in it.
    """
    choices = reply.get("choices")
    if not isinstance(choices, list) or len(choices) != 1:
        found = f"{len(choices)} choices" if isinstance(choices, list) else "no choices"
        raise Unusable(f"an answer with {found} instead of one")
    choice = choices[0]
    message = choice.get("message") if isinstance(choice, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str):
        raise Unusable("an answer without a text")
    text = bare(content)
    tokens = _tokens(choice.get("logprobs"), content)
    if not tokens:
        return Answer(text)
    skipped = content.rindex(text)  # a thought may have said it before
    said = [(at, logprob) for at, logprob in tokens if not 0 <= at < skipped]
    offsets = tuple(min(max(at - skipped, 0), len(text)) for at, _ in said)
    return Answer(text, offsets, tuple(logprob for _, logprob in said))


def cut_off(reply: dict[str, Any]) -> bool:
    """reply (dict[str, Any]): What the server sent, an answer in it.
    RETURNS (bool): Whether the answer ends where its room did.
    """
    return bool(reply["choices"][0].get("finish_reason") == "length")


def bare(text: str) -> str:
    """RETURNS (str): An answer without the thought before it, and without the white space and the code
    fence around it.
    """
    text = _THOUGHT.sub("", text).strip()
    fenced = _FENCED.fullmatch(text)
    return fenced[1].strip() if fenced else text


def pick(options: Sequence[str], text: str) -> str | None:
    """options (Sequence[str]): What could be chosen.
    text (str): A reply in free words.
    RETURNS (str | None): The option that it names, alone or as the only one in a sentence without a
        negation; None where it names none or several.
    """
    chosen = Choice(options).parse(text)
    if chosen is not None:
        return chosen
    places = [place for option in options for place in _places(option, text)]
    outer = [p for p in places if not any(_within(p, q) for q in places)]
    if len({place.option for place in outer}) != 1:
        return None
    left = "".join(" " if any(p.start <= n < p.end for p in outer) else c for n, c in enumerate(text))
    return None if _NEGATION.search(left) else outer[0].option


def read_prompt(reply: dict[str, Any]) -> Tokens:
    """reply (dict[str, Any]): What vLLM sent to a request with `prompt_logprobs`.
    RETURNS (list[tuple[str, float]]): The tokens of the prompt but for the first, and how likely each
        was.
    RAISES (Unusable): It does not say.
    """
    places = reply.get("prompt_logprobs") or ()
    try:
        # The token of the prompt comes first; others may follow it.
        firsts = [next(iter(place.items())) for place in places[1:]]
        tokens = [(token, float(entry["logprob"])) for token, entry in firsts]
    except (AttributeError, KeyError, StopIteration, TypeError, ValueError):
        tokens = []
    if not tokens:
        raise Unusable("an answer without the log-probabilities of the prompt")
    return tokens


def compare(prompts: Sequence[Tokens]) -> list[float]:
    """prompts (Sequence[list]): The same prompt with each of several answers after it.
    RETURNS (list[float]): Log-probability of each answer, if it must be one of them. An answer that
        begins another one has what is left of the probability of their common tokens.
    """
    shared = _shared([[token for token, _ in prompt] for prompt in prompts])
    paths = [tuple(token for token, _ in prompt[shared:]) for prompt in prompts]
    logprobs = [math.fsum(logprob for _, logprob in prompt[shared:]) for prompt in prompts]
    top = max(logprobs)
    mass = [math.exp(logprob - top) for logprob in logprobs]
    for n in sorted(range(len(paths)), key=lambda n: -len(paths[n])):
        longer = (m for m, p in zip(mass, paths, strict=True) if p != paths[n] and _begins(paths[n], p))
        mass[n] = max(mass[n] - sum(longer), 0.0)
    total = sum(mass)
    return [math.log(m / total) if m else -math.inf for m in mass]


def _tokens(logprobs: Any, content: str) -> list[tuple[int, float]]:
    """Where each token begins in `content`, leading white space not counted, and how likely it was;
    nothing where the tokens do not make up the text.
    """
    try:
        entries = [(token_bytes(entry), float(entry["logprob"])) for entry in logprobs["content"]]
    except (KeyError, TypeError, ValueError):
        return []
    whole = b"".join(data for data, _ in entries)
    # Servers differ in whether the token that ends the turn is among them.
    first = whole.decode("utf8", errors="replace").find(content)
    if first < 0:
        return []
    starts = accumulate((len(data) for data, _ in entries), initial=0)
    found = []
    for start, (data, logprob) in zip(starts, entries, strict=False):
        space = len(data) - len(data.lstrip())
        place = len(whole[: start + space].decode("utf8", errors="ignore"))
        found.append((place - first, logprob))
    return found


def token_bytes(entry: dict[str, Any]) -> bytes:
    """RETURNS (bytes): What a token adds to the text: its own bytes, which may be half a character."""
    given = entry.get("bytes")
    return bytes(given) if given is not None else str(entry["token"]).encode("utf8")


def _places(option: str, text: str) -> list[Place]:
    """Where `option` stands as a word of its own, whatever its case."""
    found = re.finditer(re.escape(option), text, re.IGNORECASE)
    return [
        Place(option, m.start(), m.end())
        for m in found
        if not _joined(text[m.start() - 1 : m.start()], m[0][:1])
        and not _joined(m[0][-1:], text[m.end() : m.end() + 1])
    ]


def _joined(left: str, right: str) -> bool:
    """Whether two characters belong to one word. Scripts without cases have no gaps between words."""
    return all(c.isdigit() or c == "_" or c.lower() != c.upper() for c in (left, right)) and bool(
        left and right
    )


def _within(inner: Place, outer: Place) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end and outer.option != inner.option


def _shared(rows: Sequence[Sequence[str]]) -> int:
    """How many items all rows begin with."""
    columns = zip(*rows, strict=False)
    return next((n for n, c in enumerate(columns) if len(set(c)) > 1), min(map(len, rows)))


def _begins(short: Sequence[str], long: Sequence[str]) -> bool:
    return long[: len(short)] == short
