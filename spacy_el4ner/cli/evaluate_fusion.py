"""`python -m spacy el4ner evaluate-fusion`: each model alone, and their fusion, into a JSON."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import (
    load_pipeline,
    named,
    sample_by_sentences,
    telling_mistakes,
    use_gpu,
)
from spacy_el4ner.cli.outputs import check_file, write


@app.command("evaluate-fusion")
def evaluate_fusion(
    pipeline: Annotated[Path, typer.Argument(help="A pipeline, as made by `calibrate`")],
    corpus: Annotated[
        Path, typer.Argument(help="A labelled corpus, such as corpus/sample_en/test.spacy")
    ],
    out: Annotated[Path, typer.Argument(help="The JSON file to write")],
    base: Annotated[
        str | None,
        typer.Option(
            help="The language model before fine-tuning, to compare with; for an adapter it is known"
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="What the corpus is called in the report")] = "sample_en",
    limit: Annotated[
        int, typer.Option(min=0, help="Sentences to measure on, drawn by seed; 0 for all")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Draws the sentences")] = 0,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Measure a fusion on a labelled corpus: both models alone, every rule, and routing.

    Example: python -m spacy el4ner evaluate-fusion training/sample_en/fusion \\
    corpus/sample_en/test.spacy metrics/sample_en/fusion.json
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.evaluation.calibration import load_component
    from spacy_el4ner.evaluation.fusion import FusionBench, without_adapter
    from spacy_el4ner.evaluation.machine import machine

    check_file(out, corpus)
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline, "Make it with `calibrate`.")
    with telling_mistakes():
        component_name, component = load_component(nlp, pipeline)
        everything = read_docs(corpus, nlp.vocab, nlp=nlp)
    docs, sentences = sample_by_sentences(everything, limit, seed)
    msg.info(f"Measuring on {len(docs)} of {len(everything)} documents, {sentences} sentences")
    bench = FusionBench(nlp, component_name, docs, without_adapter(component, base))
    metrics: dict[str, Any] = {
        "name": name,
        "documents": len(docs),
        "documents_in_split": len(everything),
        "sentences": sentences,
        "seed": seed,
        "slm": " + ".join(nlp.pipe_names[: nlp.pipe_names.index(component_name) + 1]),
        "llm": _llm(component.llm),
        "calibration": component.calibration.to_dict(),
        **machine(),
        "rows": bench.rows(msg.text),
    }
    write(out, json.dumps(metrics, indent=2, ensure_ascii=False))
    rows = metrics["rows"]
    found = ", ".join(f"{n} {rows[n]['ents_f']:.3f}" for n in ("slm", "sft_similarity", "fusion"))
    msg.good(f"{out}: F1 of {found}")


def _llm(reader: Any) -> str:
    """The language model by its name, or by its place in the project."""
    backend = getattr(reader, "backend", reader)
    names = [getattr(backend, "model", type(backend).__name__), getattr(backend, "adapter", None)]
    return " + ".join(named(str(name)) for name in names if name)
