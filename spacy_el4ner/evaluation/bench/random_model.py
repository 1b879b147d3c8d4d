"""Models of a given shape with random weights, to measure speed without a model hub.

The speed of decoding depends on the weights only through how often drafts are right. So the head is
biased: opening tags are as rare as in the gold answers, mentions about as long, and choices clear.
"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import torch
from torch import nn

from spacy_el4ner.backends.loading import LoadedModel
from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.evaluation.bench.backends import SharedModelBackend
from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.formats.base import Format

SHAPES: dict[str, dict[str, int]] = {
    "qwen2-7b": {
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
        "vocab_size": 152064,
        "max_position_embeddings": 32768,
    },
    "qwen2-tiny": {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": 152064,
        "max_position_embeddings": 32768,
    },
}
SHARPNESS = 8.0
"""Multiplier for the logits of a newly initialised head, which are nearly uniform."""


def random_backend(
    shape: str, tokenizer: str, device: str, sentences: Sequence[Sentence], format: Format
) -> SharedModelBackend:
    """shape (str): Name of one of `SHAPES`.
    tokenizer (str): A model whose tokenizer is used; it has at most as many tokens as the shape.
    device (str): The device of the model.
    sentences (Sequence[Sentence]): The sentences, whose gold answers determine the bias of the head.
    format (Format): The format of the answers.
    RETURNS (SharedModelBackend): The backend with the model.
    """
    context = SHAPES[shape]["max_position_embeddings"]
    backend = SharedModelBackend(tokenizer, device=device, context=context, local_files_only=True)
    model = _build(shape, device)
    _steer(model, backend.tokens, sentences, format)
    backend.given = LoadedModel(f"{shape}, random weights", model)
    return backend


def _build(shape: str, device: str) -> Any:
    from transformers import AutoModelForCausalLM, Qwen2Config

    torch.manual_seed(0)
    config = Qwen2Config(**SHAPES[shape], tie_word_embeddings=False)
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            return AutoModelForCausalLM.from_config(config).eval()
    finally:
        torch.set_default_dtype(usual)


def _steer(model: Any, tokens: PieceTokenizer, sentences: Sequence[Sentence], format: Format) -> None:
    head = model.get_output_embeddings()
    bias = torch.zeros(head.out_features, dtype=head.weight.dtype, device=head.weight.device)
    spread = model.config.initializer_range * model.config.hidden_size**0.5 * 2**0.5
    opening, closing = _chances(sentences)
    for s in sentences:
        for before, after in format.marks(s.window):
            bias[[tokens.piece(before)[0], tokens.piece(f" {before}")[0]]] = spread * opening
            bias[tokens.piece(after)[0]] = spread * closing
    with torch.no_grad():
        head.weight.mul_(SHARPNESS)
    head.bias = nn.Parameter(bias * SHARPNESS, requires_grad=False)


def _chances(sentences: Sequence[Sentence]) -> tuple[float, float]:
    """The bias of an opening tag and of a closing tag, in standard deviations."""
    tokens = sum(len(s.window.tokens) for s in sentences)
    mentions = sum(len(s.gold) for s in sentences)
    inside = sum(m.start <= t[0] < m.end for s in sentences for m in s.gold for t in s.window.tokens)
    chances = (mentions / max(1, tokens), mentions / max(1, inside))
    opening, closing = (NormalDist().inv_cdf(min(0.98, max(0.02, p))) for p in chances)
    return opening, closing
