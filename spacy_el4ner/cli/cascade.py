"""`python -m spacy el4ner cascade`: ask voters only where those before leave the vote open."""

import json
from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline, use_gpu
from spacy_el4ner.cli.outputs import check_pipeline_out
from spacy_el4ner.errors import EL4NERError
from spacy_el4ner.progress import Progress

REPORT = "cascade.json"


@app.command("cascade")
def cascade(
    pipeline: Annotated[Path, typer.Argument(help="A pipeline with an ensemble")],
    corpus: Annotated[
        Path, typer.Argument(help="Labelled documents that the models were not trained on")
    ],
    out: Annotated[Path, typer.Argument(help="Where to save the pipeline with the cascade")],
    first: Annotated[
        str, typer.Option(help="Voters to ask first, the cheapest one first, with commas between them")
    ],
    loss: Annotated[float, typer.Option(help="Loss of F1 accepted for asking less")] = 0.002,
    budget: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Largest share of the tokens, instead of a loss"),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Sentences to use, drawn by seed; 0 for all")] = 0,
    seed: Annotated[int, typer.Option(help="Draws the sentences and the folds")] = 0,
    batch_size: Annotated[int, typer.Option(min=1, help="Documents that are read at a time")] = 16,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Ask cheap voters about every sentence, and the others only where those leave the vote open.

    Learns from labelled documents when further votes change the entities of a sentence, and chooses how
    sure the first voters have to be. The folder of the pipeline then contains cascade.json, with F1 and
    tokens for each such choice.

    Example: python -m spacy el4ner cascade training/en/pipeline corpus/en/dev.spacy \\
    training/en/cascade --first tagger
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.corpora.sampling import sample_by_sentences
    from spacy_el4ner.pipeline.saving import saving_pipeline
    from spacy_el4ner.tuning.cascade import fit_cascade

    # A pipeline may get its cascade in place: then it is the one to be replaced.
    own = () if out.resolve() == pipeline.resolve() else (pipeline,)
    check_pipeline_out(out, corpus, *own)
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline, "Make it with `index`.")
    order = [name.strip() for name in first.split(",") if name.strip()]
    try:
        docs, sentences = sample_by_sentences(read_docs(corpus, nlp.vocab, nlp=nlp), limit, seed)
        msg.info(f"Asking about {len(docs)} documents, {sentences} sentences")
        with Progress("Fitting", len(docs), unit="documents") as bar:
            fitted = fit_cascade(
                nlp,
                docs,
                order,
                loss=loss,
                budget=budget,
                seed=seed,
                batch_size=batch_size,
                show=lambda done: bar.update(done - bar.done),
            )
    except EL4NERError as error:
        msg.fail(str(error), exits=1)
    with saving_pipeline(nlp, out) as folder:
        (folder / REPORT).write_text(json.dumps(fitted.to_dict(), indent=2), encoding="utf8")
    chosen = fitted.chosen
    msg.info(
        f"With {chosen.tokens:.0%} of the tokens F1 is {chosen.f1:.4f}, with all of them "
        f"{fitted.full:.4f} (cross-validated)."
    )
    msg.good(f"Pipeline saved: {out}")
