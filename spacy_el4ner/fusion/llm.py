"""The protocol of the fusion's language model."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from spacy_el4ner.blocks import resolves
from spacy_el4ner.fusion.readings import LLMReading
from spacy_el4ner.types import Demonstration, Mention, Window


@resolves("el4ner_llms")
@runtime_checkable
class FusionLLM(Protocol):
    """A language model that tags windows, such as `spacy-el4ner.TaggingLLM.v1`.

    Register an implementation in `el4ner_llms` and name it in the setting `llm` of the component.
    """

    def read(
        self,
        windows: Sequence[Window],
        demonstrations: Sequence[Sequence[Demonstration]],
        labels: Mapping[str, str],
        guesses: Sequence[Sequence[Mention]] = (),
    ) -> list[LLMReading]:
        """windows (Sequence[Window]): The windows to tag.
        demonstrations (Sequence[Sequence[Demonstration]]): Demonstrations for each window, the most
            similar one first.
        labels (Mapping[str, str]): Label -> description.
        guesses (Sequence[Sequence[Mention]]): Likely mentions of each window, a hint that may speed up
            the reading and must not change it; empty for none.
        RETURNS (list[LLMReading]): One reading for each window. A window that cannot be read has a
            reading with an `error`.
        """
        ...
