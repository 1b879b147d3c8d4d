"""The tokenizer of a GGUF file as a fast tokenizer of the transformers library.

The metadata is sufficient to build it. The conversion in transformers takes minutes for a large
vocabulary, confuses the token that begins a text with the one that ends it, and reads Gemma's
vocabulary as a unigram model's, so that words are split differently than in training.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

UNKNOWN, CONTROL, USER_DEFINED = 2, 3, 4
"""Types of tokens."""
SPACE = "\u2581"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
PATTERNS = {
    "gpt-2": (GPT2,),
    "llama-bpe": (LLAMA3,),
    "llama3": (LLAMA3,),
    "qwen2": (QWEN2,),
    **dict.fromkeys(("smollm", "starcoder", "refact", "command-r"), (r"\p{N}", GPT2)),
}
"""Name of a pre-tokenizer -> its regular expressions, applied one after another."""


def is_supported(metadata: Mapping[str, Any]) -> bool:
    """metadata (Mapping[str, Any]): The metadata of a GGUF file.
    RETURNS (bool): Whether this module can build the tokenizer.
    """
    kind = metadata.get("tokenizer.ggml.model")
    return kind == "llama" or (kind == "gpt2" and metadata.get("tokenizer.ggml.pre") in PATTERNS)


def write_tokenizer(metadata: Mapping[str, Any], folder: Path) -> None:
    """metadata (Mapping[str, Any]): The metadata of a GGUF file whose tokenizer is supported.
    folder (Path): The folder to which the tokenizer is written.
    """
    tokens: list[str] = metadata["tokenizer.ggml.tokens"]
    tokenizer = _BUILDERS[metadata["tokenizer.ggml.model"]](metadata)
    kinds = metadata.get("tokenizer.ggml.token_type") or [1] * len(tokens)
    _add_tokens(tokenizer, tokens, kinds)
    special = _special_tokens(metadata, tokens)
    bos = special.get("bos_token")
    if bos is not None and _adds_bos(metadata):
        from tokenizers.processors import TemplateProcessing

        tokenizer.post_processor = TemplateProcessing(
            single=f"{bos} $A", pair=f"{bos} $A {bos}:1 $B:1", special_tokens=[(bos, tokens.index(bos))]
        )
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        **special,
    }
    if template := metadata.get("tokenizer.chat_template"):
        config["chat_template"] = template
    text = json.dumps(config, indent=2, ensure_ascii=False)
    (folder / "tokenizer_config.json").write_text(text, encoding="utf8")


def _byte_level(metadata: Mapping[str, Any]) -> Any:
    """A byte-level BPE tokenizer, as in GPT-2."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    ids = {token: n for n, token in enumerate(metadata["tokenizer.ggml.tokens"])}
    merges = [tuple(merge.split(" ", 1)) for merge in metadata["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE(ids, merges))
    cuts = [
        pre_tokenizers.Split(Regex(pattern), "isolated")
        for pattern in PATTERNS[metadata["tokenizer.ggml.pre"]]
    ]
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*cuts, to_bytes])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _sentence_piece(metadata: Mapping[str, Any]) -> Any:
    """A BPE tokenizer over characters that falls back to bytes, as in SentencePiece."""
    from tokenizers import Tokenizer, decoders, models, normalizers

    tokens: list[str] = metadata["tokenizer.ggml.tokens"]
    ids = {token: n for n, token in enumerate(tokens)}
    merges = _merges(ids, metadata["tokenizer.ggml.scores"])
    unknown = tokens[metadata.get("tokenizer.ggml.unknown_token_id", 0)]
    tokenizer = Tokenizer(models.BPE(ids, merges, unk_token=unknown, fuse_unk=True, byte_fallback=True))
    begins_with_space = metadata.get("tokenizer.ggml.add_space_prefix", True)
    spaces: list[Any] = [normalizers.Replace(" ", SPACE)]
    words: list[Any] = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    if begins_with_space:
        spaces.insert(0, normalizers.Prepend(SPACE))
        words.append(decoders.Strip(" ", 1, 0))
    tokenizer.normalizer = normalizers.Sequence(spaces)
    tokenizer.decoder = decoders.Sequence(words)
    return tokenizer


_BUILDERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "gpt2": _byte_level,
    "llama": _sentence_piece,
}


def _merges(ids: Mapping[str, int], scores: Sequence[float]) -> list[tuple[str, str]]:
    """Every way to merge two tokens into a third, in order of the latter's score, best first."""

    def halves() -> Iterator[tuple[float, int, int, str, str]]:
        for token, n in ids.items():
            for cut in range(1, len(token)):
                left, right = token[:cut], token[cut:]
                if left in ids and right in ids:
                    yield -scores[n], ids[left], ids[right], left, right

    return [(left, right) for _, _, _, left, right in sorted(halves())]


def _add_tokens(tokenizer: Any, tokens: Sequence[str], kinds: Sequence[int]) -> None:
    """Add control tokens and user-defined tokens, which are matched before text is split into words."""
    from tokenizers import AddedToken

    chosen = [
        AddedToken(token, special=kind in (UNKNOWN, CONTROL), normalized=False)
        for token, kind in zip(tokens, kinds, strict=True)
        if kind in (UNKNOWN, CONTROL, USER_DEFINED)
    ]
    tokenizer.add_tokens(chosen)


def _special_tokens(metadata: Mapping[str, Any], tokens: Sequence[str]) -> dict[str, Any]:
    names = {"bos": "bos", "eos": "eos", "unknown": "unk", "padding": "pad"}
    ids = {short: metadata.get(f"tokenizer.ggml.{name}_token_id") for name, short in names.items()}
    return {f"{name}_token": tokens[n] for name, n in ids.items() if n is not None}


def _adds_bos(metadata: Mapping[str, Any]) -> bool:
    default = metadata["tokenizer.ggml.model"] == "llama"
    return bool(metadata.get("tokenizer.ggml.add_bos_token", default))
