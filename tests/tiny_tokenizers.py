"""Tiny tokenizers of the kinds that users bring, trained in the test."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import tokenizers
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, trainers

from spacy_el4ner.training.vocabulary import build_tokenizer, extend

TEXTS = [
    "Bill paid the bill in Paris.",
    "Ann Lee of Acme Ltd. met Søren Ødegård in İstanbul, then left for São Paulo.",
    "Who saw the Titanic sink? Nobody at Yahoo! did, they said.",
    "魏丞相使怒去，歸告懷王。秦王聞之大喜。",
    "PERSON ORG GPE none true false copy mark names text what is in the entity types",
]


@dataclass(frozen=True)
class Tokens:
    """A tokenizer of some kind.

    train (Callable[[tuple[str, ...]], Tokenizer]): Makes one that has the given special tokens.
    files_as (str): The class that the files of the hub name.
    special (tuple[str, ...]): The special tokens, the one that ends a text first.
    added (tuple[str, ...]): Tokens that are added without being special.
    names (Mapping[str, str]): Which of them is what, beside `eos_token`.
    """

    train: Callable[[tuple[str, ...]], tokenizers.Tokenizer]
    files_as: str
    special: tuple[str, ...]
    added: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


def byte_level(pattern: str | None, nfc: bool = False) -> Callable[..., tokenizers.Tokenizer]:
    """pattern (str | None): Cuts the text before merging; None for GPT-2's way."""

    def train(special: tuple[str, ...]) -> tokenizers.Tokenizer:
        bpe = tokenizers.Tokenizer(models.BPE())
        cut = [pre_tokenizers.Split(Regex(pattern), "isolated")] if pattern else []
        bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not pattern)
        bpe.normalizer = normalizers.NFC() if nfc else None
        bpe.pre_tokenizer = pre_tokenizers.Sequence([*cut, bytes_])
        bpe.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=600,
            special_tokens=list(special),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        bpe.train_from_iterator(TEXTS * 3, trainer)
        return bpe

    return train


def sentencepiece(kind: str, prefix: str) -> Callable[..., tokenizers.Tokenizer]:
    """A tokenizer as the fast ones are converted from SentencePiece; it spells Chinese in bytes.

    kind (str): "bpe" or "unigram".
    prefix (str): What puts a "▁" before a text: the "normalizer", the "pre_tokenizer", or "nothing".
    """

    def train(special: tuple[str, ...]) -> tokenizers.Tokenizer:
        learner, trainer = (
            (models.BPE(), trainers.BpeTrainer(vocab_size=200, show_progress=False))
            if kind == "bpe"
            else (models.Unigram(), trainers.UnigramTrainer(vocab_size=150, show_progress=False))
        )
        raw = tokenizers.Tokenizer(learner)
        raw.pre_tokenizer = pre_tokenizers.Metaspace()
        raw.train_from_iterator([t for t in TEXTS * 3 if t.isprintable() and "魏" not in t], trainer)
        learnt = json.loads(raw.to_str())["model"]
        first = [*special, "<unk>", *(f"<0x{n:02X}>" for n in range(256)), "▁"]
        if kind == "bpe":
            pieces = dict.fromkeys([*first, *learnt["vocab"]])
            model: Any = models.BPE(
                vocab={piece: n for n, piece in enumerate(pieces)},
                merges=[tuple(merge) for merge in learnt["merges"]],
                unk_token="<unk>",
                fuse_unk=True,
                byte_fallback=True,
            )
        else:
            scores = dict.fromkeys(first, -20.0) | dict(map(tuple, learnt["vocab"]))
            model = models.Unigram(list(scores.items()), first.index("<unk>"), byte_fallback=True)
        tokenizer = tokenizers.Tokenizer(model)
        space = normalizers.Replace(" ", "▁")
        if prefix == "pre_tokenizer":
            tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
        elif prefix == "normalizer":
            tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), space])
        else:
            tokenizer.normalizer = space
        strip = [] if prefix == "nothing" else [decoders.Strip(" ", 1, 0)]
        tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *strip]
        )
        return tokenizer

    return train


