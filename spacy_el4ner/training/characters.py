"""A small causal language model of characters, for scripts without spaces.

It has a token for every character that the training text repeats, and before it learns to tag it learns
to write a sentence again that it has read with gaps. That teaches what the job consists of: to find the
place in the sentence that is being copied, and to know a character by what stands on both sides of it.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence

import tokenizers
from tokenizers import AddedToken, Regex, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.training.sequences import Decision
from spacy_el4ner.training.sft.data import Lesson
from spacy_el4ner.training.vocabulary import CHAT_TEMPLATE

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
ASCII = [chr(n) for n in range(32, 127)]
REPEATED = 2
"""Characters that occur less often are unknown, so that there is something to learn of unknown ones."""
DRILL = (4, 12)
"""Characters in a drill."""


def build_tokenizer(
    texts: Iterable[str], tags: Sequence[str], max_length: int
) -> PreTrainedTokenizerFast:
    """texts (Iterable[str]): The training text.
    tags (Sequence[str]): Tokens of their own.
    max_length (int): Tokens of the context.
    RETURNS (PreTrainedTokenizerFast): A tokenizer with a token a character.
    """
    counts = Counter(c for text in texts for c in text)
    known = sorted(c for c, n in counts.items() if n >= REPEATED and c not in ASCII)
    ids = {token: n for n, token in enumerate([*SPECIAL, *ASCII, *known])}
    tokenizer = tokenizers.Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.add_tokens([AddedToken(tag, normalized=False) for tag in tags])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="[CLS]",
        eos_token="[SEP]",
        pad_token="[PAD]",
        unk_token="[UNK]",
        mask_token="[MASK]",
        model_max_length=max_length,
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def build_model(
    tokenizer: PreTrainedTokenizerFast, width: int, layers: int, heads: int
) -> LlamaForCausalLM:
    """RETURNS (LlamaForCausalLM): A new model with random weights."""
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


def rewriting(
    tokenizer: PieceTokenizer, texts: Sequence[str], gaps: float, rng: random.Random
) -> list[Lesson]:
    """tokenizer (PieceTokenizer): Of the model.
    texts (Sequence[str]): Sentences.
    gaps (float): Share of the characters that are hidden when a sentence is read.
    rng (Random): Decides which.
    RETURNS (list[Lesson]): Sentences to be written again, each of their characters a decision.
    """
    mask = tokenizer.tokenizer.mask_token_id
    written = (tokenizer.piece(text) for text in texts)
    return [
        _rewritten(tokenizer, [mask if rng.random() < gaps else t for t in tokens], tokens)
        for tokens in written
    ]


def drills(tokenizer: PieceTokenizer, n: int, rng: random.Random) -> list[Lesson]:
    """tokenizer (PieceTokenizer): Of the model.
    n (int): How many.
    rng (Random): Draws them.
    RETURNS (list[Lesson]): Characters at random to be written again. They cannot be guessed, so that
        the model learns to look them up, which it does within some hundred steps; from text alone it
        takes far longer.
    """
    inner = tokenizer.tokenizer
    known = [n for token, n in inner.get_vocab().items() if len(token) == 1]
    drawn = (rng.choices(sorted(known), k=rng.randint(*DRILL)) for _ in range(n))
    return [_rewritten(tokenizer, tokens, tokens) for tokens in drawn]


def _rewritten(tokenizer: PieceTokenizer, read: Sequence[int], written: Sequence[int]) -> Lesson:
    start = tokenizer.tokenizer.bos_token_id
    prompt = (start, *read, *tokenizer.piece(" :"), tokenizer.end)
    decisions = (Decision(len(prompt) + n - 1, (), token) for n, token in enumerate(written))
    return Lesson((*prompt, *written[:-1]), tuple(decisions))
