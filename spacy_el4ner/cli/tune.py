"""`python -m spacy el4ner tune`: fit an ensemble to its demonstration pool."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from spacy.language import Language
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline, telling_mistakes, use_gpu
from spacy_el4ner.cli.outputs import check_pipeline_out
from spacy_el4ner.errors import EL4NERError, Errors
from spacy_el4ner.progress import Progress


@app.command("tune")
def tune(
    pipeline: Annotated[Path, typer.Argument(help="A pipeline, as made by `index`; it is changed")],
    dev: Annotated[
        Path | None,
        typer.Argument(
            help="Labelled documents to measure on, before those of the pool, such as dev.spacy; never "
            "a test split"
        ),
    ] = None,
    minutes: Annotated[
        float, typer.Option(min=0, help="Time limit of the measurements, in minutes")
    ] = 10.0,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of sentences, drawn by seed")] = 200,
    seed: Annotated[int, typer.Option(help="Seed of that choice")] = 0,
    retrievers: Annotated[
        str,
        typer.Option(
            help="Retrievers to compare with that of the pipeline, by their names in a config, "
            "separated by commas"
        ),
    ] = "",
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Fit an ensemble to sentences of its demonstration pool: offsets on the extraction of each voter,
    label priors, and whether demonstrations, verification and each voter help. Parts that do not help
    are switched off. The same command resumes an interrupted run.

    Example: python -m spacy el4ner tune training/sample_en/pipeline --minutes 5
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.pipeline.saving import save_pipeline

    if dev is not None and dev.stem == "test":
        msg.fail(Errors.EL291.format(path=dev), exits=1)
    check_pipeline_out(pipeline, *(() if dev is None else (dev,)))
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline)
    with telling_mistakes():
        docs = [] if dev is None else read_docs(dev, nlp.vocab, nlp=nlp)
    try:
        with tuning(pipeline) as (checkpoint, show):
            from spacy_el4ner.tuning.run import tune as fit

            fit(
                nlp,
                docs,
                minutes=minutes,
                limit=limit,
                seed=seed,
                retrievers=[name.strip() for name in retrievers.split(",") if name.strip()],
                checkpoint=checkpoint,
                show=show,
            )
        save_pipeline(nlp, pipeline)
    except EL4NERError as error:
        msg.fail(str(error), exits=1)
    checkpoint.unlink(missing_ok=True)
    print_steps(nlp)
    msg.good(f"Pipeline saved: {pipeline}")


@contextmanager
def tuning(pipeline: Path) -> Iterator[tuple[Path, Callable[[str, int, int], None]]]:
    """pipeline (Path): The folder of the pipeline.
    YIELDS (tuple[Path, Callable[[str, int, int], None]]): The file, next to the pipeline, from which an
        interrupted run resumes, and a callback that shows progress.
    """
    with Progress("Tuning", unit="sentences") as bar:
        offset, title = 0, ""

        def show(what: str, done: int, total: int) -> None:
            nonlocal offset, title
            if what != title:
                offset, title, bar.title = bar.done, what, what
            bar.total = offset + total
            bar.update(offset + done - bar.done)

        yield pipeline.parent / f".{pipeline.name}.tuning.sqlite", show


def print_steps(nlp: Language) -> None:
    """Print what each choice of tuning brought.

    nlp (Language): A tuned pipeline.
    """
    from spacy_el4ner.pipeline.finding import find_component
    from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER

    report = find_component(nlp, LLMEnsembleNER).tuning.report
    msg.info(
        f"Measured on {report['sentences']} labelled sentences, each by choices fitted to the others"
    )
    print_table(report["steps"])


def print_table(steps: Sequence[dict[str, Any]]) -> None:
    """Print steps of tuning, whole: wasabi pads no cell beyond its usual column.

    steps (Sequence[dict[str, Any]]): The steps.
    """
    from spacy_el4ner.tuning.steps import HEADER, rows

    cells = rows(steps)
    widest = max((len(cell) for row in cells for cell in row), default=0)
    aligns = ("l", "l", "l", "r", "r", "l")
    msg.table(cells, header=HEADER, divider=True, aligns=aligns, max_col=widest)
