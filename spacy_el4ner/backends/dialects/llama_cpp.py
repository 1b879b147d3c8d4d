"""The dialect of llama.cpp: constrained answers, and alternatives for each of their tokens."""

from collections.abc import Sequence
from typing import Any

from spacy_el4ner.backends.dialects.alternatives import Shares, distribute, logs, read_alternatives
from spacy_el4ner.backends.dialects.base import Ask, Question
from spacy_el4ner.backends.grammars import gbnf
from spacy_el4ner.backends.http import Unusable
from spacy_el4ner.formats import Choice
from spacy_el4ner.types import Grammar

LISTED = 100
"""Number of alternatives requested for each token."""


class LlamaCpp:
    """Constrains answers with `grammar`, and gets the log-probabilities of their tokens and of the
    alternatives to them with `logprobs`.

    One answer scores all options: where it differs from an option, the option's next token is among the
    alternatives. Only options that share an alternative are asked about once more, on their own.
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

    def score(self, options: Sequence[str], ask: Ask) -> list[float]:
        """options (Sequence[str]): The options of a prompt.
        ask (Callable[[Question], Any]): Sends a request about the prompt.
        RETURNS (list[float]): Log-probability of each option in nats, given that the answer is one of
            the options; -inf for an option without a listed token.
        """

        def shares(some: Sequence[str]) -> Shares:
            fields = self.fields(Choice(some)) | {"top_logprobs": LISTED}
            found: Shares = ask(Question(fields, lambda reply: read_shares(reply, some)))
            return found

        return logs(options, distribute(options, shares))


def read_shares(reply: dict[str, Any], options: Sequence[str]) -> Shares:
    """reply (dict[str, Any]): A reply with one of the options as the answer, and with alternatives for
        its tokens.
    options (Sequence[str]): The options that were offered.
    RETURNS (dict[tuple[str, ...], float]): The probability of each option, or of several together.
    RAISES (Unusable): The reply lists no alternatives, or none that begins an option.
    """
    shares = read_alternatives(reply, options).shares
    if not shares:
        raise Unusable("an answer whose tokens begin none of the options")
    return shares
