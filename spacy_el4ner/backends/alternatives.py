"""How likely each option of a choice was, by what else a server would have said at each token.

A server that lists alternatives gives their probabilities among all tokens of the model. One answer is
then enough: where its tokens part from an option, the option's token stands beside them in the list.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from spacy_el4ner.backends.dialects import token_bytes
from spacy_el4ner.backends.http import Unusable

LISTED = 100
"""Alternatives that a server is asked for at each token."""

Token = tuple[bytes, float]
"""What a token adds to the text, nothing if it ends the answer, and its log-probability."""


def option_logprobs(reply: dict[str, Any], options: Sequence[str]) -> list[float]:
    """reply (dict[str, Any]): What the server sent: one of the options, its tokens with alternatives.
    options (Sequence[str]): What could be chosen.
    RETURNS (list[float]): Log-probability of each option, if it must be one of them. A token counts for
        the option that goes on with it, however that is cut into tokens; one with which several go on,
        and which is not the answer's own, for each of them alike. An option none of whose tokens is
        listed has -inf.
    RAISES (Unusable): There are no alternatives in it, or none that begins an option.
    """
    mass = {option.encode("utf8"): 0.0 for option in options}
    said, logprob = b"", 0.0
    for own, listed in _tokens(reply):
        for data, value in listed:
            begun = _begun(mass, said, data)
            if data == own[0] and len(begun) > 1:
                continue  # the next token decides
            for option in begun:
                mass[option] += math.exp(logprob + value) / len(begun)
        if len(_begun(mass, said, own[0])) < 2:
            break
        said, logprob = said + own[0], logprob + own[1]
    else:  # a server that does not list the end of the turn
        if said in mass:
            mass[said] += math.exp(logprob)
    total = math.fsum(mass.values())
    if not total:
        raise Unusable("an answer whose tokens begin none of the options")
    return [math.log(m / total) if m else -math.inf for m in mass.values()]


def _begun(options: Iterable[bytes], said: bytes, data: bytes) -> list[bytes]:
    """The options that begin with what was said and go on with `data`, or end there without any."""
    if not data:
        return [option for option in options if option == said]
    return [option for option in options if option.startswith(said + data)]


def _tokens(reply: dict[str, Any]) -> Iterator[tuple[Token, list[Token]]]:
    """Each token of the answer, and all that could stand in its place, itself included."""
    try:
        for entry in reply["choices"][0]["logprobs"]["content"]:
            own, listed = _read(entry), [_read(other) for other in entry["top_logprobs"]]
            yield own, listed if own[0] in dict(listed) else [*listed, own]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise Unusable("an answer without the log-probabilities of alternatives") from error


def _read(entry: dict[str, Any]) -> Token:
    return token_bytes(entry), float(entry["logprob"])
