"""The formats of labelled files, one a file; each is named in the registry `el4ner_corpus_formats`."""

from spacy_el4ner.corpora.formats.base import CorpusFormat

__all__ = ["CorpusFormat"]
