"""Tiny models of the kinds that users bring, made in the test.

Each family is a randomly initialised model of its class, with a tokenizer of its kind and a chat
template of its shape, saved as the files that a hub holds.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken
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

from tests.tiny_tokenizers import (
    COMPACT,
    GEMMA,
    GLM_4,
    GPT_NEOX,
    GRANITE,
    LLAMA_3,
    MISTRAL,
    PHI_3,
    PHI_4,
    QWEN,
    UNIGRAM,
    Tokens,
)

LABELS = {"PERSON": "people", "ORG": "organisations", "GPE": "countries and cities"}


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
