"""`python -m spacy el4ner report`: an evaluation and its documents as one HTML page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import spacy
import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import use_gpu
from spacy_el4ner.errors import EL4NERValueError, Errors

if TYPE_CHECKING:
    from spacy.tokens import Doc


@app.command("report")
def report(
    metrics: Annotated[
        Path, typer.Argument(help="A folder with ensemble.json or fusion.json, as made by `evaluate`")
    ],
    out: Annotated[Path, typer.Argument(help="The HTML file to write")],
    docs: Annotated[
        Path | None, typer.Option(help="Annotated documents to look through, .spacy, from `annotate`")
    ] = None,
    gold: Annotated[
        Path | None, typer.Option(help="The same documents with gold entities, to show errors")
    ] = None,
    pipeline: Annotated[
        str | None,
        typer.Option(help="Pipeline that annotates the documents of --gold first, instead of --docs"),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Documents that --pipeline annotates, the first ones; 0 for all")
    ] = 100,
    lang: Annotated[
        str,
        typer.Option(
            "--lang", "-l", help="With --docs: language by which JSONL texts of --gold are tokenized"
        ),
    ] = "en",
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Write an evaluation as one HTML file for any browser, without a network: tables, ablations, the
    calibration curve, errors by label and by model, confusion of labels, and the documents with their
    entities, the votes on each, and filters for wrong, missed and disputed ones.

    Example: python -m spacy el4ner report metrics/sample_en metrics/sample_en/report.html \\
    --pipeline training/sample_en/pipeline --gold corpus/sample_en/test.spacy --limit 40
    """
    from spacy_el4ner.html_report.inputs import read_sections
    from spacy_el4ner.html_report.page import page
    from spacy_el4ner.html_report.page_data import page_data
    from spacy_el4ner.storage.atomic import replacing

    try:
        sections = read_sections(metrics)
        shown, answers = _documents(docs, gold, pipeline, limit, lang, gpu_id)
        data, tally = page_data(shown, answers)
        with replacing(out) as file:
            file.write(page(sections, data, tally, f"Report: {metrics.resolve().name}").encode("utf8"))
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        msg.fail(str(error), exits=1)
        raise  # Not reached: the line above ends the command.
    compared = "with" if answers is not None else "without"
    msg.good(f"{out}: {len(shown)} documents, {compared} gold entities")


def _documents(
    docs: Path | None, gold: Path | None, pipeline: str | None, limit: int, lang: str, gpu_id: int
) -> tuple[list["Doc"], list["Doc"] | None]:
    """RETURNS (tuple[list[Doc], list[Doc] | None]): Annotated documents, and the same with gold
    entities if there are any.
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.html_report.inputs import annotate_gold, matching, read_annotated

    if docs is not None and pipeline is not None:
        raise EL4NERValueError(Errors.EL104.format(problem="--docs and --pipeline exclude each other"))
    if pipeline is not None and gold is None:
        raise EL4NERValueError(Errors.EL104.format(problem="--pipeline needs documents to annotate"))
    if docs is None and pipeline is None and gold is not None:
        raise EL4NERValueError(
            Errors.EL104.format(problem="--gold needs annotated documents to compare")
        )
    if pipeline is not None and gold is not None:
        use_gpu(gpu_id)
        return annotate_gold(spacy.load(pipeline), gold, limit)
    if docs is None:
        return [], None
    shown = read_annotated(docs)
    return shown, None if gold is None else matching(shown, read_docs(gold, lang=lang), gold)
