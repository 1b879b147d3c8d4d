"""Languages, one a folder: prompt templates and a description."""

from spacy_el4ner.languages.base import Language, find_language

__all__ = ["Language", "find_language"]
