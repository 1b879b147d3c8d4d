"""Prefixes that were read, kept for the other questions about the same sentence."""

from spacy_el4ner.backends.decoding.cache import Prefix


class PrefixStore:
    """Keeps prefixes until it is cleared, as many as there is room for.

    Nothing is evicted: the stages go over the sentences in the same order, so that evicting the oldest
    would keep none long enough to be used.

    max_bytes (int): The most memory the keys and values may take; 0 keeps nothing.
    """

    def __init__(self, max_bytes: int):
        self.max_bytes = max_bytes
        self.n_bytes = 0
        self._kept: dict[tuple[int, ...], Prefix] = {}

    def get(self, tokens: tuple[int, ...]) -> Prefix | None:
        """RETURNS (Prefix | None): What was read of these tokens, if it was kept."""
        return self._kept.get(tokens)

    def put(self, tokens: tuple[int, ...], prefix: Prefix) -> None:
        """Keep a copy of a prefix, if there is room."""
        if not tokens or tokens in self._kept or self.n_bytes + prefix.n_bytes > self.max_bytes:
            return
        self._kept[tokens] = prefix.copy()
        self.n_bytes += prefix.n_bytes

    def clear(self) -> None:
        self._kept.clear()
        self.n_bytes = 0
