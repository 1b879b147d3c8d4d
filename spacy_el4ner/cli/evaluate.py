"""`python -m spacy el4ner evaluate`: the ensemble, each voter alone, and ablations."""

import json
from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline, read_metrics, telling_mistakes, use_gpu
from spacy_el4ner.cli.outputs import check_file, write
from spacy_el4ner.errors import EL4NERError


@app.command("evaluate")
def evaluate(
    pipeline: Annotated[Path, typer.Argument(help="A pipeline, as made by `index`")],
    corpus: Annotated[
        Path, typer.Argument(help="A labelled corpus, such as corpus/sample_en/test.spacy")
    ],
    out: Annotated[Path, typer.Argument(help="The JSON file to write")],
    name: Annotated[str, typer.Option(help="Name of the corpus in the report")] = "sample_en",
    limit: Annotated[
        int, typer.Option(min=0, help="Sentences to measure on, drawn by seed; 0 for all")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Seed of that choice")] = 0,
    ablations: Annotated[
        bool, typer.Option(help="Measure the ensemble without single stages too")
    ] = True,
    further: Annotated[
        bool, typer.Option("--ablate", help="Add the further ablations to the file")
    ] = False,
    untuned: Annotated[
        bool, typer.Option("--untuned", help="Measure the pipeline without its tuning")
    ] = False,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Measure a pipeline on a labelled corpus: precision, recall, F1, speed and calibration. Run again
    after an interruption, it goes on after the last finished row.

    Example: python -m spacy el4ner evaluate training/sample_en/pipeline \\
    corpus/sample_en/test.spacy metrics/sample_en/ensemble.json
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.evaluation.ensemble_metrics import ensemble_metrics
    from spacy_el4ner.evaluation.ensemble_tables import ENSEMBLE
    from spacy_el4ner.pipeline.finding import find_component
    from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
    from spacy_el4ner.pipeline.tuned import Tuning

    check_file(out, corpus)
    if further and not out.is_file():
        msg.fail(f"The file '{out}' does not exist.", "Run without --ablate first.", exits=1)
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline)
    if untuned:
        find_component(nlp, LLMEnsembleNER).apply(Tuning())
    with telling_mistakes():
        docs = read_docs(corpus, nlp.vocab, nlp=nlp)
    earlier = read_metrics(out) if further else None
    try:
        metrics = ensemble_metrics(
            nlp,
            docs,
            name,
            limit=limit,
            seed=seed,
            earlier=earlier,
            ablations=ablations,
            unfinished=out.with_name(f"{out.name}.unfinished"),
            say=msg.text,
        )
    except EL4NERError as error:
        msg.fail(str(error), exits=1)
    write(out, json.dumps(metrics, indent=2, ensure_ascii=False))
    full = metrics["rows"][ENSEMBLE]
    msg.good(f"{out}: F1 {full['ents_f']:.3f}, P {full['ents_p']:.3f}, R {full['ents_r']:.3f}")
