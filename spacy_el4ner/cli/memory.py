"""`python -m spacy el4ner memory`: memory use over many documents."""

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline, telling_mistakes, use_gpu
from spacy_el4ner.cli.outputs import check_file, write
from spacy_el4ner.progress import track


@app.command("memory")
def memory(
    pipeline: Annotated[Path, typer.Argument(help="A pipeline, as made by `index`")],
    corpus: Annotated[Path, typer.Argument(help="A corpus whose texts to use")],
    out: Annotated[Path, typer.Argument(help="The JSON file to write; the plot is saved next to it")],
    documents: Annotated[int, typer.Option(help="Number of documents, each of one sentence")] = 20_000,
    batch_size: Annotated[int, typer.Option(help="Batch size of nlp.pipe")] = 64,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Send many documents through nlp.pipe and record the memory of the process.

    Example: python -m spacy el4ner memory training/sample_en/pipeline \\
    corpus/sample_en/test.spacy metrics/sample_en/memory.json --documents 20000
    """
    from spacy_el4ner.bulk.kernels import keep_few_kernels
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.evaluation.machine import machine, portable_name
    from spacy_el4ner.evaluation.memory import growth, measure, plot
    from spacy_el4ner.text.windows import cut

    check_file(out, corpus)
    check_file(out.with_suffix(".png"), corpus)
    keep_few_kernels()
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline)
    with telling_mistakes():
        docs = read_docs(corpus, nlp.vocab, nlp=nlp)
        texts = [window.text for doc in docs for window in cut(doc, 1)]
    measured = measure(
        nlp, texts, documents, batch_size, partial(track, title="Annotating", total=documents)
    )
    about = {**machine(), "pipeline": portable_name(str(pipeline)), "batch_size": batch_size}
    data = {**about, "growth": growth(measured), **measured}
    write(out, json.dumps(data, indent=2))
    with telling_mistakes():
        plot(measured, out.with_suffix(".png"))
    peak = max(measured["mb"])
    msg.good(f"{out}: {documents} documents, peak {peak:.0f} MiB, growth {data['growth']:.3f}")
