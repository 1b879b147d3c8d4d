"""Tiny GLiNER models of each kind, made in the test and saved by the library."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig, PreTrainedTokenizerFast

from tests.tiny_tokenizers import COMPACT

gliner = pytest.importorskip("gliner", reason="needs GLiNER (extra 'gliner')")

KINDS: dict[str, dict[str, Any]] = {
    "spans": {"span_mode": "markerV0"},
    "tokens": {"span_mode": "token_level"},
    "labels apart": {"span_mode": "markerV0", "labels_encoder": "tiny"},
}
POSITIONS = 64


def tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer that drops control characters and accents."""
    trained = COMPACT.train(COMPACT.special)
    return PreTrainedTokenizerFast(
        tokenizer_object=trained, pad_token="[PAD]", eos_token="[SEP]", **COMPACT.names
    )


def save_gliner(folder: Path, kind: str = "spans", seed: int = 0, **settings: Any) -> Path:
    """kind (str): A name in KINDS.
    settings (Any): More settings of its config.
    RETURNS (Path): The folder, now with a model.
    """
    text_tokenizer = tokenizer()
    encoder = BertConfig(
        vocab_size=len(text_tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=1,
        num_attention_heads=4,
        max_position_embeddings=POSITIONS,
        initializer_range=0.3,
    ).to_dict()
    config = {
        "model_name": "tiny",
        "encoder_config": encoder,
        "hidden_size": 32,
        "max_width": 3,
        "max_len": 12,
        **KINDS[kind],
        **settings,
    }
    more = {}
    if config.get("labels_encoder"):
        config["labels_encoder_config"] = dict(encoder)
        more["labels_tokenizer"] = tokenizer()
    cls = gliner.GLiNER._get_gliner_class(gliner.GLiNERConfig(**config))
    parsed = cls.config_class(**config)
    torch.manual_seed(seed)
    model = cls(parsed, tokenizer=text_tokenizer, backbone_from_pretrained=False, **more)
    if not more:
        cls._resize_token_embeddings(model, parsed, text_tokenizer)
    model.eval().save_pretrained(folder, safe_serialization=True)
    return folder
