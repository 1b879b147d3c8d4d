"""Labelled corpora read into documents; what is broken is repaired or skipped, and counted."""

from spacy_el4ner.corpora.documents import DocMaker, LabelledText
from spacy_el4ner.corpora.examples import make_corpus_v1, unannotated
from spacy_el4ner.corpora.files import read_docs
from spacy_el4ner.corpora.formats.base import CorpusFormat
from spacy_el4ner.corpora.options import ReadOptions
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.corpora.source import CorpusFile
from spacy_el4ner.corpora.splits import Splits, read_splits, write_splits

Report = ConversionReport
"""Short name, for scripts that only print one."""

__all__ = [
    "ConversionReport",
    "CorpusFile",
    "CorpusFormat",
    "DocMaker",
    "LabelledText",
    "ReadOptions",
    "Report",
    "Splits",
    "make_corpus_v1",
    "read_docs",
    "read_splits",
    "unannotated",
    "write_splits",
]
