"""`python -m spacy el4ner evaluate`: the ensemble, each backbone alone, and ablations, into a JSON."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from spacy.tokens import Doc
from wasabi import msg

from spacy_el4ner.backends.base import Backbone
from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import (
    load_pipeline,
    named,
    read_metrics,
    sample_by_sentences,
    telling_mistakes,
    use_gpu,
)
from spacy_el4ner.cli.outputs import check_file, write


@app.command("evaluate")
def evaluate(
    pipeline: Annotated[Path, typer.Argument(help="A pipeline, as made by `index`")],
    corpus: Annotated[
        Path, typer.Argument(help="A labelled corpus, such as corpus/sample_en/test.spacy")
    ],
    out: Annotated[Path, typer.Argument(help="The JSON file to write")],
    name: Annotated[str, typer.Option(help="What the corpus is called in the report")] = "sample_en",
    limit: Annotated[
        int, typer.Option(min=0, help="Sentences to measure on, drawn by seed; 0 for all")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Draws the sentences")] = 0,
    ablations: Annotated[
        bool, typer.Option("--ablate", help="Add the further ablations to the file")
    ] = False,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Measure a pipeline on a labelled corpus: precision, recall, F1, speed and calibration.

    Example: python -m spacy el4ner evaluate training/sample_en/pipeline \\
    corpus/sample_en/test.spacy metrics/sample_en/ensemble.json
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.evaluation import ensemble
    from spacy_el4ner.evaluation.machine import machine

    check_file(out, corpus)
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline)
    with telling_mistakes():
        everything = read_docs(corpus, nlp.vocab, nlp=nlp)
        component = ensemble.load_component(nlp)
    docs, sentences = sample_by_sentences(everything, limit, seed)
    bench = ensemble.Bench(nlp, docs)
    msg.info(f"Measuring on {len(docs)} of {len(everything)} documents, {sentences} sentences")
    drawn = {"documents": len(docs), "sentences": sentences, "seed": seed, "texts": _hash(docs)}
    if ablations:
        metrics = _measured_on(out, drawn)
        metrics["ablations"].update(ensemble.ablate(bench, msg.text))
        metrics["ablated"] = machine()
    else:
        metrics = {
            "name": name,
            "documents_in_split": len(everything),
            **drawn,
            "backbone_models": {b.name: named(b.backend.model) for b in bench.members},
            "pool_sentences": len(component.pool.entries),
            "training_steps": _training_steps(bench.members),
            **machine(),
            **ensemble.evaluate(bench, msg.text),
        }
    write(out, json.dumps(metrics, indent=2, ensure_ascii=False))
    full = metrics["full"]
    msg.good(f"{out}: F1 {full['ents_f']:.3f}, P {full['ents_p']:.3f}, R {full['ents_r']:.3f}")


def _hash(docs: Sequence[Doc]) -> str:
    """Of their texts: another corpus can have as many documents and sentences."""
    texts = json.dumps([doc.text for doc in docs])
    return hashlib.sha256(texts.encode()).hexdigest()


def _measured_on(out: Path, drawn: dict[str, Any]) -> dict[str, Any]:
    """What was measured on these very documents, to add to."""
    if not out.is_file():
        msg.fail(f"{out} is not there yet.", "Run without --ablate first.", exits=1)
    metrics = read_metrics(out)
    # A file of an earlier version does not say which texts they were.
    if drawn != {key: metrics.get(key, value) for key, value in drawn.items()}:
        msg.fail(
            f"{out} was measured on other documents.",
            "Give the corpus, --limit and --seed of that time, or measure anew without --ablate.",
            exits=1,
        )
    return metrics


def _training_steps(backbones: Sequence[Backbone]) -> dict[str, int]:
    """Of the compact backbones; what a model of the hub has learnt, nobody here knows."""
    from spacy_el4ner.training.folders import record_of

    plans = {b.name: record_of(Path(b.backend.model)).get("plan", {}) for b in backbones}
    return {name: plan["steps"] for name, plan in plans.items() if "steps" in plan}
