"""A cased vocabulary for an uncased encoder.

Capital letters are the best single sign of a name, and all-MiniLM-L6-v2 does not see them. So each
lower-case piece of its vocabulary gets cased twins, "ann" -> "Ann" (and "ANN" if it is short or
common). The embedding of a twin is that of the piece plus one fixed vector, the same for all twins of a
kind, so from the first sentence on the layers can learn what that direction means.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import tokenizers
import torch
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

CHAT_TEMPLATE = "[CLS]{% for m in messages %}{{ m['content'] }}[SEP]{% endfor %}"
SPECIAL_TOKENS = {
    "bos_token": "[CLS]",
    "eos_token": "[SEP]",
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "mask_token": "[MASK]",
}
"""Special tokens of the tokenizers of compact models."""
COMMON_RANK = 8000
"""Pieces before this rank of the vocabulary, which is sorted by frequency, get an upper-case twin."""
SHORT = 4
"""Pieces of at most this many letters get one too, as parts of acronyms."""


@dataclass(frozen=True)
class Vocabulary:
    """A WordPiece vocabulary with cased twins.

    pieces (list[str]): The pieces, new ones last.
    origins (list[tuple[int, str]]): For each new piece, the piece it comes from (-1 for none) and its
        kind: "title", "upper" or "new".
    tags (list[str]): Tags, each of which is one token behind the pieces.
    """

    pieces: list[str]
    origins: list[tuple[int, str]]
    tags: list[str]


def extend(pieces: Sequence[str], texts: Iterable[str], tags: Sequence[str]) -> Vocabulary:
    """Add the cased twins and the characters of the training text that the vocabulary lacks.

    pieces (Sequence[str]): The lower-case vocabulary.
    texts (Iterable[str]): The training text.
    tags (Sequence[str]): Tags that become one token each, such as "<e>".
    RETURNS (Vocabulary): The larger vocabulary.
    """
    existing = {piece: n for n, piece in enumerate(pieces)}
    wanted: dict[str, tuple[int, str]] = {}
    for n, piece in enumerate(pieces):
        mark, word = ("##", piece[2:]) if piece.startswith("##") else ("", piece)
        if not word or (word[0] == "[" and word[-1] == "]"):
            continue
        title = mark + word[0].upper() + word[1:]
        upper = mark + word.upper()
        if len(title) == len(piece) and title not in existing:
            wanted.setdefault(title, (n, "title"))
        if len(upper) == len(piece) and (n < COMMON_RANK or len(word) <= SHORT):
            wanted.setdefault(upper, (n, "upper"))
    wanted = {piece: origin for piece, origin in wanted.items() if piece not in existing}
    normalizer = _normalizer()
    characters = sorted({c for text in texts for c in normalizer.normalize_str(text)})
    for character in characters:
        for piece in (character, f"##{character}"):
            if not character.isspace() and piece not in existing and piece not in wanted:
                wanted[piece] = (-1, "new")
    return Vocabulary([*pieces, *wanted], list(wanted.values()), list(tags))


def build_tokenizer(vocabulary: Vocabulary, max_length: int) -> PreTrainedTokenizerFast:
    """vocabulary (Vocabulary): Its vocabulary.
    max_length (int): Tokens of the context.
    RETURNS (PreTrainedTokenizerFast): A cased WordPiece tokenizer with a chat template.
    """
    ids = {piece: n for n, piece in enumerate(vocabulary.pieces)}
    tokenizer = tokenizers.Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = _normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.add_tokens([AddedToken(tag, normalized=False) for tag in vocabulary.tags])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        cls_token="[CLS]",
        sep_token="[SEP]",
        **SPECIAL_TOKENS,
        model_max_length=max_length,
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def extend_embeddings(
    weights: torch.Tensor, vocabulary: Vocabulary, generator: torch.Generator, shift: float
) -> torch.Tensor:
    """weights (Tensor): The embeddings of the lower-case vocabulary, (pieces, width).
    vocabulary (Vocabulary): The larger vocabulary.
    generator (Generator): Draws the two fixed vectors and the embeddings of new pieces.
    shift (float): Length of the fixed vectors, in mean lengths of an embedding.
    RETURNS (Tensor): Embeddings of all pieces and tags, (pieces + tags, width).
    """
    width = weights.shape[1]
    mean_length = weights.norm(dim=1).mean()
    moves = {
        kind: torch.nn.functional.normalize(torch.randn(width, generator=generator), dim=0)
        * (mean_length * shift)
        for kind in ("title", "upper")
    }
    spread = weights.std(dim=0)
    rows = [
        weights[origin] + moves[kind]
        if origin >= 0
        else weights.mean(0) + torch.randn(width, generator=generator) * spread
        for origin, kind in (*vocabulary.origins, *((-1, "new") for _ in vocabulary.tags))
    ]
    return torch.cat([weights, torch.stack(rows)])


def _normalizer() -> normalizers.Normalizer:
    return normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=False
    )
