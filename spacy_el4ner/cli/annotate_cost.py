"""`python -m spacy el4ner annotate-cost`: time and memory of annotating many documents."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app


@app.command("annotate-cost")
def annotate_cost(
    pipeline: Annotated[str, typer.Argument(help="A pipeline's folder, or an installed package")],
    corpus: Annotated[Path, typer.Argument(help="A corpus whose sentences are the texts")],
    out: Annotated[
        Path, typer.Argument(help="The JSON file to write; the table is written next to it")
    ],
    documents: Annotated[
        str, typer.Option(help="Numbers of documents, separated by commas; 1 measures the start")
    ] = "1,1000,5000,20000",
    workers: Annotated[str, typer.Option(help="Numbers of processes, separated by commas")] = "1,2",
    batch_size: Annotated[
        int, typer.Option(min=1, help="Documents that go through the pipeline together")
    ] = 128,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Measure `annotate` with growing numbers of documents and processes: time, speed, CPU time and
    memory. The same command continues an interrupted run.

    Example: python -m spacy el4ner annotate-cost training/sample_en/pipeline \\
    corpus/sample_en/test.spacy metrics/sample_en/annotate_cost.json --documents 1,1000 --workers 1,2
    """
    from spacy_el4ner.bulk.manifest import pipeline_fingerprint
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.evaluation.annotation_cost import HEADER, CostRecord, cells, markdown, measure
    from spacy_el4ner.evaluation.machine import machine, portable_name
    from spacy_el4ner.text.windows import cut

    try:
        sizes, counts = ([int(n) for n in numbers.split(",")] for numbers in (documents, workers))
        texts = [" ".join(s.text.split()) for doc in read_docs(corpus) for s in cut(doc, 1)]
        about = {
            **machine(),
            "corpus": corpus.name,
            "pipeline": portable_name(pipeline),
            "fingerprint": pipeline_fingerprint(pipeline),
            "batch_size": batch_size,
            "gpu_id": gpu_id,
        }
        record = CostRecord(out, about)
        for n in counts:
            for size in sizes:
                if not record.has(size, n):
                    record.add(measure(pipeline, texts, size, n, batch_size, gpu_id))
    except KeyboardInterrupt:
        msg.warn("Stopped.", f"What was measured is in {out}; the same command continues from there.")
        raise typer.Exit(130) from None
    except (OSError, RuntimeError, ValueError) as error:
        msg.fail(str(error), exits=1)
        raise  # Not reached: the line above ends the command.
    text = out.with_suffix(".md")
    text.write_text(markdown(record.data), encoding="utf8")
    msg.table(cells(record.rows), header=HEADER, divider=True, aligns=("r",) * len(HEADER))
    msg.good(f"{out} and {text}")
