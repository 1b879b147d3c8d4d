"""The dialect of llama.cpp: constrained answers, and alternatives for each of their tokens."""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from spacy_el4ner.backends.dialects.base import Question
from spacy_el4ner.backends.grammars import gbnf
from spacy_el4ner.backends.http import Unusable
from spacy_el4ner.backends.replies import read_logprob, token_bytes
from spacy_el4ner.formats import Choice
from spacy_el4ner.types import Grammar

LISTED = 100
"""Number of alternatives requested for each token."""

Token = tuple[bytes, float]
"""The text of a token, empty if it ends the answer, and its log-probability."""


class LlamaCpp:
    """Constrains answers with `grammar`, and gets the log-probabilities of their tokens and of the
    alternatives to them with `logprobs`.

    One answer is enough to score all options: where it differs from an option, the option's next token
    is among the alternatives.
    """

    identity = "llama.cpp"
    exact = True

    def fields(self, grammar: Grammar) -> dict[str, Any]:
        """grammar (Grammar): The language of the answer.
        RETURNS (dict[str, Any]): Fields that constrain the answer to the rules of the grammar and ask
            for log-probabilities. A grammar too large to export does not constrain the answer.
        """
        fields = {
            "logprobs": True,
            "top_logprobs": 1,
            "chat_template_kwargs": {"enable_thinking": False},
        }
        rules = gbnf(grammar)
        return fields if rules is None else {**fields, "grammar": rules}

    def questions(self, options: Sequence[str]) -> list[Question]:
        """options (Sequence[str]): The options of a prompt.
        RETURNS (list[Question]): A single request, for one of the options and its alternatives.
        """
        fields = self.fields(Choice(options)) | {"top_logprobs": LISTED}
        return [Question(fields, partial(option_logprobs, options=options))]

    def scores(self, options: Sequence[str], readings: Sequence[list[float]]) -> list[float]:
        """options (Sequence[str]): The options of a prompt.
        readings (Sequence[list[float]]): The log-probabilities of the options, read from the reply.
        RETURNS (list[float]): Log-probability of each option in nats, given that the answer is one of
            the options.
        """
        return readings[0]


def option_logprobs(reply: dict[str, Any], options: Sequence[str]) -> list[float]:
    """reply (dict[str, Any]): A reply with one of the options as the answer, and with alternatives for
        its tokens.
    options (Sequence[str]): The options that were offered.
    RETURNS (list[float]): Log-probability of each option in nats, given that the answer is one of them.
        The probability of a token counts for the option that continues with it, regardless of how the
        option is tokenized; if several options continue with an alternative, they share it equally. An
        option without a listed token has -inf.
    RAISES (Unusable): The reply lists no alternatives, or none that begins an option.
    """
    mass = {option.encode("utf8"): 0.0 for option in options}
    written, logprob = b"", 0.0
    for own, listed in _tokens(reply):
        for data, value in listed:
            begun = _begun(mass, written, data)
            if data == own[0] and len(begun) > 1:
                continue  # the next token decides
            for option in begun:
                mass[option] += math.exp(logprob + value) / len(begun)
        if len(_begun(mass, written, own[0])) < 2:
            break
        written, logprob = written + own[0], logprob + own[1]
    else:  # the server does not list the end of the turn
        if written in mass:
            mass[written] += math.exp(logprob)
    total = math.fsum(mass.values())
    if not total:
        raise Unusable("an answer whose tokens begin none of the options")
    return [math.log(m / total) if m else -math.inf for m in mass.values()]


def _begun(options: Iterable[bytes], written: bytes, data: bytes) -> list[bytes]:
    """The options that begin with `written` and continue with `data`, or that end there if `data` is
    empty.
    """
    if not data:
        return [option for option in options if option == written]
    return [option for option in options if option.startswith(written + data)]


def _tokens(reply: dict[str, Any]) -> Iterator[tuple[Token, list[Token]]]:
    """Each token of the answer, with all alternatives for it, itself included."""
    try:
        for entry in reply["choices"][0]["logprobs"]["content"]:
            own, listed = _read(entry), [_read(other) for other in entry["top_logprobs"]]
            yield own, listed if own[0] in dict(listed) else [*listed, own]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise Unusable("an answer without the log-probabilities of alternatives") from error


def _read(entry: dict[str, Any]) -> Token:
    """A token of `logprobs`."""
    return token_bytes(entry), read_logprob(entry["logprob"])
