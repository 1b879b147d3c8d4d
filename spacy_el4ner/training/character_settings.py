"""The settings of a character base, some of which are options of the command `base`."""

from dataclasses import dataclass

from spacy_el4ner.settings import setting


@dataclass(frozen=True)
class CharacterBaseSettings:
    """The settings of a character base.

    width (int): Hidden size of the model.
    layers (int): Number of layers.
    heads (int): Attention heads per layer.
    drills (int): Random strings to copy first.
    sentences (int): Approximate number of sentences to copy afterwards; the text is repeated to reach
        it, and used at least once. Learning to copy long text takes a few thousand sentences.
    mask_rate (float): Share of the characters that are masked in the prompt, 0 to 1.
    batch_size (int): Examples per step.
    learning_rate (float): Peak learning rate.
    """

    width: int = 192
    layers: int = 4
    heads: int = 6
    drills: int = setting(12800, "Random strings that a character model first learns to copy")
    sentences: int = setting(6400, "Sentences of the training text, about, that it then learns to copy")
    mask_rate: float = 0.15
    batch_size: int = 32
    learning_rate: float = 2e-3
