"""`python -m spacy el4ner bench`: decoding, free generation and spaCy-llm side by side."""

from pathlib import Path
from typing import Annotated

import spacy
import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import check_pipeline, sample_by_sentences, telling_mistakes, use_gpu

ENSEMBLES = ("ensemble", "ensemble_unshared")


@app.command("bench")
def bench(
    pipeline: Annotated[Path, typer.Argument(help="A pipeline, as made by `index`")],
    corpus: Annotated[
        Path, typer.Argument(help="A labelled corpus, such as corpus/sample_en/test.spacy")
    ],
    out: Annotated[
        Path, typer.Argument(help="The JSON file to write; the table and the plot go beside it")
    ],
    backbone: Annotated[
        str | None, typer.Option(help="Whose model and prompts to measure; the first by default")
    ] = None,
    systems: Annotated[
        str, typer.Option(help="Which to measure, with commas between them; all by default")
    ] = "",
    batch_sizes: Annotated[str, typer.Option(help="Sentences at a time")] = "1,8,32",
    limit: Annotated[int, typer.Option(help="Sentences to measure on, drawn by seed; 0 for all")] = 96,
    seed: Annotated[int, typer.Option(help="Draws the sentences")] = 0,
    shots: Annotated[
        int | None, typer.Option("--shots", "-k", help="Demonstrations in a prompt; as configured")
    ] = None,
    repeats: Annotated[int, typer.Option(help="Repetitions, of which the median counts")] = 3,
    full_length: Annotated[
        bool,
        typer.Option(
            "--full-length",
            help="Free answers may not end before the gold one, as those of a model that knows no "
            "free generation may",
        ),
    ] = False,
    margin: Annotated[
        int, typer.Option(help="Tokens by which a free answer may be longer than the gold one")
    ] = 8,
    ensemble: Annotated[bool, typer.Option(help="Measure the whole method, too")] = True,
    ensemble_constrained: Annotated[
        bool, typer.Option("--ensemble-constrained", help="And again with constrained decoding")
    ] = False,
    random_model: Annotated[
        str | None, typer.Option(help="Not the backbone's model, but random weights: qwen2-7b")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(help="Only write the sentences here, for a machine without spaCy"),
    ] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Measure again what OUT holds")] = False,
    render_only: Annotated[
        bool, typer.Option("--render-only", help="Only write the table and the plot of OUT")
    ] = False,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Measure the speed of decoding on one backbone's extraction, beside transformers' `generate` and
    spaCy-llm with the same model and texts, and of the whole method with and without sharing of
    prompts. A run that was stopped goes on where it was.

    Example: python -m spacy el4ner bench training/sample_en/pipeline \\
    corpus/sample_en/test.spacy metrics/bench.json
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.evaluation.bench.job import Job, chosen
    from spacy_el4ner.evaluation.bench.report import markdown, render
    from spacy_el4ner.report.reading import read_figures

    if render_only:
        with telling_mistakes():
            read_figures(out, "`bench`", lambda data: markdown(data, ""))
        _said(*render(out))
        return
    use_gpu(gpu_id)
    check_pipeline(pipeline)
    device = f"cuda:{gpu_id}" if gpu_id >= 0 else "cpu"
    variants = (*ENSEMBLES, *["ensemble_constrained"] * ensemble_constrained) if ensemble else ()
    try:
        names, sizes = chosen(systems), [int(size) for size in batch_sizes.split(",")]
        nlp = spacy.load(pipeline)
        docs, _ = sample_by_sentences(read_docs(corpus, nlp.vocab, nlp=nlp), limit, seed)
        job = Job(nlp, pipeline, corpus, docs, device, backbone, limit, seed, shots, random_model)
        if export is not None:
            msg.good(f"{export}: {job.export(export)} sentences")
            return
        msg.info(f"{len(job.sentences)} sentences, {repeats} repetitions")
        terms = job.terms(full_length, margin)
        job.measure(out, names, sizes, variants, repeats, terms, anew, msg.warn)
    except KeyboardInterrupt:
        msg.warn("Stopped.", f"What was measured is in {out}; the same command goes on from there.")
        raise typer.Exit(130) from None
    except (ImportError, OSError, ValueError) as error:
        msg.fail(str(error), exits=1)
    _said(*render(out))


def _said(text: Path, picture: Path) -> None:
    msg.good(f"{text} and {picture}")
