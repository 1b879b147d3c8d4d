"""`python -m spacy el4ner evaluate-fusion`: each model alone, and their fusion, into a JSON."""

import json
from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline, telling_mistakes, use_gpu
from spacy_el4ner.cli.outputs import check_file, write
from spacy_el4ner.errors import EL4NERError


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
    base_k: Annotated[
        int | None,
        typer.Option(min=0, help="Demonstrations in its prompts; default: as many as in the fusion"),
    ] = None,
    compare_base: Annotated[
        bool,
        typer.Option(
            "--compare-base/--skip-base", help="Measure the language model before fine-tuning, too"
        ),
    ] = True,
    train: Annotated[
        Path | None,
        typer.Option(
            help="The training split, to tell entities that it has from unseen ones; default: the "
            "demonstrations of the pipeline"
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the corpus in the report")] = "sample_en",
    limit: Annotated[
        int, typer.Option(min=0, help="Sentences to measure on, drawn by seed; 0 for all")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Seed of that choice")] = 0,
    note: Annotated[
        str, typer.Option(help="What readers of the tables should know about this measurement")
    ] = "",
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Measure a fusion on a labelled corpus: both models alone, every rule, and routing.

    Example: python -m spacy el4ner evaluate-fusion training/sample_en/fusion \\
    corpus/sample_en/test.spacy metrics/sample_en/fusion.json
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.evaluation.fusion_metrics import fusion_metrics

    check_file(out, corpus)
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline, "Make it with `calibrate`.")
    with telling_mistakes():
        docs = read_docs(corpus, nlp.vocab, nlp=nlp)
        training = None if train is None else read_docs(train, nlp.vocab, nlp=nlp)
    try:
        metrics = fusion_metrics(
            nlp,
            docs,
            name,
            base=base,
            base_k=base_k,
            compare_base=compare_base,
            train=training,
            limit=limit,
            seed=seed,
            note=note,
            say=msg.text,
        )
    except EL4NERError as error:
        msg.fail(str(error), exits=1)
    write(out, json.dumps(metrics, indent=2, ensure_ascii=False))
    rows = metrics["rows"]
    scores = ", ".join(f"{n} {rows[n]['ents_f']:.3f}" for n in ("slm", "sft_similarity", "fusion"))
    msg.good(f"{out}: F1 of {scores}")
    if (unseen := metrics.get("unseen")) and unseen["entities"]:
        recalls = ", ".join(f"{n} {unseen[n]:.3f}" for n in ("slm", "llm", "fusion"))
        msg.good(f"Recall of the {unseen['entities']} entities that training has not seen: {recalls}")
