"""`python -m spacy el4ner report`: figures and documents as one page to look through."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import spacy
import typer
from tqdm import tqdm
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import use_gpu
from spacy_el4ner.errors import Errors

if TYPE_CHECKING:
    from spacy.tokens import Doc

BATCH = 16
"""Documents that are annotated together, between two steps of the progress bar."""


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
        Path | None, typer.Option(help="The same documents with gold entities, to see what is wrong")
    ] = None,
    pipeline: Annotated[
        str | None,
        typer.Option(help="In place of --docs: annotate documents of --gold with this pipeline first"),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="How many documents --pipeline annotates, the first; 0 for all")
    ] = 100,
    lang: Annotated[
        str,
        typer.Option(
            "--lang", "-l", help="With --docs: language that JSONL texts of --gold are cut by"
        ),
    ] = "en",
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Write one HTML file, for any browser and without a network: the tables of an evaluation, its
    ablations, the calibration curve, errors by type and by model, the confusion of types, and the
    documents with their entities, the votes on each of them, and filters for what is wrong, missed or
    disputed.

    Example: python -m spacy el4ner report metrics/sample_en metrics/sample_en/report.html \\
    --pipeline training/sample_en/pipeline --gold corpus/sample_en/test.spacy --limit 40
    """
    from spacy_el4ner.report.page import page
    from spacy_el4ner.report.reading import read_sections
    from spacy_el4ner.report.structure import structure
    from spacy_el4ner.storage.atomic import replacing

    try:
        sections = read_sections(metrics)
        shown, answers = _documents(docs, gold, pipeline, limit, lang, gpu_id)
        data, tally = structure(shown, answers)
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
    from spacy_el4ner.report.reading import matching, read_annotated

    if docs is not None and pipeline is not None:
        raise ValueError(Errors.EL104.format(problem="There are --docs and a --pipeline"))
    if pipeline is not None and gold is None:
        raise ValueError(Errors.EL104.format(problem="There is a --pipeline, but nothing to annotate"))
    if docs is None and pipeline is None and gold is not None:
        raise ValueError(Errors.EL104.format(problem="There is --gold, but nothing to compare with it"))
    if pipeline is not None and gold is not None:
        return _annotated(pipeline, gold, limit, gpu_id)
    if docs is None:
        return [], None
    shown = read_annotated(docs)
    return shown, None if gold is None else matching(shown, read_docs(gold, lang=lang), gold)


def _annotated(pipeline: str, gold: Path, limit: int, gpu_id: int) -> tuple[list["Doc"], list["Doc"]]:
    from spacy_el4ner.corpora import read_docs, unannotated

    use_gpu(gpu_id)
    nlp = spacy.load(pipeline)
    answers = read_docs(gold, nlp.vocab, nlp=nlp)[: limit or None]
    bare = [unannotated(doc) for doc in answers]
    return list(tqdm(nlp.pipe(bare, batch_size=BATCH), total=len(bare), unit="doc")), answers
