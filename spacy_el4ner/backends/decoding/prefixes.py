"""A store of prefixes that a model has read, for other prompts about the same sentence."""

from collections.abc import Iterable

from spacy_el4ner.backends.decoding.cache import Prefix
from spacy_el4ner.backends.decoding.runner import Runner


class PrefixStore:
    """Keeps as many prefixes as fit, until it is cleared.

    Nothing is evicted: the stages go over the sentences in the same order, so evicting the oldest
    prefix would evict each one before it is used.

    max_bytes (int): Maximum memory of the keys and values, in bytes; 0 keeps nothing.
    """

    def __init__(self, max_bytes: int):
        self.max_bytes = max_bytes
        self.n_bytes = 0
        self._kept: dict[tuple[int, ...], Prefix] = {}

    def get(self, tokens: tuple[int, ...]) -> Prefix | None:
        """tokens (tuple[int, ...]): Tokens of a prefix.
        RETURNS (Prefix | None): Its keys and values; None if they are not stored.
        """
        return self._kept.get(tokens)

    def put(self, tokens: tuple[int, ...], prefix: Prefix) -> None:
        """Keep a copy of a prefix, if there is room.

        tokens (tuple[int, ...]): Its tokens.
        prefix (Prefix): Its keys and values.
        """
        if not tokens or tokens in self._kept or self.n_bytes + prefix.n_bytes > self.max_bytes:
            return
        self._kept[tokens] = prefix.copy()
        self.n_bytes += prefix.n_bytes

    def clear(self) -> None:
        """Remove all prefixes."""
        self._kept.clear()
        self.n_bytes = 0

    def read(self, runner: Runner, wanted: Iterable[tuple[int, ...]]) -> dict[tuple[int, ...], Prefix]:
        """runner (Runner): The model.
        wanted (Iterable[tuple[int, ...]]): Tokens of prefixes.
        RETURNS (dict[tuple[int, ...], Prefix]): The distinct ones that are not empty, read where they
            are not stored, and then offered to the store.
        """
        found = {tokens: self.get(tokens) for tokens in wanted if tokens}
        missing = [tokens for tokens, prefix in found.items() if prefix is None]
        read = {tokens: prefix for tokens, prefix in found.items() if prefix is not None}
        if missing:
            cache = runner.read(missing)
            for row, tokens in enumerate(missing):
                read[tokens] = cache.prefix(row, len(tokens))
                self.put(tokens, read[tokens])
        return read