def wordpiece(special: tuple[str, ...]) -> tokenizers.Tokenizer:
    """The tokenizer of the compact backbones. It knows neither white space nor accents."""
    words = sorted({w.lower() for text in TEXTS for w in text.replace(".", " ").split()})
    letters = sorted(
        {c.lower() for w in words for c in w}
        | set("abcdefghijklmnopqrstuvwxyz0123456789.,!?;:'\"<>/|#=()-")
    )
    pieces = [*special, *letters, *(f"##{c}" for c in letters)]
    vocabulary = extend([*pieces, *(w for w in words if w not in pieces)], TEXTS, ("<e>", "</e>"))
    return build_tokenizer(vocabulary, 512).backend_tokenizer


WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
MARKS = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
ONE_DIGIT, THREE_DIGITS = WORDS + r"\p{N}" + MARKS, WORDS + r"\p{N}{1,3}" + MARKS

QWEN = Tokens(
    byte_level(ONE_DIGIT, nfc=True),
    "Qwen2Tokenizer",
    ("<|im_end|>", "<|im_start|>", "<|endoftext|>"),
    ("<think>", "</think>"),
    {"pad_token": "<|endoftext|>"},
)
LLAMA_3 = Tokens(
    byte_level(THREE_DIGITS),
    "PreTrainedTokenizerFast",
    ("<|eot_id|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>"),
    names={"bos_token": "<|begin_of_text|>"},
)
PHI_4 = Tokens(
    byte_level(THREE_DIGITS),
    "GPT2Tokenizer",
    ("<|im_end|>", "<|im_start|>", "<|im_sep|>", "<|endoftext|>"),
    names={"bos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"},
)
GLM_4 = Tokens(
    byte_level(THREE_DIGITS),
    "PreTrainedTokenizerFast",
    ("<|endoftext|>", "[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>"),
    names={"pad_token": "<|endoftext|>"},
)
GPT_NEOX = Tokens(
    byte_level(None),
    "GPTNeoXTokenizer",
    ("<|endoftext|>",),
    names={"bos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"},
)
GRANITE = Tokens(
    byte_level(None),
    "GPT2Tokenizer",
    ("<|end_of_text|>", "<|start_of_role|>", "<|end_of_role|>"),
    names={"bos_token": "<|end_of_text|>", "pad_token": "<|end_of_text|>"},
)
MISTRAL = Tokens(
    sentencepiece("bpe", "normalizer"),
    "LlamaTokenizer",
    ("</s>", "<s>"),
    names={"bos_token": "<s>", "unk_token": "<unk>"},
)
UNIGRAM = Tokens(
    sentencepiece("unigram", "pre_tokenizer"),
    "PreTrainedTokenizerFast",
    ("</s>", "<s>"),
    names={"bos_token": "<s>", "unk_token": "<unk>"},
)
PHI_3 = Tokens(
    sentencepiece("bpe", "normalizer"),
    "LlamaTokenizer",
    ("<|endoftext|>", "<s>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"),
    names={"bos_token": "<s>", "unk_token": "<unk>", "pad_token": "<|endoftext|>"},
)
GEMMA = Tokens(
    sentencepiece("bpe", "nothing"),
    "GemmaTokenizer",
    ("<eos>", "<pad>", "<bos>", "<start_of_turn>", "<end_of_turn>"),
    names={"bos_token": "<bos>", "unk_token": "<unk>", "pad_token": "<pad>"},
)
COMPACT = Tokens(
    wordpiece,
    "PreTrainedTokenizerFast",
    ("[SEP]", "[PAD]", "[UNK]", "[CLS]", "[MASK]"),
    names={"bos_token": "[CLS]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"},
)
