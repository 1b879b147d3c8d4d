"""Labelled corpora read into documents; what is broken is repaired or skipped, and counted."""

from spacy_el4ner.corpora.examples import make_corpus_v1, unannotated
from spacy_el4ner.corpora.files import read_docs
from spacy_el4ner.corpora.report import Report
from spacy_el4ner.corpora.splits import Splits, read_splits, write_splits

__all__ = [
    "Report",
    "Splits",
    "make_corpus_v1",
    "read_docs",
    "read_splits",
    "unannotated",
    "write_splits",
]
