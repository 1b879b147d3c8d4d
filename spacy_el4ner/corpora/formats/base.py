"""The protocol of a corpus format."""

from collections.abc import Iterator
from typing import Protocol

from spacy.tokens import Doc

from spacy_el4ner.corpora.documents import DocMaker
from spacy_el4ner.corpora.source import CorpusFile


class CorpusFormat(Protocol):
    """A format of labelled files: one class in one file, named in the registry
    `el4ner_corpus_formats`. The class takes no arguments.

    title (str): Its name, for people.
    suffixes (tuple[str, ...]): Suffixes of its files in lower case, each with its dot.
    """

    title: str
    suffixes: tuple[str, ...]

    def sniff(self, file: CorpusFile) -> float:
        """file (CorpusFile): A file, or a folder.
        RETURNS (float): How sure the content makes it that the file is in this format: 0 if it is not,
            1 if it can be in no other.
        """
        ...

    def read(self, file: CorpusFile, maker: DocMaker) -> Iterator[Doc]:
        """file (CorpusFile): A file, or a folder, in this format; `file.options` holds what the user
            says about it.
        maker (DocMaker): Makes the documents; `maker.report` counts what is repaired or skipped.
        YIELDS (Doc): The documents, with gold entities.
        RAISES (ValueError): If the file cannot be read.
        """
        ...
