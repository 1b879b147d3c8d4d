"""A small causal language model with the layers and embeddings of all-MiniLM-L6-v2."""

from collections.abc import Iterable, Sequence

import torch
from transformers import BertConfig, BertLMHeadModel, BertModel, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from spacy_el4ner import minilm
from spacy_el4ner.training.vocabulary import build_tokenizer, extend, extend_embeddings

CASE_SHIFT = 0.6
"""Distance of the embedding of a cased twin from its lower-case piece, in mean embedding lengths."""


def warm_start(
    texts: Iterable[str], layers: Sequence[int], tags: Sequence[str], seed: int, dropout: float = 0.1
) -> tuple[BertLMHeadModel, PreTrainedTokenizerFast]:
    """texts (Iterable[str]): The training text; its characters are added to the vocabulary.
    layers (Sequence[int]): Which layers of the encoder the decoder keeps.
    tags (Sequence[str]): Tags that become one token each, such as "<e>".
    seed (int): Seed of the new weights.
    dropout (float): Dropout of the layers in training; the default is that of the encoder.
    RETURNS (tuple[BertLMHeadModel, PreTrainedTokenizerFast]): A decoder with layers of the
        encoder, and its cased tokenizer.
    """
    level = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()  # the encoder's pooler is left out on purpose
    source = BertModel.from_pretrained(minilm.path(), add_pooling_layer=False)
    transformers_logging.set_verbosity(level)
    pieces = (minilm.path() / "vocab.txt").read_text(encoding="utf8").splitlines()
    vocabulary = extend(pieces, texts, tags)
    tokenizer = build_tokenizer(vocabulary, source.config.max_position_embeddings)
    settings = {
        **source.config.to_dict(),
        "architectures": ["BertLMHeadModel"],
        "is_decoder": True,
        "num_hidden_layers": len(layers),
        "vocab_size": len(vocabulary.pieces) + len(tags),
        "attention_probs_dropout_prob": 0.0,
        "hidden_dropout_prob": dropout,
        "tie_word_embeddings": True,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    model = BertLMHeadModel(BertConfig(**settings))
    generator = torch.Generator().manual_seed(seed)
    words = source.embeddings.word_embeddings.weight.detach()
    embeddings = {
        **source.embeddings.state_dict(),
        "word_embeddings.weight": extend_embeddings(words, vocabulary, generator, CASE_SHIFT),
    }
    model.bert.embeddings.load_state_dict(embeddings)
    for new, old in enumerate(layers):
        model.bert.encoder.layer[new].load_state_dict(source.encoder.layer[old].state_dict())
    with torch.no_grad():
        # The encoder has no such layer; it starts as the identity.
        transform = model.cls.predictions.transform.dense
        transform.weight.copy_(torch.eye(source.config.hidden_size))
        transform.bias.zero_()
    model.tie_weights()
    return model, tokenizer
