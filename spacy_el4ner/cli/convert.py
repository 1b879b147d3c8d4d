"""`python -m spacy el4ner convert`: a labelled corpus as spaCy's own files."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import telling_mistakes
from spacy_el4ner.cli.outputs import check_folder
from spacy_el4ner.corpora import Report, read_splits, write_splits


@app.command("convert")
def convert(
    source: Annotated[
        Path,
        typer.Argument(
            help="Folder with train, dev and test files, or one file to divide (.jsonl, .conll, "
            ".bio, .bmes, .iob, .tsv, .txt or .spacy)"
        ),
    ],
    out: Annotated[
        Path, typer.Argument(help="Folder for train.spacy, dev.spacy, test.spacy and report.json")
    ],
    lang: Annotated[
        str, typer.Option("--lang", "-l", help="Language whose tokenizer cuts JSONL texts")
    ] = "en",
    seed: Annotated[
        int, typer.Option("--seed", help="Seed for dividing a corpus that lacks a part")
    ] = 0,
) -> None:
    """Convert a labelled corpus to spaCy's own files. What is broken in it is repaired or skipped,
    and counted.

    Example: python -m spacy el4ner convert assets/sample_en corpus/sample_en
    """
    check_folder(out, source)
    try:
        splits = read_splits(source, lang, seed)
    except (ValueError, ImportError) as error:
        # A language that spaCy does not know is an ImportError.
        msg.fail("The corpus could not be read", str(error), exits=1)
        raise  # Not reached: the line above ends the command.
    with telling_mistakes():
        write_splits(splits, out)
    for split, (_, report) in splits.items():
        _print(split, report)
    msg.good(f"Wrote train.spacy, dev.spacy, test.spacy and report.json to {out}")


def _print(split: str, report: Report) -> None:
    msg.divider(split)
    totals, labels, *repairs = report.lines()
    msg.text(totals)
    msg.text(labels)
    for repair in repairs:
        msg.warn(repair)
