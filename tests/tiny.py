"""Tiny models and tokenizers of the kinds that users bring, made in the test.

Each family is a randomly initialised model of its class, with a tokenizer of its kind and a chat
template of its shape, saved as the files that a hub holds.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tokenizers
import torch
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import (
    BertConfig,
    BertLMHeadModel,
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    Glm4Config,
    Glm4ForCausalLM,
    GlmConfig,
    GlmForCausalLM,
    GPTNeoConfig,
    GPTNeoForCausalLM,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    GraniteConfig,
    GraniteForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    MptConfig,
    MptForCausalLM,
    Phi3Config,
    Phi3ForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from spacy_el4ner.training.vocabulary import build_tokenizer, extend

TEXTS = [
    "Bill paid the bill in Paris.",
    "Ann Lee of Acme Ltd. met Søren Ødegård in İstanbul, then left for São Paulo.",
    "Who saw the Titanic sink? Nobody at Yahoo! did, they said.",
    "魏丞相使怒去，歸告懷王。秦王聞之大喜。",
    "PERSON ORG GPE none true false copy mark names text what is in the entity types",
]
LABELS = {"PERSON": "people", "ORG": "organisations", "GPE": "countries and cities"}


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


@dataclass(frozen=True)
class Family:
    """config (type), model (type): Its classes.
    tokens (Tokens): Its tokenizer.
    template (str | None): Its chat template.
    turn_end (str): The token after an answer.
    extra (Mapping[str, Any]): Settings of its config.
    """

    config: Any
    model: Any
    tokens: Tokens
    template: str | None
    turn_end: str
    extra: Mapping[str, Any] = field(default_factory=dict)


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


def turns(opening: str, closing: str, answer: str, start: str = "") -> str:
    """A chat template; `opening` and `answer` (which opens an answer) are Jinja, "role" the role."""
    return (
        f"{start}{{% for m in messages %}}{{% set role = m['role'] %}}{opening}{{{{ m['content'] }}}}"
        f"{closing}{{% endfor %}}{{% if add_generation_prompt %}}{answer}{{% endif %}}"
    )


CHATML = turns("<|im_start|>{{ role }}\n", "<|im_end|>\n", "<|im_start|>assistant\n")
NO_THINKING = CHATML.replace(
    "assistant\n{% endif %}",
    "assistant\n{% if enable_thinking is defined and not enable_thinking %}"
    "<think>\n\n</think>\n\n{% endif %}{% endif %}",
)
HEADERS = turns(
    "<|start_header_id|>{{ role }}<|end_header_id|>\n\n",
    "<|eot_id|>",
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "{{ bos_token }}",
)
SEPARATED = turns("<|im_start|>{{ role }}<|im_sep|>", "<|im_end|>", "<|im_start|>assistant<|im_sep|>")
PHI = turns("<|{{ role }}|>\n", "<|end|>\n", "<|assistant|>\n")
SOP = turns("<|{{ role }}|>\n", "", "<|assistant|>", "[gMASK]<sop>")
ROLES = turns(
    "<|start_of_role|>{{ role }}<|end_of_role|>",
    "<|end_of_text|>\n",
    "<|start_of_role|>assistant<|end_of_role|>",
)
INST = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'assistant' %} {{ m['content'] }}"
    "{{ eos_token }}{% elif m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]"
    "{% else %}{{ raise_exception('only user and assistant roles') }}{% endif %}{% endfor %}"
)
START_OF_TURN = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
) + turns(
    "<start_of_turn>{{ 'model' if role == 'assistant' else role }}\n",
    "<end_of_turn>\n",
    "<start_of_turn>model\n",
    "{{ bos_token }}",
)
CLS_SEP = turns("", "[SEP]", "", "[CLS]")

SIZE = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 1024,
    "initializer_range": 0.3,
}
NARROW, WIDE = 16, 4096
"""Sliding windows: of fewer tokens than any prompt has, and of more than any has."""
SLIDES = {"layer_types": ["sliding_attention", "full_attention"], "query_pre_attn_scalar": 8}
TWO_KINDS = [[["global", "local"], 1]]
LOCAL = {"num_layers": 2, "num_heads": 4, "attention_types": TWO_KINDS, "window_size": NARROW}
MPT_SIZE = {"d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": 1024}

FAMILIES = {
    "qwen2": Family(Qwen2Config, Qwen2ForCausalLM, QWEN, CHATML, "<|im_end|>"),
    "qwen3": Family(Qwen3Config, Qwen3ForCausalLM, QWEN, NO_THINKING, "<|im_end|>"),
    "llama": Family(LlamaConfig, LlamaForCausalLM, LLAMA_3, HEADERS, "<|eot_id|>"),
    "unigram": Family(LlamaConfig, LlamaForCausalLM, UNIGRAM, INST, "</s>"),
    "mistral": Family(
        MistralConfig, MistralForCausalLM, MISTRAL, INST, "</s>", {"sliding_window": NARROW}
    ),
    "mistral_wide": Family(
        MistralConfig, MistralForCausalLM, MISTRAL, INST, "</s>", {"sliding_window": WIDE}
    ),
    "phi3": Family(Phi3Config, Phi3ForCausalLM, PHI_3, PHI, "<|end|>", {"sliding_window": WIDE}),
    "phi4": Family(Phi3Config, Phi3ForCausalLM, PHI_4, SEPARATED, "<|im_end|>"),
    "glm": Family(GlmConfig, GlmForCausalLM, GLM_4, SOP, "<|user|>"),
    "glm4": Family(Glm4Config, Glm4ForCausalLM, GLM_4, SOP, "<|user|>"),
    "gemma2": Family(
        Gemma2Config,
        Gemma2ForCausalLM,
        GEMMA,
        START_OF_TURN,
        "<end_of_turn>",
        {**SLIDES, "sliding_window": WIDE, "attn_logit_softcapping": 2.0},
    ),
    "gemma3": Family(
        Gemma3TextConfig,
        Gemma3ForCausalLM,
        GEMMA,
        START_OF_TURN,
        "<end_of_turn>",
        {**SLIDES, "sliding_window": NARROW},
    ),
    "gpt_neox": Family(GPTNeoXConfig, GPTNeoXForCausalLM, GPT_NEOX, None, "<|endoftext|>"),
    "gpt_neo": Family(GPTNeoConfig, GPTNeoForCausalLM, GPT_NEOX, None, "<|endoftext|>", LOCAL),
    "mpt": Family(MptConfig, MptForCausalLM, GPT_NEOX, None, "<|endoftext|>", MPT_SIZE),
    "granite": Family(GraniteConfig, GraniteForCausalLM, GRANITE, ROLES, "<|end_of_text|>"),
    "compact": Family(
        BertConfig,
        BertLMHeadModel,
        COMPACT,
        CLS_SEP,
        "[SEP]",
        {"is_decoder": True, "max_position_embeddings": 512},
    ),
}


def save_family(folder: Path, family: str | Family, seed: int = 0, **extra: Any) -> Path:
    """family (str | Family): A family, or a name in FAMILIES.
    extra (Any): More settings of its config.
    RETURNS (Path): The folder, now with a model and its tokenizer.
    """
    chosen = FAMILIES[family] if isinstance(family, str) else family
    size = _save_tokenizer(folder, chosen)
    torch.manual_seed(seed)
    # Not those of the real models, which lie outside of so small a vocabulary.
    ids = {"pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}
    config = chosen.config(**{"vocab_size": size, **SIZE, **ids, **chosen.extra, **extra})
    chosen.model(config).eval().save_pretrained(folder)
    return folder


def save_tokenizer(folder: Path, family: str) -> Path:
    """family (str): A name in FAMILIES.
    RETURNS (Path): The folder, now with a tokenizer.
    """
    _save_tokenizer(folder, FAMILIES[family])
    return folder


def save_compact(folder: Path, seed: int) -> Path:
    """A randomly initialised decoder of the compact backbones' kind."""
    return save_family(folder, "compact", seed)


def _save_tokenizer(folder: Path, family: Family) -> int:
    """Write the tokenizer's files and return its size."""
    tokens = family.tokens
    tokenizer = tokens.train(tokens.special)
    tokenizer.add_special_tokens(
        [AddedToken(t, special=True, normalized=False) for t in tokens.special]
    )
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in tokens.added])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    added = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["added_tokens"]
    config = {
        "tokenizer_class": tokens.files_as,
        "added_tokens_decoder": {str(t.pop("id")): t for t in added},
        "eos_token": tokens.special[0],
        **tokens.names,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 512,
    }
    if family.template is not None:
        config["chat_template"] = family.template
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return tokenizer.get_vocab_size()
