"""The language model's reading of one window.

Offsets are those of the window's text. The tagger's reading is `slm.reading.SLMReading`.
"""

from dataclasses import dataclass

from spacy_el4ner.types import Mention


@dataclass(frozen=True)
class LLMMention:
    """An entity that the language model tagged.

    mention (Mention): Its span and label.
    category (float): Probability of the first token of the label's name (Xu et al. 2025, section
        4.1.1), 0 to 1.
    boundary (float): Mean probability of four tokens: the one before the opening tag, the first of
        that tag, the one before the closing tag and the first of that one, 0 to 1.
    """

    mention: Mention
    category: float
    boundary: float


@dataclass(frozen=True)
class LLMReading:
    """The language model's reading of a window.

    mentions (tuple[LLMMention, ...]): Its entities, at token boundaries, in order, without overlap.
    copied (tuple[float, ...]): For each token of the window, the probability with which the model
        copied it unchanged: its probability of "no entity here".
    error (str): Why the model gave no reading, or "".
    estimated (bool): The transport gave no probabilities, so all of them are stand-ins.
    unaligned (int): Mentions in the answer that the text does not contain.
    unparsed (int): Pieces of the answer that do not follow the format.
    dropped (int): Demonstrations for which the prompt had no room.
    parts (int): Parts in which a window too long for the context was read; 1 for a whole window.
    """

    mentions: tuple[LLMMention, ...] = ()
    copied: tuple[float, ...] = ()
    error: str = ""
    estimated: bool = False
    unaligned: int = 0
    unparsed: int = 0
    dropped: int = 0
    parts: int = 1
