"""Text to tokens, piece by piece.

A prompt or an answer is tokenised in pieces (template | user text | source piece | tag …) and never as
one string: then a tag is the same tokens wherever it stands, a mention can begin where the tokenizer
would not have cut, and user text that looks like a control token stays text.
"""

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import accumulate
from threading import RLock
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.types import CUT, Prompt, ScoreRequest

_SYSTEM, _CONTEXT, _QUESTION = "\u27e6SYS\u27e7", "\u27e6CTX\u27e7", "\u27e6QUE\u27e7"
_ANSWER, _NEXT = "\u27e6ANS\u27e7", "\u27e6NXT\u27e7"
_PLACE = re.compile("(\u27e6[A-Z]{3}[0-9]*\u27e7)")
_ANCHORS = ("\n", "x")
"""Texts behind which a piece is tokenised; the first that does not merge with the piece is used."""
SHORT = 64
"""Length of the longest piece that occurs repeatedly, in characters: a word, a tag, a label."""


class PieceTokenizer:
    """Wraps a tokenizer of the transformers library.

    tokenizer (PreTrainedTokenizerBase): The tokenizer.
    use_chat_template (bool): Lay out prompts by the tokenizer's chat template, if it has one.
    """

    def __init__(self, tokenizer: Any, use_chat_template: bool = True):
        self.tokenizer = tokenizer
        # A fast tokenizer keeps settings of a call in itself, and fails where another thread uses it.
        self._lock = RLock()
        self.use_chat_template = use_chat_template and bool(tokenizer.chat_template)
        # SentencePiece puts a space before the first word, unless something stands there already.
        self._anchored = "".join(tokenizer.tokenize("x")).startswith(("\u2581", "\u0120"))
        self.controls = _control_tokens(tokenizer)
        self._short = lru_cache(maxsize=65536)(self._piece)
        # Whole prompts: only the questions about the same sentence share theirs.
        self._long = lru_cache(maxsize=64)(self._piece)
        self.starts = lru_cache(maxsize=65536)(self._starts)
        self._layout = lru_cache(maxsize=16)(self._render_layout)

    @cached_property
    def end(self) -> int:
        """RETURNS (int): The token that ends an answer: what the chat template puts there, which in
        many families is not the token that ends a text.
        RAISES (ValueError): EL127, neither the chat template nor the tokenizer has such a token.
        """
        following = self._encode(self._around_an_answer[1], split_special=False)
        ends = [token for token in following if token in self.controls]
        for token in (*ends, self.tokenizer.eos_token_id, self.tokenizer.sep_token_id):
            if token is not None:
                return int(token)
        raise EL4NERValueError(Errors.EL127.format(name=self.tokenizer.name_or_path))

    def piece(self, text: str) -> tuple[int, ...]:
        """text (str): A piece of user text or of an answer.
        RETURNS (tuple[int, ...]): Its tokens, none of them a control token.
        """
        return self._short(text) if len(text) <= SHORT else self._long(text)

    def _piece(self, text: str) -> tuple[int, ...]:
        tokens = self._inside(text, split_special=True)
        if len(text) < 2 or self.controls.isdisjoint(tokens):
            return tokens
        # Not all are split: Qwen's "<think>" is not marked as special, Unigram knows its "</s>".
        half = len(text) // 2
        return self._piece(text[:half]) + self._piece(text[half:])

    def _starts(self, text: str) -> tuple[int, ...]:
        """text (str): A piece of an answer.
        RETURNS (tuple[int, ...]): Where each of its tokens begins, counted from its first character
            that is not white space; 0 for all where the tokenizer does not say. The bytes of a
            character begin where it does.
        """
        blank = len(text) - len(text.lstrip())
        return tuple(max(at - blank, 0) for at in self._places(text))

    def _places(self, text: str) -> tuple[int, ...]:
        tokens = self._inside(text, split_special=True)
        if len(text) >= 2 and not self.controls.isdisjoint(tokens):
            half = len(text) // 2  # as in `_piece`
            return self._places(text[:half]) + tuple(half + at for at in self._places(text[half:]))
        if not tokens or not self.tokenizer.is_fast:
            return (0,) * len(tokens)
        anchor = self._anchor(text, split_special=True)
        with self._lock:
            encoded = self.tokenizer(
                anchor + text,
                add_special_tokens=False,
                split_special_tokens=True,
                return_offsets_mapping=True,
                verbose=False,
            )
        places = encoded["offset_mapping"][-len(tokens) :]
        return tuple(accumulate((max(at - len(anchor), 0) for at, _ in places), max))

    def prompt(self, prompt: Prompt) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """prompt (Prompt): The prompt.
        RETURNS (tuple[tuple[int, ...], tuple[int, ...]]): The tokens up to the end of its context,
            which other prompts about the same sentence share, and the rest.
        """
        if prompt.stop:
            before = self._pieces(prompt.system) + self._pieces(prompt.context)
            return self.beginning + before, self._pieces(prompt.question)
        parts = {_SYSTEM: prompt.system, _CONTEXT: prompt.context, _QUESTION: prompt.question}
        parts |= {
            place: text
            for n, exchange in enumerate(prompt.exchanges)
            for place, text in zip(_exchange(n), exchange, strict=True)
        }
        prefix: list[int] = []
        rest: list[int] = []
        target = prefix
        space = ""
        for n, part in enumerate(self._layout(bool(prompt.system), len(prompt.exchanges))):
            if part in parts and part.startswith(_ANSWER[:-1]):
                # As at the end, where the answer follows in pieces of its own.
                target += self.piece(space) + self._pieces(parts[part])
                space = ""
                continue
            if part in parts:
                # A space of the template belongs to the word after it: "[INST] " + "Ann".
                target += self._pieces(space + parts[part])
                target, space = rest if part == _CONTEXT else target, ""
                continue
            fixed = part.rstrip(" ")
            space = part[len(fixed) :]
            encode = self._inside if n else self._encode
            target += encode(fixed, split_special=False)
        target += self.piece(space)
        return tuple(prefix), tuple(rest)

    def end_of(self, prompt: Prompt) -> int:
        """prompt (Prompt): The prompt.
        RETURNS (int): The token that ends its answer: the first of what follows the answers in a text
            to be continued, else `end`.
        RAISES (ValueError): EL127, as for `end`.
        """
        return next(iter(self.piece(prompt.stop)), None) or self.end

    def options(self, request: ScoreRequest) -> list[tuple[int, ...]]:
        """request (ScoreRequest): A question with the options of its answer.
        RETURNS (list[tuple[int, ...]]): The tokens of each option, with the token that ends an answer.
        """
        prompt = request.prompt
        return [(*self.piece(prompt.lead + o), self.end_of(prompt)) for o in request.options]

    @cached_property
    def beginning(self) -> tuple[int, ...]:
        """RETURNS (tuple[int, ...]): The tokens that the tokenizer itself puts before a text, such as
        "<bos>". Empty if the chat template puts them before every turn, because they then begin a turn.
        """
        with self._lock:
            ids = self.tokenizer("x", verbose=False)["input_ids"]
        text = self._encode("x", split_special=True)
        at = next((n for n in range(len(ids)) if tuple(ids[n : n + len(text)]) == text), 0)
        beginning = tuple(ids[:at])
        turns = [{"role": role, "content": "x"} for role in ("user", "assistant", "user")]
        chat = self._attempt(turns, ask=False) if self.tokenizer.chat_template else ""
        rendered = self._encode(chat, split_special=False)
        return () if any(rendered.count(token) > 1 for token in beginning) else beginning

    def _pieces(self, text: str) -> tuple[int, ...]:
        """Tokens of a text of a prompt, which is cut where it is marked."""
        return sum(map(self.piece, text.split(CUT)), ())

    def _inside(self, text: str, split_special: bool) -> tuple[int, ...]:
        """Tokens of a text that follows another."""
        if not text:
            return ()
        anchor = self._anchor(text, split_special)
        tokens = self._encode(anchor + text, split_special)
        return tokens[len(self._encode(anchor, split_special)) :] if anchor else tokens

    def _anchor(self, text: str, split_special: bool) -> str:
        """The string behind which the text is tokenised; "" if none is needed."""
        for anchor in _ANCHORS if self._anchored else ():
            before = self._encode(anchor, split_special)
            if self._encode(anchor + text, split_special)[: len(before)] == before:
                return anchor
        return ""

    def _encode(self, text: str, split_special: bool) -> tuple[int, ...]:
        with self._lock:
            ids: Sequence[int] = self.tokenizer.encode(
                text, add_special_tokens=False, split_special_tokens=split_special, verbose=False
            )
        return tuple(ids)

    def _render_layout(self, with_system: bool, exchanges: int) -> list[str]:
        """The conversation as fixed strings around the places of its texts."""
        user = _CONTEXT + _QUESTION
        places = [_exchange(n) for n in range(exchanges)]
        if not self.use_chat_template:
            bos = self.tokenizer.bos_token or ""
            system = f"{_SYSTEM}\n\n" if with_system else ""
            shown = "".join(f"{asked}\n{answer}\n\n" for asked, answer in places)
            return _cut(f"{bos}{system}{shown}{user}\n")
        turns = [
            {"role": role, "content": place}
            for exchange in places
            for role, place in zip(("user", "assistant"), exchange, strict=True)
        ]
        turns.append({"role": "user", "content": user})
        if with_system:
            rendered = self._attempt([{"role": "system", "content": _SYSTEM}, *turns], ask=True)
            if _SYSTEM not in rendered:
                # Families without a system role (Gemma) get it at the head of the user's turn.
                turns[0]["content"] = f"{_SYSTEM}\n\n{turns[0]['content']}"
                rendered = self._template(turns)
        else:
            rendered = self._template(turns)
        rendered += self._around_an_answer[0]
        # An answer is shown as it is asked for: behind the same white space.
        space = " " * (len(rendered) - len(rendered.rstrip(" ")))
        return _cut(re.sub(f" *({_ANSWER[:-1]}[0-9])", rf"{space}\1", rendered))

    @cached_property
    def _around_an_answer(self) -> tuple[str, str]:
        """The parts of the chat template between the request for an answer and the answer, and between
        the answer and the user's next turn.
        """
        if not self.use_chat_template:
            return "", ""
        texts = {_QUESTION: "user", _ANSWER: "assistant", _NEXT: "user"}
        turns = [{"role": role, "content": text} for text, role in texts.items()]
        asked = self._template(turns[:1])
        before, _, after = self._attempt(turns, ask=False).partition(_ANSWER)
        opening = before.removeprefix(asked) if before.startswith(asked) else ""
        # A space there belongs to the answer's first word.
        return opening.rstrip(" "), after.partition(_NEXT)[0]

    def _template(self, turns: list[dict[str, str]], ask: bool = True) -> str:
        with self._lock:
            rendered: str = self.tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=ask, enable_thinking=False
            )
        return rendered

    def _attempt(self, turns: list[dict[str, str]], ask: bool) -> str:
        """The rendered conversation; "" if the template refuses it."""
        try:
            return self._template(turns, ask)
        except Exception as error:
            if type(error).__name__ != "TemplateError":
                raise
            return ""


def _control_tokens(tokenizer: Any) -> frozenset[int]:
    """The special tokens, and those that the chat template writes without their being special."""
    template = str(tokenizer.chat_template or "")
    added = tokenizer.added_tokens_decoder.items()
    written = {n for n, t in added if t.special or (t.content.strip() and t.content in template)}
    return frozenset({*tokenizer.all_special_ids, *written} - {tokenizer.unk_token_id})


def _exchange(n: int) -> tuple[str, str]:
    """The places of an earlier question and of its answer."""
    return f"{_QUESTION[:-1]}{n}{_QUESTION[-1]}", f"{_ANSWER[:-1]}{n}{_ANSWER[-1]}"


def _cut(rendered: str) -> list[str]:
    return [part for part in _PLACE.split(rendered) if part]
