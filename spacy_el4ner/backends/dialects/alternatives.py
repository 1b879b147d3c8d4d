"""Probabilities of options from one answer, and the alternatives that a server lists for its tokens.

The tokens of the options form a tree. An answer follows one of its paths, and where it branches, the
alternatives have the probabilities of the other branches. An option's probability is the product of the
decisions on its path, given that each stays in the tree, as it is in process.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spacy_el4ner.backends.http import Unusable
from spacy_el4ner.backends.replies import read_logprob, token_bytes

UNCLEAR = 0.01
"""Probability up to which it does not matter for which options it counts."""

Token = tuple[bytes, float]
"""The text of a token, empty if it ends the answer, and its log-probability."""
Shares = dict[tuple[str, ...], float]
"""Options -> the probability of the answers that are one of them; it is not known which."""


@dataclass(frozen=True)
class Alternatives:
    """What an answer and the alternatives to its tokens say of the options.

    shares (dict[tuple[str, ...], float]): The probability of each option or, for several that continue
        with the same alternative, of these together. They sum to 1; empty if no token begins an option.
    listed (float): Probability of the listed tokens that begin an option, as the server has it: close
        to 1 if the server constrains the answer before it computes probabilities.
    """

    shares: Shares
    listed: float


def read_alternatives(reply: dict[str, Any], options: Sequence[str]) -> Alternatives:
    """reply (dict[str, Any]): A reply with one of the options as the answer, and with alternatives for
        its tokens.
    options (Sequence[str]): The options that were offered.
    RETURNS (Alternatives): What it says of the options.
    RAISES (Unusable): The reply lists no alternatives.
    """
    named = {option.encode("utf8"): option for option in options}
    shares: Shares = {}
    written, path, unlisted = b"", 1.0, 0.0

    def add(begun: Sequence[bytes], probability: float) -> None:
        some = tuple(named[option] for option in begun)
        shares[some] = shares.get(some, 0.0) + probability

    for own, listed in _tokens(reply):
        branches = [(data, _begun(named, written, data), math.exp(value)) for data, value in listed]
        total = math.fsum(probability for _, begun, probability in branches if begun)
        unlisted += path * max(0.0, 1 - total)
        ahead = _begun(named, written, own[0])
        for data, begun, probability in branches:
            if begun and probability and not (data == own[0] and len(ahead) > 1):
                add(begun, path * probability / total)
        if len(ahead) < 2:
            break
        written, path = written + own[0], path * (math.exp(own[1]) / total if total else 0.0)
    else:  # the server does not list the end of the turn
        if written in named:
            add([written], path)
    whole = math.fsum(shares.values())
    normalised = {some: share / whole for some, share in shares.items()} if whole else {}
    return Alternatives(normalised, 1 - unlisted)


def distribute(
    options: Sequence[str],
    ask: Callable[[Sequence[str]], Shares | None],
    otherwise: Callable[[Sequence[str]], Sequence[float]] | None = None,
) -> dict[str, float]:
    """options (Sequence[str]): The options of a prompt.
    ask (Callable[[Sequence[str]], dict | None]): Asks for one of some options, and returns the shares;
        None if they cannot be read from the answer.
    otherwise (Callable[[Sequence[str]], Sequence[float]] | None): Gives the probabilities of options
        where they cannot be read from an answer; None if there is no other way, so that options share
        equally.
    RETURNS (dict[str, float]): Option -> its probability. Options that share more than `UNCLEAR` are
        asked about on their own.
    """
    shares = ask(options)
    if shares is None:
        assert otherwise is not None
        return dict(zip(options, otherwise(options), strict=True))
    found = dict.fromkeys(options, 0.0)
    for some in sorted(shares, key=len, reverse=True):
        if len(some) == 1 or shares.get(some, 0.0) <= UNCLEAR:
            continue
        if len(some) < len(options):
            inside = distribute(some, ask, otherwise)
        elif otherwise is not None:
            inside = dict(zip(some, otherwise(some), strict=True))
        else:
            continue
        within = [others for others in shares if set(others) <= set(some)]
        together = math.fsum(shares.pop(others) for others in within)
        found |= {option: together * share for option, share in inside.items()}
    for some, share in shares.items():
        for option in some:
            found[option] += share / len(some)
    return found


def logs(options: Sequence[str], found: Mapping[str, float]) -> list[float]:
    """options (Sequence[str]): The options of a prompt.
    found (Mapping[str, float]): Option -> its probability; they sum to 1, or are all 0.
    RETURNS (list[float]): Log-probability of each option in nats, at most 0; -inf for 0.
    """
    return [min(math.log(found[option]), 0.0) if found[option] else -math.inf for option in options]


def _begun(options: Iterable[bytes], written: bytes, data: bytes) -> list[bytes]:
    """The options that begin with `written` and continue with `data`. After a whole option, the end of
    the answer and whatever else continues no longer one count for that option.
    """
    ahead = [option for option in options if option.startswith(written)]
    begun = [option for option in ahead if data and option.startswith(written + data)]
    rests = [option[len(written) :].lstrip() for option in ahead]
    if begun or any(data and rest.startswith(data) for rest in rests):
        return begun  # none if it seems to continue an option, but the server left out a space
    return [option for option in ahead if option == written]


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
