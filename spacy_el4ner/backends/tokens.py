"""Text to tokens, piece by piece.

A prompt or an answer is tokenised in pieces (template | user text | source piece | tag …) and never as
one string: then a tag is the same tokens wherever it stands, a mention can begin where the tokenizer
would not have cut, and user text that looks like a control token stays text.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from spacy_el4ner.types import Prompt

_SYSTEM, _CONTEXT, _QUESTION = "\u27e6SYS\u27e7", "\u27e6CTX\u27e7", "\u27e6QUE\u27e7"
_ANCHOR = "\n"


class PieceTokenizer:
    """Wraps a tokenizer of the transformers library.

    tokenizer (PreTrainedTokenizerBase): The tokenizer.
    use_chat_template (bool): Lay prompts out by the tokenizer's chat template, if it has one.
    """

    def __init__(self, tokenizer: Any, use_chat_template: bool = True):
        self.tokenizer = tokenizer
        self.use_chat_template = use_chat_template and bool(tokenizer.chat_template)
        self._anchored = tokenizer.tokenize("x")[:1] == ["\u2581x"]
        self.piece = lru_cache(maxsize=65536)(self._piece)
        self._layout = lru_cache(maxsize=2)(self._render_layout)

    @property
    def end(self) -> int:
        """RETURNS (int): The token that ends a turn."""
        eos = self.tokenizer.eos_token_id
        return int(eos if eos is not None else self.tokenizer.sep_token_id)

    def _piece(self, text: str) -> tuple[int, ...]:
        """text (str): A piece of user text or of an answer.
        RETURNS (tuple[int, ...]): Its tokens, none of them a control token.
        """
        if not self._anchored:
            return self._encode(text, split_special=True)
        # SentencePiece puts a space before the first word, unless something stands there already.
        anchor = self._encode(_ANCHOR, split_special=True)
        return self._encode(_ANCHOR + text, split_special=True)[len(anchor) :]

    def prompt(self, prompt: Prompt) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """prompt (Prompt): What to ask.
        RETURNS (tuple[tuple[int, ...], tuple[int, ...]]): The tokens up to the end of its context,
            which other prompts about the same sentence share, and the rest.
        """
        parts = {_SYSTEM: prompt.system, _CONTEXT: prompt.context, _QUESTION: prompt.question}
        prefix: list[int] = []
        rest: list[int] = []
        target = prefix
        for part in self._layout(bool(prompt.system)):
            if part in parts:
                target += self.piece(parts[part])
                target = rest if part == _CONTEXT else target
            else:
                target += self._encode(part, split_special=False)
        return tuple(prefix), tuple(rest)

    def _encode(self, text: str, split_special: bool) -> tuple[int, ...]:
        ids: Sequence[int] = self.tokenizer.encode(
            text, add_special_tokens=False, split_special_tokens=split_special
        )
        return tuple(ids)

    def _render_layout(self, with_system: bool) -> list[str]:
        """The conversation as fixed strings around the places of system, context and question."""
        user = _CONTEXT + _QUESTION
        if not self.use_chat_template:
            bos = self.tokenizer.bos_token or ""
            system = f"{_SYSTEM}\n\n" if with_system else ""
            return _cut(f"{bos}{system}{user}\n")
        turns = [{"role": "user", "content": user}]
        if not with_system:
            return _cut(self._template(turns))
        try:
            rendered = self._template([{"role": "system", "content": _SYSTEM}, *turns])
        except Exception as error:
            if type(error).__name__ != "TemplateError":
                raise
            rendered = ""
        if _SYSTEM not in rendered:
            # Families without a system role (Gemma) get it at the head of the user's turn.
            rendered = self._template([{"role": "user", "content": f"{_SYSTEM}\n\n{user}"}])
        return _cut(rendered)

    def _template(self, turns: list[dict[str, str]]) -> str:
        rendered: str = self.tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return rendered


def _cut(rendered: str) -> list[str]:
    parts = [rendered]
    for mark in (_SYSTEM, _CONTEXT, _QUESTION):
        parts = [
            piece
            for part in parts
            for n, text in enumerate(part.split(mark))
            for piece in ([mark, text] if n else [text])
        ]
    return [part for part in parts if part]
