"""Corpora in train, dev and test parts: found or divided by document, and written."""

from collections.abc import Mapping
from pathlib import Path
from random import Random

import spacy
import srsly
from spacy.tokens import Doc, DocBin

from spacy_el4ner.corpora.files import corpus_formats, read_file
from spacy_el4ner.corpora.options import ReadOptions
from spacy_el4ner.corpora.parts import find_parts
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage.atomic import replacing

Splits = dict[str, tuple[list[Doc], ConversionReport]]
"""train, dev and test -> documents and what was counted in reading them."""

SHARE = 0.1
"""Share of the training documents that becomes a missing part."""


def read_splits(path: Path, lang: str, seed: int, options: ReadOptions | None = None) -> Splits:
    """path (Path): A file, or a folder with a train file and possibly a dev and a test file.
    lang (str): Language whose tokenizer cuts texts whose file gives no tokens.
    seed (int): Seed of the division.
    options (ReadOptions | None): What the content does not show; by default all is recognised.
    RETURNS (Splits): train, dev and test. A test part that is missing is a tenth of train, then a
        missing dev part a tenth of the rest. What was repaired in a file that had to be divided
        stands in the report of train, as do the names of files that were not used.
    RAISES (ValueError): See `read_docs`; EL008 also for too few documents to divide.
    """
    path = Path(path)
    nlp = spacy.blank(lang)
    read: Splits = {}
    parts = find_parts(path, corpus_formats())
    for split, file in parts.files.items():
        report = ConversionReport()
        read[split] = read_file(file, nlp=nlp, report=report, options=options), report
    read["train"][1].notes += parts.note()
    random = Random(seed)
    for split in ("test", "dev"):
        if split not in read:
            read["train"], read[split] = _divide(*read["train"], random, path)
    return {split: read[split] for split in ("train", "dev", "test")}


def write_splits(splits: Mapping[str, tuple[list[Doc], ConversionReport]], out: Path) -> None:
    """Write train.spacy, dev.spacy, test.spacy and report.json. Each is whole or absent.

    splits (Mapping[str, tuple[list[Doc], ConversionReport]]): What `read_splits` returned.
    out (Path): A folder, made where there is none.
    """
    out.mkdir(parents=True, exist_ok=True)
    for split, (docs, _) in splits.items():
        with replacing(out / f"{split}.spacy") as file:
            file.write(DocBin(docs=docs, store_user_data=True).to_bytes())
    reports = {split: report.to_dict() for split, (_, report) in splits.items()}
    with replacing(out / "report.json") as file:
        file.write(srsly.json_dumps(reports, indent=2).encode("utf-8"))


def _divide(
    docs: list[Doc], report: ConversionReport, random: Random, path: Path
) -> tuple[tuple[list[Doc], ConversionReport], tuple[list[Doc], ConversionReport]]:
    """RETURNS: What stays and what is taken, both in the order of the corpus."""
    if len(docs) < 2:
        problem = "too few documents for train, dev and test: three are needed"
        raise EL4NERValueError(Errors.EL008.format(path=path, line=1, problem=problem))
    chosen = set(random.sample(range(len(docs)), max(1, round(SHARE * len(docs)))))
    stay = [doc for n, doc in enumerate(docs) if n not in chosen]
    taken = [doc for n, doc in enumerate(docs) if n in chosen]
    stays = ConversionReport(repairs=report.repairs, notes=report.notes)
    takes = ConversionReport()
    stays.add(stay)
    takes.add(taken)
    return (stay, stays), (taken, takes)
