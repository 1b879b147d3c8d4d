"""Tiny models and tokenizers of the kinds that users bring, made in the test."""

from pathlib import Path

import tokenizers
import torch
from tokenizers import decoders, models, pre_tokenizers, trainers
from transformers import (
    BertConfig,
    BertLMHeadModel,
    GlmConfig,
    GlmForCausalLM,
    GraniteConfig,
    GraniteForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    Phi3Config,
    Phi3ForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
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
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SIZE = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
}
CLASSES = {
    "glm": (GlmConfig, GlmForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "llama": (LlamaConfig, LlamaForCausalLM),
    "phi3": (Phi3Config, Phi3ForCausalLM),
    "granite": (GraniteConfig, GraniteForCausalLM),
}


def save_compact(folder: Path, seed: int, context: int = 512) -> Path:
    """A randomly initialised decoder of the compact backbones' kind."""
    words = sorted({w.lower() for text in TEXTS for w in text.replace(".", " ").split()})
    letters = sorted(
        {c.lower() for w in words for c in w}
        | set("abcdefghijklmnopqrstuvwxyz0123456789.,!?;:'\"<>/|#=()-")
    )
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    vocabulary = extend([*pieces, *(w for w in words if w not in pieces)], TEXTS, ("<e>", "</e>"))
    tokenizer = build_tokenizer(vocabulary, context)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=context,
        is_decoder=True,
        initializer_range=0.3,
        pad_token_id=0,
    )
    BertLMHeadModel(config).eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_family(folder: Path, family: str, seed: int = 0) -> Path:
    """A randomly initialised model of a family of the hub, with a byte-level BPE tokenizer."""
    bpe = tokenizers.Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator(TEXTS * 3, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.chat_template = CHATML
    torch.manual_seed(seed)
    config_class, model_class = CLASSES[family]
    config = config_class(vocab_size=len(tokenizer), initializer_range=0.3, pad_token_id=0, **SIZE)
    model_class(config).eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
