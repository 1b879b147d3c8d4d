"""Tokens of texts that another machine will read."""

from functools import cached_property
from typing import Any

from spacy_el4ner.errors import Errors
from spacy_el4ner.types import Prompt

TURN = 16
"""Tokens that a chat template is taken to put around a turn where it cannot be looked up."""


class TokenCounter:
    """Counts tokens before they are sent: a server may answer an over-long prompt with nonsense.

    name (str | None): The model's tokenizer, a name on the hub or a local directory. None counts a
        token a byte of UTF-8, which no byte-level tokenizer exceeds: safe, and in English about four
        times too many.
    """

    def __init__(self, name: str | None = None):
        self.name = name

    def __reduce__(self) -> tuple[type["TokenCounter"], tuple[str | None]]:
        return TokenCounter, (self.name,)

    @cached_property
    def tokens(self) -> Any:
        """RETURNS (PieceTokenizer): The tokenizer."""
        from transformers import AutoTokenizer

        from spacy_el4ner.backends.tokens import PieceTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(self.name, trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise ValueError(Errors.EL006.format(name=self.name, error=error)) from error
        return PieceTokenizer(tokenizer)

    def count(self, text: str) -> int:
        """RETURNS (int): Tokens of a piece of text; never too few."""
        if self.name is None:
            return len(text.encode("utf8", errors="surrogatepass"))
        return len(self.tokens.piece(text))

    def count_prompt(self, prompt: Prompt) -> int:
        """RETURNS (int): Tokens of a whole prompt, chat template included."""
        if self.name is None:
            return 2 * TURN + sum(map(self.count, (prompt.system, prompt.context, prompt.question)))
        laid_out = sum(map(len, self.tokens.prompt(prompt)))
        return laid_out if self.tokens.use_chat_template else laid_out + 2 * TURN
