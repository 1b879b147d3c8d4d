"""Token counts of prompts for models on a server."""

from functools import cached_property
from typing import Any

from spacy_el4ner.errors import EL4NERSetupError, Errors
from spacy_el4ner.types import Prompt

TURN = 16
"""Assumed number of tokens that a chat template adds to a turn, if the template is unknown."""


class TokenCounter:
    """Counts the tokens of a prompt before it is sent: a server may answer an over-long prompt with
    nonsense.

    name (str | None): The model's tokenizer, a name on the hub or a local directory. None counts one
        token per byte of UTF-8, an upper bound for byte-level tokenizers; for English it is about four
        times too high.
    """

    def __init__(self, name: str | None = None):
        self.name = name

    def __reduce__(self) -> tuple[type["TokenCounter"], tuple[str | None]]:
        return TokenCounter, (self.name,)

    @cached_property
    def tokens(self) -> Any:
        """RETURNS (PieceTokenizer): The tokenizer.
        RAISES (ValueError): EL006, the tokenizer cannot be loaded.
        """
        from transformers import AutoTokenizer

        from spacy_el4ner.backends.tokens import PieceTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(self.name, trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise EL4NERSetupError(Errors.EL006.format(name=self.name, error=error)) from error
        return PieceTokenizer(tokenizer)

    def count(self, text: str) -> int:
        """text (str): A piece of text.
        RETURNS (int): Number of its tokens, or an upper bound.
        """
        if self.name is None:
            return len(text.encode("utf8", errors="surrogatepass"))
        return len(self.tokens.piece(text))

    def count_prompt(self, prompt: Prompt) -> int:
        """prompt (Prompt): A prompt.
        RETURNS (int): Number of its tokens, chat template included, or an upper bound.
        """
        if self.name is None:
            return TURN * _turns(prompt) + sum(map(self.count, prompt.texts))
        tokens = sum(map(len, self.tokens.prompt(prompt)))
        return tokens if self.tokens.use_chat_template else tokens + TURN * _turns(prompt)


def _turns(prompt: Prompt) -> int:
    """Turns of the conversation: the system's, the earlier ones and the user's."""
    return 2 + 2 * len(prompt.exchanges)
