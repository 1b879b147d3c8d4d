"""spaCy's own files, DocBin."""

from collections.abc import Iterator

from spacy.tokens import Doc, DocBin

from spacy_el4ner.corpora.documents import DocMaker
from spacy_el4ner.corpora.source import CorpusFile
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage.unpacking import check_size


class DocBinFile:
    """spaCy's own files, as `DocBin.to_disk` writes them."""

    title = "spaCy DocBin"
    suffixes = (".spacy",)

    def sniff(self, file: CorpusFile) -> float:
        """file (CorpusFile): A file.
        RETURNS (float): 1 for the suffix .spacy, else 0.
        """
        return float(file.suffix in self.suffixes)

    def read(self, file: CorpusFile, maker: DocMaker) -> Iterator[Doc]:
        """file (CorpusFile): A file.
        maker (DocMaker): Its vocab is that of the documents.
        YIELDS (Doc): The documents, as they were saved.
        RAISES (ValueError): EL008 if it is not a DocBin; EL314 if it unpacks to far too much.
        """
        check_size(file.raw, file.path)
        try:
            docs = list(DocBin().from_bytes(file.raw).get_docs(maker.vocab))
        except Exception as error:
            # Broken bytes surface as whatever zlib, msgpack or numpy raise.
            problem = f"this is not a DocBin ({type(error).__name__}: {error})"
            raise EL4NERValueError(
                Errors.EL008.format(path=file.path, line=1, problem=problem)
            ) from error
        yield from docs
