"""Which files make a corpus, and which reader reads them."""

from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.util import logger
from spacy.vocab import Vocab

from spacy_el4ner.corpora.jsonl import is_object, read_jsonl
from spacy_el4ner.corpora.lines import read_lines
from spacy_el4ner.corpora.report import Report
from spacy_el4ner.corpora.tokens import read_tokens
from spacy_el4ner.errors import Errors

DOCBIN, JSONL = ".spacy", ".jsonl"
TOKENS = (".conll", ".bio", ".bmes", ".iob", ".tsv", ".txt")
SUFFIXES = frozenset([DOCBIN, JSONL, *TOKENS])
NAMES = {"train": ("train",), "dev": ("dev", "valid", "validation"), "test": ("test",)}
"""Split -> what the name of its file is, begins with or ends in."""


def read_docs(
    path: Path,
    vocab: Vocab | None = None,
    *,
    nlp: Language | None = None,
    lang: str | None = None,
    report: Report | None = None,
) -> list[Doc]:
    """path (Path): A file, or a folder, of which the train file is read.
    vocab (Vocab | None): Of the documents; by default that of `nlp`.
    nlp (Language | None): Tokenises JSONL texts.
    lang (str | None): Language whose tokenizer does where there is no `nlp`; by default that of the
        vocab, else English.
    report (Report | None): Counts what was read and repaired. Without it repairs are logged.
    RETURNS (list[Doc]): The documents, at least one, with gold entities and `user_data["id"]`.
    RAISES (ValueError): EL007 where there is no corpus, EL008 where a file cannot be read, EL010
        where two files would do.
    """
    file = corpus_files(Path(path))["train"]
    if nlp is None:
        nlp = spacy.blank(lang or (vocab.lang if vocab is not None else "") or "en")
    counts = Report()
    docs = _read(file, nlp, nlp.vocab if vocab is None else vocab, counts)
    if not docs:
        raise ValueError(_nothing_read(file, counts))
    for n, doc in enumerate(docs):
        doc.user_data.setdefault("id", f"{file.stem}-{n}")
    _tell(file, docs, counts, report)
    return docs


def corpus_files(path: Path) -> dict[str, Path]:
    """path (Path): A file or a folder.
    RETURNS (dict[str, Path]): Split -> its file; always one for train, which is the only file where
        there is just one.
    RAISES (ValueError): EL007 where there is none, EL010 where two would do.
    """
    if path.is_dir():
        files = [p for p in sorted(path.iterdir()) if p.is_file() and not p.name.startswith(".")]
    else:
        files = [path] if path.is_file() else []
    files = [p for p in files if p.suffix.lower() in SUFFIXES]
    if len(files) == 1:
        return {"train": files[0]}
    splits = {split: _only([p for p in files if _split(p) == split], split) for split in NAMES}
    found = {split: file for split, file in splits.items() if file is not None}
    if "train" not in found:
        raise ValueError(Errors.EL007.format(path=path))
    return found


def _split(path: Path) -> str:
    """RETURNS (str): The split that a file's name names, "" for none."""
    stem = path.stem.lower()
    for is_named in (stem.startswith, stem.endswith):
        for split, names in NAMES.items():
            if is_named(names):
                return split
    return ""


def _only(files: list[Path], split: str) -> Path | None:
    exact = [p for p in files if p.stem.lower() in NAMES[split]]
    files = exact or files
    if len(files) > 1:
        known = ", ".join(p.name for p in files)
        folder = files[0].parent
        raise ValueError(Errors.EL010.format(value=folder, setting=f"{split} file", known=known))
    return files[0] if files else None


def _read(file: Path, nlp: Language, vocab: Vocab, counts: Report) -> list[Doc]:
    suffix = file.suffix.lower()
    if suffix == DOCBIN:
        return _read_docbin(file, vocab)
    lines = read_lines(file, counts)
    first = next((line for line in lines if line.strip()), "")
    if suffix == JSONL or is_object(first):
        return list(read_jsonl(lines, nlp, vocab, counts))
    return list(read_tokens(lines, file, vocab, counts))


def _read_docbin(file: Path, vocab: Vocab) -> list[Doc]:
    try:
        return list(DocBin().from_disk(file).get_docs(vocab))
    except Exception as error:
        # Broken bytes surface as whatever zlib, msgpack or numpy raise.
        problem = f"this is not a DocBin ({type(error).__name__}: {error})"
        raise ValueError(Errors.EL008.format(path=file, line=1, problem=problem)) from error


def _nothing_read(file: Path, counts: Report) -> str:
    if not counts.repairs:
        return Errors.EL007.format(path=file)
    problem = f"nothing of the file could be used. {'; '.join(counts.repair_lines())}"
    return Errors.EL008.format(path=file, line=1, problem=problem)


def _tell(file: Path, docs: list[Doc], counts: Report, report: Report | None) -> None:
    if report is None:
        for line in counts.repair_lines():
            logger.warning("%s: %s", file, line)
        return
    report.add(docs)
    for reason, times in counts.repairs.items():
        report.repair(reason, times)
