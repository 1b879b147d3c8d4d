"""A radix tree of the prefixes that a model has read, with their keys and values.

Whatever prompts begin with in common is stored once: the instruction and the labels on one edge, the
demonstrations and the sentences on edges below it. The tree is that of RadixAttention (Zheng et al.
2024, SGLang, arXiv:2312.07104).
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import RLock

from spacy_el4ner.backends.decoding.cache import Cache, KeyValues

Tokens = tuple[int, ...]


@dataclass(eq=False)
class _Node:
    """An edge of the tree and what is below it.

    tokens (tuple[int, ...]): The tokens of the edge.
    kept (KeyValues): Their keys and values.
    parent (_Node | None): The node above; None at the top.
    children (dict[int, _Node]): First token -> a node below.
    period (int): The period in which the node was last used; `forget` begins a new one.
    """

    tokens: Tokens
    kept: KeyValues
    parent: "_Node | None"
    children: dict[int, "_Node"] = field(default_factory=dict)
    period: int = 0


class PrefixTree:
    """Keeps what a model has read of prompts, up to a limit.

    New prefixes evict the least recently used ones, but none that was used since `forget`: the stages
    go over the sentences of a batch in the same order, and would evict each one before it is needed.

    max_bytes (int): Maximum memory of the keys and values, in bytes; 0 shares nothing.
    retained_bytes (int): The part of it that `forget` keeps.
    """

    def __init__(self, max_bytes: int, retained_bytes: int = 0):
        self.max_bytes = max_bytes
        self.retained_bytes = retained_bytes
        self.n_bytes = 0
        self._period = 0
        self._top: dict[int, _Node] = {}
        # Least recently used first. Whatever uses a node uses those above it, which are put behind it:
        # the first node is always a leaf.
        self._nodes: OrderedDict[_Node, None] = OrderedDict()
        self._lock = RLock()

    def __reduce__(self) -> tuple[type["PrefixTree"], tuple[int, int]]:
        """A copy is empty."""
        return PrefixTree, (self.max_bytes, self.retained_bytes)

    def match(self, tokens: Tokens) -> int:
        """tokens (tuple[int, ...]): Tokens of a prompt.
        RETURNS (int): The number of them, from the first one on, that are stored.
        """
        with self._lock:
            return sum(n for _, n in self._walk(tokens))

    def get(self, rows: Sequence[Tokens]) -> list[KeyValues | None]:
        """rows (Sequence[tuple[int, ...]]): Tokens of prompts.
        RETURNS (list[KeyValues | None]): Keys and values of the longest stored beginning of each row,
            None if it is empty. Rows with the same beginning share one object.
        """
        found: dict[Tokens, KeyValues | None] = {(): None}
        begun = []
        with self._lock:
            for tokens in rows:
                path = self._walk(tokens)
                stored = tokens[: sum(n for _, n in path)]
                if stored not in found:
                    self._use(path[-1][0])
                    found[stored] = KeyValues.join([node.kept.part(0, n) for node, n in path])
                begun.append(found[stored])
        return begun

    def put(self, tokens: Tokens, cache: Cache, row: int) -> None:
        """Store a prefix, if there is room.

        tokens (tuple[int, ...]): Its tokens.
        cache (Cache): Keys and values of a batch.
        row (int): The row of the batch that begins with the tokens.
        """
        with self._lock:
            path = self._walk(tokens)
            stored = sum(n for _, n in path)
            last, matched = path[-1] if path else (None, 0)
            self._use(last)
            if stored == len(tokens) or not self.max_bytes:
                return
            kept = cache.part(row, stored, len(tokens))
            self._shrink(self.max_bytes - kept.n_bytes)
            if self.n_bytes + kept.n_bytes > self.max_bytes:
                return
            if last is not None and matched < len(last.tokens):
                last = self._split(last, matched)
            self._add(_Node(tokens[stored:], kept, last))
            self.n_bytes += kept.n_bytes

    def forget(self) -> None:
        """Evict the least recently used prefixes until no more is left than is to be retained."""
        with self._lock:
            self._period += 1
            self._shrink(self.retained_bytes)

    def clear(self) -> None:
        """Remove all prefixes."""
        with self._lock:
            self._top.clear()
            self._nodes.clear()
            self.n_bytes = 0

    def _walk(self, tokens: Tokens) -> list[tuple[_Node, int]]:
        """The nodes along the tokens, from the top, each with the number of its tokens that match: all,
        except in the last node.
        """
        path: list[tuple[_Node, int]] = []
        below, at = self._top, 0
        while at < len(tokens) and (node := below.get(tokens[at])):
            n = common(node.tokens, tokens[at:])
            path.append((node, n))
            if n < len(node.tokens):
                break
            below, at = node.children, at + n
        return path

    def _use(self, node: _Node | None) -> None:
        """Make a node, and those above it, the most recently used ones."""
        while node is not None:
            node.period = self._period
            self._nodes.move_to_end(node)
            node = node.parent

    def _below(self, node: _Node | None) -> dict[int, _Node]:
        return self._top if node is None else node.children

    def _add(self, node: _Node) -> None:
        self._below(node.parent)[node.tokens[0]] = node
        self._nodes[node] = None
        self._use(node)

    def _split(self, node: _Node, n: int) -> _Node:
        """A new node for the first `n` tokens of a node, above what remains of it."""
        # Copies: a view would keep the memory of both parts when one of them is evicted.
        head = _Node(node.tokens[:n], node.kept.part(0, n).copy(), node.parent)
        self._add(head)
        node.tokens, node.kept = node.tokens[n:], node.kept.part(n, len(node.tokens)).copy()
        node.parent = head
        head.children[node.tokens[0]] = node
        return head

    def _shrink(self, most: int) -> None:
        """Evict leaves of earlier periods until no more than `most` bytes are left."""
        while self.n_bytes > most and self._nodes:
            node = next(iter(self._nodes))
            if node.period == self._period:
                return
            del self._nodes[node]
            del self._below(node.parent)[node.tokens[0]]
            self.n_bytes -= node.kept.n_bytes


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """one (Sequence[int]): Tokens.
    other (Sequence[int]): Other tokens.
    RETURNS (int): The number of tokens with which both begin.
    """
    shorter = min(len(one), len(other))
    return next((n for n in range(shorter) if one[n] != other[n]), shorter)
