"""`python -m spacy el4ner bench`: the speed of decoding, free generation, spaCy-llm and langextract."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import check_pipeline, telling_mistakes, use_gpu
from spacy_el4ner.cli.settings import options_from
from spacy_el4ner.evaluation.bench.settings import BenchSettings


@app.command("bench")
@options_from(BenchSettings)
def bench(
    pipeline: Annotated[Path, typer.Argument(help="A pipeline, as made by `index`")],
    corpus: Annotated[
        Path, typer.Argument(help="A labelled corpus, such as corpus/sample_en/test.spacy")
    ],
    out: Annotated[
        Path, typer.Argument(help="The JSON file to write; table and plot are saved next to it")
    ],
    settings: BenchSettings,
    export: Annotated[
        Path | None,
        typer.Option(help="Only write the sentences to this file, for a machine without spaCy"),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Measure the rows of OUT again")
    ] = False,
    render_only: Annotated[
        bool, typer.Option("--render-only", help="Only write the table and the plot of OUT")
    ] = False,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Compare the speed of our decoding with that of transformers' `generate`, of spaCy-llm, of
    llama.cpp's server and of langextract, with the same model and texts, and measure the whole method
    with and without sharing of prefixes. The same command continues an interrupted run.

    Example: python -m spacy el4ner bench training/sample_en/pipeline \\
    corpus/sample_en/test.spacy metrics/bench.json
    """
    from spacy_el4ner.evaluation.bench.job import BenchJob
    from spacy_el4ner.evaluation.bench.tables import markdown, render
    from spacy_el4ner.html_report.inputs import read_figures

    if render_only:
        with telling_mistakes():
            read_figures(out, "`bench`", lambda data: markdown(data, ""))
        _tell(*render(out))
        return
    use_gpu(gpu_id)
    check_pipeline(pipeline)
    try:
        job = BenchJob(pipeline, corpus, settings, f"cuda:{gpu_id}" if gpu_id >= 0 else "cpu")
        if export is not None:
            msg.good(f"{export}: {job.export(export)} sentences")
            return
        msg.info(f"{len(job.sentences)} sentences, {settings.repeats} repetitions")
        job.measure(out, overwrite, msg.warn)
    except KeyboardInterrupt:
        msg.warn("Stopped.", f"What was measured is in {out}; the same command continues from there.")
        raise typer.Exit(130) from None
    except (ImportError, OSError, ValueError) as error:
        msg.fail(str(error), exits=1)
    _tell(*render(out))


def _tell(text: Path, picture: Path) -> None:
    msg.good(f"{text} and {picture}")
