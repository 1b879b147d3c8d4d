"""The files of annotation tools: what is imported there, and what is exported there."""

from spacy_el4ner.review.tools.base import Tool
from spacy_el4ner.review.tools.doccano import Doccano
from spacy_el4ner.review.tools.label_studio import LabelStudio
from spacy_el4ner.review.tools.prodigy import Prodigy

TOOLS: dict[str, Tool] = {tool.name: tool for tool in (Prodigy(), LabelStudio(), Doccano())}
"""Name -> tool."""

__all__ = ["TOOLS", "Tool"]
