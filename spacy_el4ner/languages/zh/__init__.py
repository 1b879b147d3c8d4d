"""Chinese, modern and literary."""

from pathlib import Path

from spacy_el4ner.languages.base import Language

CHINESE = Language("zh", prompts=Path(__file__).parent)
