"""Labelled files read into documents, in the format that their content shows."""

from collections.abc import Sequence
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import logger
from spacy.vocab import Vocab

from spacy_el4ner.corpora.checks import check_docs, nothing_read
from spacy_el4ner.corpora.documents import DocMaker
from spacy_el4ner.corpora.formats.base import CorpusFormat
from spacy_el4ner.corpora.options import ReadOptions
from spacy_el4ner.corpora.parts import find_parts
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.corpora.source import CorpusFile
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.registry import registry


def read_docs(
    path: Path,
    vocab: Vocab | None = None,
    *,
    nlp: Language | None = None,
    lang: str | None = None,
    report: ConversionReport | None = None,
    options: ReadOptions | None = None,
) -> list[Doc]:
    """path (Path): A file, or a folder, of which the training part is read.
    vocab (Vocab | None): Vocab of the documents; by default that of `nlp`.
    nlp (Language | None): Tokenises texts whose file gives no tokens.
    lang (str | None): Language whose tokenizer does if there is no `nlp`; by default that of the vocab,
        else English.
    report (ConversionReport | None): Counts what was read and repaired. Without it repairs are logged.
    options (ReadOptions | None): What the content does not show; by default all is recognised.
    RETURNS (list[Doc]): The documents, at least one, with gold entities and `user_data["id"]`.
    RAISES (ValueError): EL007 if there is no corpus, EL010 if two files would do, and one of EL008 and
        EL240 to EL249 if the file is not read as what it plainly is, with the option that would help.
    """
    parts = find_parts(Path(path), corpus_formats())
    docs = read_file(parts.files["train"], vocab, nlp=nlp, lang=lang, report=report, options=options)
    if report is not None:
        report.notes += parts.note()
    return docs


def read_file(
    path: Path,
    vocab: Vocab | None = None,
    *,
    nlp: Language | None = None,
    lang: str | None = None,
    report: ConversionReport | None = None,
    options: ReadOptions | None = None,
) -> list[Doc]:
    """Read one file, or one folder whose documents are files; all else is as for `read_docs`.

    path (Path): The file or folder.
    vocab (Vocab | None), nlp (Language | None), lang (str | None): See `read_docs`.
    report (ConversionReport | None), options (ReadOptions | None): See `read_docs`.
    RETURNS (list[Doc]): The documents.
    RAISES (ValueError): See `read_docs`.
    """
    if nlp is None:
        nlp = spacy.blank(lang or (vocab.lang if vocab is not None else "") or "en")
    counts = ConversionReport()
    file = CorpusFile(path, options, counts)
    reader = choose_format(file)
    docs = list(reader.read(file, DocMaker(nlp, nlp.vocab if vocab is None else vocab, counts)))
    if not docs:
        raise EL4NERValueError(nothing_read(file, counts))
    check_docs(docs, file, counts, nlp.lang or "")
    for n, doc in enumerate(docs):
        doc.user_data.setdefault("id", f"{path.stem}-{n}")
    counts.notes.insert(0, f"{path.name}: {reader.title}, documents: {len(docs)}")
    _pass_on(path, docs, counts, report)
    return docs


def corpus_formats() -> dict[str, CorpusFormat]:
    """RETURNS (dict[str, CorpusFormat]): Name in the registry -> format."""
    formats = registry.el4ner_corpus_formats.get_all()
    return {name: make() for name, make in sorted(formats.items())}


def choose_format(file: CorpusFile) -> CorpusFormat:
    """file (CorpusFile): A file or folder.
    RETURNS (CorpusFormat): The format that the user names, or that is surest of the file.
    RAISES (ValueError): EL242 if no format knows it, EL245 if the user names an unknown format.
    """
    formats = corpus_formats()
    if file.options.format:
        return _named(file.options.format, formats)
    # Formats of this suffix first: one that is certain spares the others a look.
    ordered = sorted(formats.values(), key=lambda f: file.suffix not in f.suffixes)
    best, surest = 0.0, None
    for reader in ordered:
        certainty = reader.sniff(file)
        if certainty > best:
            best, surest = certainty, reader
        if best >= 1:
            break
    if surest is None:
        if not any(map(str.strip, file.lines)):
            raise EL4NERValueError(Errors.EL007.format(path=file.path))
        known = "; ".join(reader.title for reader in formats.values())
        seen = file.text.strip()[:60]
        raise EL4NERValueError(Errors.EL242.format(path=file.path, seen=seen, known=known))
    return surest


def _named(name: str, formats: dict[str, CorpusFormat]) -> CorpusFormat:
    short = {full.removeprefix("spacy-el4ner.").rsplit(".v", 1)[0]: full for full in formats}
    if name not in formats and name not in short:
        expected = "one of " + ", ".join(short)
        message = Errors.EL245.format(option="--format", value=name, expected=expected)
        raise EL4NERValueError(message)
    return formats[short.get(name, name)]


def _pass_on(
    path: Path, docs: Sequence[Doc], counts: ConversionReport, report: ConversionReport | None
) -> None:
    if report is None:
        for line in counts.repair_lines():
            logger.warning("%s: %s", path, line)
        return
    report.add(docs)
    report.notes += counts.notes
    for reason, times in counts.repairs.items():
        report.repair(reason, times)
