"""Readers of chat completions: the answer of a model and the log-probabilities of its tokens."""

import math
import re
from itertools import accumulate
from typing import Any

from spacy_el4ner.backends.http import Unusable
from spacy_el4ner.types import Answer

ROUNDING = 0.01
"""Amount by which rounding may lift a log-probability above 0."""
FENCED = re.compile(r"```[^\n`]*\n(.*?)\n?```", re.DOTALL)
THOUGHT = re.compile(
    r"\A\s*<think>.*?(?:</think>|\Z)|\A(?:(?!<think>).)*?\n</think>[^\S\n]*\n", re.DOTALL
)
"""The thought that a thinking model writes first; an answer that was cut off may consist of it alone.
If the chat template opens the thought, only its end is in the answer: on a line of its own, which is
unlikely in a sentence.
"""


def read_answer(reply: dict[str, Any]) -> Answer:
    """reply (dict[str, Any]): A chat completion.
    RETURNS (Answer): Its text and, if the server returns them, the log-probabilities of its tokens
        among all tokens of the model.
    RAISES (Unusable): The reply does not contain exactly one text.
    """
    choices = reply.get("choices")
    if not isinstance(choices, list) or len(choices) != 1:
        number = f"{len(choices)} choices" if isinstance(choices, list) else "no choices"
        raise Unusable(f"an answer with {number} instead of one")
    choice = choices[0]
    message = choice.get("message") if isinstance(choice, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str):
        why = choice.get("finish_reason") if isinstance(choice, dict) else None
        raise Unusable("an answer without a text" + (f" (finish_reason: {why})" if why else ""))
    text = bare(content)
    tokens = _tokens(choice.get("logprobs"), content)
    if not tokens:
        return Answer(text)
    skipped = content.rindex(text)  # a thought may contain the same words
    kept = [(at, logprob) for at, logprob in tokens if not 0 <= at < skipped]
    offsets = tuple(min(max(at - skipped, 0), len(text)) for at, _ in kept)
    return Answer(text, offsets, tuple(logprob for _, logprob in kept))


def cut_off(reply: dict[str, Any]) -> bool:
    """reply (dict[str, Any]): A chat completion with one answer.
    RETURNS (bool): Whether the answer was cut off at its token limit.
    """
    return bool(reply["choices"][0].get("finish_reason") == "length")


def bare(text: str) -> str:
    """text (str): An answer as the model wrote it.
    RETURNS (str): The answer without a preceding thought, and without surrounding white space and code
        fence.
    """
    text = THOUGHT.sub("", text).strip()
    fenced = FENCED.fullmatch(text)
    return fenced[1].strip() if fenced else text


def token_bytes(entry: dict[str, Any]) -> bytes:
    """entry (dict[str, Any]): A token of `logprobs`.
    RETURNS (bytes): The token's text in UTF-8, which may be a part of a character.
    """
    given = entry.get("bytes")
    if isinstance(given, list) and all(type(byte) is int and 0 <= byte < 256 for byte in given):
        return bytes(given)
    return str(entry["token"]).encode("utf8", errors="replace")


def read_logprob(value: Any) -> float:
    """value (Any): A log-probability of a reply.
    RETURNS (float): The same, at most a rounding error above 0; -inf for what is impossible.
    RAISES (Unusable): It is NaN, above 0, or no number.
    """
    try:
        logprob = float(value)
    except (OverflowError, TypeError, ValueError):
        logprob = math.nan
    if not logprob <= ROUNDING:  # nor is NaN
        raise Unusable("a log-probability that is not a number, or above 0")
    return logprob


def _tokens(logprobs: Any, content: str) -> list[tuple[int, float]]:
    """The offset of each token in `content`, after its leading white space, and its log-probability;
    empty if the tokens do not add up to the text.
    """
    try:
        entries = [
            (token_bytes(entry), read_logprob(entry["logprob"])) for entry in logprobs["content"]
        ]
    except AttributeError:
        raise Unusable("log-probabilities of something other than tokens") from None
    except (KeyError, TypeError):
        return []
    whole = b"".join(data for data, _ in entries)
    # Servers differ in whether the token that ends the turn is among them.
    first = whole.decode("utf8", errors="replace").find(content)
    if first < 0:
        return []
    starts = accumulate((len(data) for data, _ in entries), initial=0)
    tokens = []
    for start, (data, logprob) in zip(starts, entries, strict=False):
        space = len(data) - len(data.lstrip())
        place = len(whole[: start + space].decode("utf8", errors="ignore"))
        tokens.append((place - first, logprob))
    return tokens
