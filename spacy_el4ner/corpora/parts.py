"""The files of a corpus: which of a folder is its training, development and test part."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy_el4ner.corpora.formats.base import CorpusFormat
from spacy_el4ner.corpora.source import CorpusFile
from spacy_el4ner.errors import EL4NERValueError, Errors

NAMES = {
    "dev": ("dev", "devel", "develop", "development", "val", "valid", "validation", "testa"),
    "train": ("train", "training", "trn"),
    "test": ("test", "testing", "tst", "testb"),
}
"""Split -> words that name it in the name of a file."""
_WORDS = re.compile("[a-z]+")
_SET = re.compile("(.+?)(set|data|file|split|part)")
_OTHER = re.compile(r"(readme|licen[sc]e|report\.json|dataset_infos?\.json)", re.IGNORECASE)
"""Files that belong to a corpus without being read."""


@dataclass(frozen=True)
class CorpusParts:
    """The parts of a corpus.

    files (Mapping[str, Path]): Split -> its file or folder; always one for train.
    unused (tuple[Path, ...]): What else lies in the folder.
    """

    files: Mapping[str, Path]
    unused: tuple[Path, ...] = ()

    def note(self) -> list[str]:
        """RETURNS (list[str]): A line that names what was left aside, if anything was."""
        names = ", ".join(path.name for path in self.unused)
        return [f"not used: {names}"] if names else []


def find_parts(path: Path, formats: Mapping[str, CorpusFormat]) -> CorpusParts:
    """path (Path): A file or a folder.
    formats (Mapping[str, CorpusFormat]): The formats, whose suffixes tell what is data.
    RETURNS (CorpusParts): The parts; a file that is alone is train.
    RAISES (ValueError): EL007 if there is none, EL010 if two would do, EL249 if no name names a part.
    """
    if path.is_file() or (path.is_dir() and _is_corpus(path, formats)):
        return CorpusParts({"train": path})
    entries = sorted(path.iterdir()) if path.is_dir() else []
    entries = [entry for entry in entries if not entry.name.startswith(".")]
    suffixes = {suffix for reader in formats.values() for suffix in reader.suffixes}
    files = [entry for entry in entries if _may_be_part(entry, suffixes, formats)]
    named = {split: _only([f for f in files if split_of(f) == split], split) for split in NAMES}
    parts = {split: file for split in ("train", "dev", "test") if (file := named[split]) is not None}
    candidates = [file for file in files if not _OTHER.match(file.name)]
    if "train" not in parts and len(candidates) == 1:
        parts = {"train": candidates[0]}
    if "train" not in parts:
        raise EL4NERValueError(_no_train(path, candidates))
    used = set(parts.values())
    others = [e for e in entries if e not in used and not _OTHER.match(e.name)]
    return CorpusParts(parts, tuple(others))


def split_of(path: Path) -> str:
    """path (Path): A file or folder.
    RETURNS (str): The split that its name names, "" for none: by a whole word of the name, or else by
        the beginning of one ("trainset").
    """
    words = _WORDS.findall(path.name.lower())
    for split, names in NAMES.items():
        if any(word in names for word in words):
            return split
    for split, names in NAMES.items():
        if any((match := _SET.fullmatch(word)) and match[1] in names for word in words):
            return split
    return ""


def _is_corpus(folder: Path, formats: Mapping[str, CorpusFormat]) -> bool:
    """Whether a folder is a corpus of a format whose documents are files."""
    return any(reader.sniff(CorpusFile(folder)) for reader in formats.values())


def _may_be_part(entry: Path, suffixes: set[str], formats: Mapping[str, CorpusFormat]) -> bool:
    if entry.is_dir():
        return bool(split_of(entry)) and _is_corpus(entry, formats)
    suffix = entry.suffix.lower()
    # The files of CoNLL-2003 are called eng.train, eng.testa and eng.testb.
    return suffix in suffixes or bool(suffix and split_of(Path(suffix[1:])))


def _only(files: Sequence[Path], split: str) -> Path | None:
    """The file of a split; of several the one that is called by nothing but its name."""
    exact = [file for file in files if file.stem.lower() in NAMES[split]]
    files = exact or files
    if len(files) > 1:
        known = ", ".join(file.name for file in files)
        message = Errors.EL010.format(value=files[0].parent, setting=f"{split} file", known=known)
        raise EL4NERValueError(message)
    return files[0] if files else None


def _no_train(path: Path, candidates: Sequence[Path]) -> str:
    if not candidates:
        return Errors.EL007.format(path=path)
    return Errors.EL249.format(path=path, names=", ".join(file.name for file in candidates))
