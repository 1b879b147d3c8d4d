"""The parts of a text that a GLiNER model reads: its words, and as many as it has room for."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from spacy_el4ner.voters.base import Span

Word = tuple[str, int, int]
"""A word with its start and end, character offsets in the text."""


class GLiNERReader:
    """Splits texts into words as a model does, and counts its tokens.

    processor (BaseProcessor): The processor of the model. It gets its words from here from now on:
        left to itself, it counts a word that its tokenizer drops, such as a control character, and
        every span behind that word would be one word off.
    config (BaseGLiNERConfig): The config of the model.
    """

    def __init__(self, processor: Any, config: Any):
        self.config = config
        self.tokenizer = processor.transformer_tokenizer
        self.context = _context(self.tokenizer, config.encoder_config)
        self._processor = processor
        self._split = processor.words_splitter
        marks = self.tokenizer.convert_tokens_to_ids([config.ent_token, config.sep_token])
        self._marks = {*marks} - {self.tokenizer.unk_token_id}
        processor.words_splitter = self.words

    def words(self, text: str) -> list[Word]:
        """text (str): A text.
        RETURNS (list[Word]): Its words, without those of which the tokenizer leaves nothing, and those
            that it takes for a mark of the prompt.
        """
        return [word for word, _ in self._read(text)]

    def count(self, words: Iterable[str]) -> int:
        """words (Iterable[str]): Words, or names of labels.
        RETURNS (int): Number of their tokens.
        """
        words = list(words)
        return len(self._encoded(words).input_ids) if words else 0

    def prompt(self, names: Iterable[str]) -> int:
        """names (Iterable[str]): What the model is asked for.
        RETURNS (int): Tokens that stand around the words of a text.
        """
        around = int(self.tokenizer.num_special_tokens_to_add())
        if getattr(self.config, "labels_encoder", None):  # reads the names apart from the text
            return around
        (words,), _ = self._processor.prepare_inputs([[]], list(names))
        return around + self.count(words)

    def fits(self, text: str, prompt: int) -> bool:
        """text (str): A text.
        prompt (int): Tokens that stand around its words.
        RETURNS (bool): Whether the model reads all of it.
        """
        counts = [tokens for _, tokens in self._read(text)]
        return len(counts) <= self.config.max_len and prompt + sum(counts) <= self.context

    def judged(self, text: str, spans: Iterable[Span]) -> list[Span]:
        """text (str): A text.
        spans (Iterable[Span]): Spans of it.
        RETURNS (list[Span]): Those that the model can score: they begin and end with words, and are not
            longer than its longest span.
        """
        words = self.words(text)
        starts = {start: n for n, (_, start, _) in enumerate(words)}
        ends = {end: n for n, (_, _, end) in enumerate(words)}
        by_token = self.config.span_mode == "token_level"
        widest = len(words) if by_token else self.config.max_width
        return [
            (start, end)
            for start, end in spans
            if start in starts and end in ends and 0 <= ends[end] - starts[start] < widest
        ]

    def _read(self, text: str) -> list[tuple[Word, int]]:
        """The words, each with the number of its tokens."""
        words = [word for word in self._split(text) if 0 <= word[1] < word[2]]
        if not words:
            return []
        encoded = self._encoded([word for word, _, _ in words])
        places = encoded.word_ids()
        counts = Counter(places)
        marks = {n for n, token in zip(places, encoded.input_ids, strict=True) if token in self._marks}
        return [(word, counts[n]) for n, word in enumerate(words) if counts[n] and n not in marks]

    def _encoded(self, words: list[str]) -> Any:
        return self.tokenizer(words, is_split_into_words=True, add_special_tokens=False, verbose=False)


def _context(tokenizer: Any, encoder: Any) -> int:
    """Tokens that the encoder can read, the prompt included."""
    limit = int(tokenizer.model_max_length)
    relative = getattr(encoder, "relative_attention", False)
    positions = getattr(encoder, "max_position_embeddings", None)
    if not positions or (relative and not getattr(encoder, "position_biased_input", True)):
        return limit
    return min(limit, int(positions) - 2)  # RoBERTa counts its positions from 2
