"""`python -m spacy el4ner convert`: a labelled corpus as spaCy's own files."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import telling_mistakes
from spacy_el4ner.cli.outputs import check_folder
from spacy_el4ner.corpora import ConversionReport, ReadOptions, read_splits, write_splits
from spacy_el4ner.corpora.options import OFFSETS, SCHEMES, parse_columns, parse_tag_names

HOW = "How to read it"
"""Panel of the options that force what is otherwise recognised."""


def _option(name: str, text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(name, help=text, rich_help_panel=HOW)
    return option


@app.command("convert")
def convert(
    source: Annotated[
        Path,
        typer.Argument(
            help="Folder with train, dev and test files, or one file to divide: columns, JSON, a BRAT "
            "folder or .spacy (docs/data.md)"
        ),
    ],
    out: Annotated[
        Path, typer.Argument(help="Folder for train.spacy, dev.spacy, test.spacy and report.json")
    ],
    lang: Annotated[
        str, typer.Option("--lang", "-l", help="Language whose tokenizer cuts texts without tokens")
    ] = "en",
    seed: Annotated[
        int, typer.Option("--seed", help="Seed for dividing a corpus that lacks a part")
    ] = 0,
    format: Annotated[str, _option("--format", "Name of the format, such as Columns or Doccano")] = "",
    encoding: Annotated[str, _option("--encoding", "Encoding of the files, such as latin-1")] = "",
    columns: Annotated[
        str, _option("--columns", "Role of each column from the left: index,word,tag,-")
    ] = "",
    scheme: Annotated[
        str, _option("--scheme", f"Tagging scheme of columns: {', '.join(SCHEMES)}")
    ] = "",
    label: Annotated[str, _option("--label", "Label of entities whose tags have none (B, I, O)")] = "",
    tag_names: Annotated[
        str, _option("--tag-names", "Names of numbers: O,B-PER,I-PER or 7=PERSON,8=GPE, or a file")
    ] = "",
    offsets: Annotated[str, _option("--offsets", f"Unit of offsets: {' or '.join(OFFSETS)}")] = "",
    text_key: Annotated[str, _option("--text-key", "Key of the text in JSON objects")] = "",
    entities_key: Annotated[str, _option("--entities-key", "Key of the entities in JSON objects")] = "",
) -> None:
    """Convert a labelled corpus to spaCy's own files. Formats, columns and schemes are recognised from
    the content and named; the options force what is not. Broken entities and lines are repaired or
    skipped, and counted; a file of which most would be lost is refused.

    Example: python -m spacy el4ner convert assets/sample_en corpus/sample_en
    """
    check_folder(out, source)
    try:
        options = ReadOptions(
            format=format,
            encoding=encoding,
            columns=parse_columns(columns),
            scheme=scheme,
            label=label,
            tag_names=parse_tag_names(tag_names),
            offsets=offsets,
            text_key=text_key,
            entities_key=entities_key,
        )
        splits = read_splits(source, lang, seed, options)
    except (ValueError, ImportError) as error:
        # A language that spaCy does not know is an ImportError.
        msg.fail("The corpus could not be read", str(error), exits=1)
        raise  # Not reached: the line above ends the command.
    with telling_mistakes():
        write_splits(splits, out)
    for split, (_, report) in splits.items():
        _print(split, report)
    msg.good(f"Wrote train.spacy, dev.spacy, test.spacy and report.json to {out}")


def _print(split: str, report: ConversionReport) -> None:
    msg.divider(split)
    for note in report.notes:
        msg.info(note)
    for line in report.totals():
        msg.text(line)
    for repair in report.repair_lines():
        msg.warn(repair)
    if not report.entities:
        msg.warn("no entity in this part")
