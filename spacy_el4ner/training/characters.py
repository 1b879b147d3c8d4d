"""A small causal language model of characters, for scripts without spaces.

Its vocabulary is the characters that occur repeatedly in the training text. Before it learns to tag, it
learns to copy: first random strings, then sentences of which some characters are masked. That teaches
what tagging needs: to find the place in the sentence that is being copied, and to know a character by
its context on both sides.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence

import tokenizers
from tokenizers import AddedToken, Regex, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.training.sft.examples import TrainingExample
from spacy_el4ner.training.trees import TokenChoice
from spacy_el4ner.training.vocabulary import CHAT_TEMPLATE, SPECIAL_TOKENS

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
ASCII = [chr(n) for n in range(32, 127)]
REPEATED = 2
"""Rarer characters are unknown, so that the model learns what to do with unknown ones."""
DRILL = (4, 12)
"""Shortest and longest random string, in characters."""


def build_tokenizer(
    texts: Iterable[str], tags: Sequence[str], max_length: int
) -> PreTrainedTokenizerFast:
    """texts (Iterable[str]): The training text.
    tags (Sequence[str]): Tags, each of which becomes one token.
    max_length (int): Tokens of the context.
    RETURNS (PreTrainedTokenizerFast): A tokenizer with one token per character.
    """
    counts = Counter(c for text in texts for c in text)
    repeated = sorted(c for c, n in counts.items() if n >= REPEATED and c not in ASCII)
    ids = {token: n for n, token in enumerate([*SPECIAL, *ASCII, *repeated])}
    tokenizer = tokenizers.Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.add_tokens([AddedToken(tag, normalized=False) for tag in tags])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        **SPECIAL_TOKENS,
        model_max_length=max_length,
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def build_model(
    tokenizer: PreTrainedTokenizerFast, width: int, layers: int, heads: int
) -> LlamaForCausalLM:
    """tokenizer (PreTrainedTokenizerFast): The tokenizer, which sets the vocabulary and the context.
    width (int): Hidden size.
    layers (int): Number of layers.
    heads (int): Attention heads per layer.
    RETURNS (LlamaForCausalLM): A new model with random weights.
    """
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=3 * width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=heads,
            max_position_embeddings=tokenizer.model_max_length,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def denoising_examples(
    tokenizer: PieceTokenizer, texts: Sequence[str], mask_rate: float, rng: random.Random
) -> list[TrainingExample]:
    """tokenizer (PieceTokenizer): The model's tokenizer.
    texts (Sequence[str]): Sentences.
    mask_rate (float): Share of the characters that are masked in the prompt, 0 to 1.
    rng (Random): Draws the masked characters.
    RETURNS (list[TrainingExample]): One example per sentence: the masked sentence, to be completed by
        the whole one; each character is a decision.
    """
    mask = tokenizer.tokenizer.mask_token_id
    sentences = (tokenizer.piece(text) for text in texts)
    return [
        _copy_example(tokenizer, [mask if rng.random() < mask_rate else t for t in tokens], tokens)
        for tokens in sentences
    ]


def copying_examples(tokenizer: PieceTokenizer, n: int, rng: random.Random) -> list[TrainingExample]:
    """tokenizer (PieceTokenizer): The model's tokenizer.
    n (int): Number of examples.
    rng (Random): Draws the strings.
    RETURNS (list[TrainingExample]): Random strings to copy. They cannot be guessed, so the model learns
        to look the characters up, within a few hundred steps; from text alone it takes far longer.
    """
    inner = tokenizer.tokenizer
    characters = [n for token, n in inner.get_vocab().items() if len(token) == 1]
    drawn = (rng.choices(sorted(characters), k=rng.randint(*DRILL)) for _ in range(n))
    return [_copy_example(tokenizer, tokens, tokens) for tokens in drawn]


def _copy_example(
    tokenizer: PieceTokenizer, read: Sequence[int], written: Sequence[int]
) -> TrainingExample:
    start = tokenizer.tokenizer.bos_token_id
    prompt = (start, *read, *tokenizer.piece(" :"), tokenizer.end)
    decisions = (TokenChoice(len(prompt) + n - 1, (), token) for n, token in enumerate(written))
    return TrainingExample((*prompt, *written[:-1]), tuple(decisions))
