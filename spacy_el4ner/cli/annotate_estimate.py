"""`python -m spacy el4ner annotate-estimate`: time, tokens and price of annotating an input."""

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from wasabi import msg

from spacy_el4ner.bulk.settings import AnnotationSettings
from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import WORK, PipelineArgument, TextsArgument, WorkOption, use_gpu
from spacy_el4ner.cli.settings import options_from
from spacy_el4ner.progress import Progress

if TYPE_CHECKING:
    from spacy_el4ner.bulk.estimate import Estimate


@app.command("annotate-estimate")
@options_from(AnnotationSettings)
def annotate_estimate(
    pipeline: PipelineArgument,
    source: TextsArgument,
    settings: AnnotationSettings,
    sample: Annotated[int, typer.Option(min=1, help="Documents that are annotated")] = 50,
    prompt_price: Annotated[
        float, typer.Option(min=0, help="Price of a million tokens of prompts")
    ] = 0.0,
    answer_price: Annotated[
        float, typer.Option(min=0, help="Price of a million tokens of answers")
    ] = 0.0,
    work: WorkOption = WORK,
) -> None:
    """Estimate what `annotate` takes for an input, in one process: time, requests to language models,
    their tokens and, if prices are given, their price. A sample from all over the input is annotated;
    nothing is written, but the copy of an input at an address.

    Example: python -m spacy el4ner annotate-estimate training/sample_en/pipeline texts.jsonl
    """
    from spacy_el4ner.bulk.addresses import fetched
    from spacy_el4ner.bulk.estimate import estimate
    from spacy_el4ner.bulk.worker import AnnotationJob

    try:
        use_gpu(settings.gpu_id)
        job = AnnotationJob(pipeline, fetched(source, work), "", **asdict(settings))
        with Progress("Annotating a sample", sample) as progress:
            found = estimate(job, sample, progress.update)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        msg.fail(str(error), exits=1)
        raise  # Not reached: the line above ends the command.
    msg.table(_rows(found, prompt_price, answer_price), aligns=("l", "r"))
    if found.failed:
        msg.warn(f"{found.failed} of the {found.sample} documents of the sample failed")


def _rows(found: "Estimate", prompt_price: float, answer_price: float) -> list[tuple[str, str]]:
    rows = [
        ("documents", f"{found.documents:,}"),
        ("sample", f"{found.sample:,}"),
        ("start", _time(found.start)),
        ("time in one process", _time(found.seconds)),
        ("requests", f"{found.requests:,.0f}"),
        ("tokens of prompts", f"{found.prompt_tokens:,.0f}"),
        ("tokens of answers", f"{found.answer_tokens:,.0f}"),
    ]
    if prompt_price or answer_price:
        rows.append(("price", f"{found.price(prompt_price, answer_price):,.2f}"))
    return rows


def _time(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
