"""`python -m spacy el4ner annotate-cost`: what annotating many documents costs."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import named


@app.command("annotate-cost")
def annotate_cost(
    pipeline: Annotated[str, typer.Argument(help="A pipeline's folder, or an installed package")],
    corpus: Annotated[Path, typer.Argument(help="A corpus, the sentences of which are the texts")],
    out: Annotated[Path, typer.Argument(help="The JSON file to write; the table goes beside it")],
    documents: Annotated[
        str, typer.Option(help="How many, with commas between; 1 shows what starting costs")
    ] = "1,1000,5000,20000",
    workers: Annotated[str, typer.Option(help="How many processes, with commas between")] = "1,2",
    batch_size: Annotated[
        int, typer.Option(min=1, help="Documents that go through the pipeline together")
    ] = 128,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Measure `annotate` on a growing number of documents and processes: time, speed, computing time
    and memory. A run that was stopped goes on where it was.

    Example: python -m spacy el4ner annotate-cost training/sample_en/pipeline \\
    corpus/sample_en/test.spacy metrics/sample_en/annotate_cost.json --documents 1,1000 --workers 1,2
    """
    from spacy_el4ner.bulk.manifest import pipeline_fingerprint
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.evaluation.annotation_cost import HEADER, Record, cells, markdown, measure
    from spacy_el4ner.evaluation.machine import machine
    from spacy_el4ner.windows import cut

    try:
        sizes, counts = ([int(n) for n in numbers.split(",")] for numbers in (documents, workers))
        texts = [" ".join(s.text.split()) for doc in read_docs(corpus) for s in cut(doc, 1)]
        about = {
            **machine(),
            "corpus": corpus.name,
            "pipeline": named(pipeline),
            "fingerprint": pipeline_fingerprint(pipeline),
            "batch_size": batch_size,
            "gpu_id": gpu_id,
        }
        record = Record(out, about)
        for n in counts:
            for size in sizes:
                if not record.has(size, n):
                    record.add(measure(pipeline, texts, size, n, batch_size, gpu_id))
    except KeyboardInterrupt:
        msg.warn("Stopped.", f"What was measured is in {out}; the same command goes on from there.")
        raise typer.Exit(130) from None
    except (OSError, RuntimeError, ValueError) as error:
        msg.fail(str(error), exits=1)
        raise  # Not reached: the line above ends the command.
    text = out.with_suffix(".md")
    text.write_text(markdown(record.data), encoding="utf8")
    msg.table(cells(record.rows), header=HEADER, divider=True, aligns=("r",) * len(HEADER))
    msg.good(f"{out} and {text}")
