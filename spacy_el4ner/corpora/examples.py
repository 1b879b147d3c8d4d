"""Corpora as spaCy's training and evaluation take them."""

from collections.abc import Callable, Iterator
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import logger

from spacy_el4ner.corpora.files import read_docs
from spacy_el4ner.corpora.report import ConversionReport


def make_corpus_v1(
    path: str, lang: str | None = None, limit: int = 0
) -> Callable[[Language], Iterator[Example]]:
    """path (str): A file, or a folder, of which the train file is read.
    lang (str | None): Language whose tokenizer cuts texts whose file gives no tokens; by default the
        pipeline's does.
    limit (int): How many documents to take, the first ones; 0 for all.
    RETURNS (Callable[[Language], Iterator[Example]]): A reader for the config's [corpora]. Its
        predicted documents have the tokens and sentences of the gold ones and nothing else.
    """
    warned: set[str] = set()

    def read(nlp: Language) -> Iterator[Example]:
        report = ConversionReport()
        tokenizer = None if lang else nlp
        docs = read_docs(Path(path), nlp.vocab, nlp=tokenizer, lang=lang, report=report)
        # Training reads its corpus again each epoch and need not repeat the warnings.
        for line in report.repair_lines():
            if line not in warned:
                logger.warning("%s: %s", path, line)
                warned.add(line)
        for doc in docs[: limit or None]:
            yield Example(unannotated(doc), doc)

    return read


def unannotated(doc: Doc) -> Doc:
    """doc (Doc): A document.
    RETURNS (Doc): Its tokens, its sentences where they are marked, and its `user_data["id"]`.
    """
    marked = doc.has_annotation("SENT_START")
    return Doc(
        doc.vocab,
        words=[token.text for token in doc],
        spaces=[bool(token.whitespace_) for token in doc],
        sent_starts=[token.is_sent_start for token in doc] if marked else None,
        user_data={key: doc.user_data[key] for key in ("id",) if key in doc.user_data},
    )
