"""`python -m spacy el4ner index`: assemble a pipeline and index its demonstration pool."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import (
    examples,
    make_pipeline,
    read_ensemble,
    sample_by_sentences,
    use_gpu,
)
from spacy_el4ner.cli.outputs import check_pipeline_out


@app.command("index")
def index(
    config: Annotated[Path, typer.Argument(help="A file of configs/backbones")],
    corpus: Annotated[Path, typer.Argument(help="A folder with train.spacy, as made by `convert`")],
    out: Annotated[Path, typer.Argument(help="Where the pipeline goes")],
    models: Annotated[Path, typer.Option(help="The compact backbones")] = Path(
        "training/sample_en/backbones"
    ),
    lang: Annotated[str, typer.Option("--lang", "-l", help="Language of the pipeline")] = "en",
    k: Annotated[int, typer.Option("--shots", "-k", min=0, help="Demonstrations in a prompt")] = 5,
    limit: Annotated[
        int, typer.Option(min=0, help="Sentences of the pool, drawn by seed; 0 for all")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Draws the pool")] = 0,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Make a spaCy pipeline of the given backbones: the ensemble pre-extracts spans from every
    training sentence, and the pipeline is saved with this pool and its index.

    Example: python -m spacy el4ner index configs/backbones/compact.cfg \\
    corpus/sample_en training/sample_en/pipeline
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.pipeline.saving import save_pipeline

    check_pipeline_out(out, config, corpus, models)
    use_gpu(gpu_id)
    try:
        nlp = make_pipeline(lang, {**read_ensemble(config, models.resolve()), "k": k})
        docs, sentences = sample_by_sentences(read_docs(corpus / "train.spacy"), limit, seed)
        msg.info(f"Pool: {len(docs)} documents, {sentences} sentences")
        nlp.initialize(lambda: examples(docs))
        save_pipeline(nlp, out)
    except (ImportError, OSError, ValueError) as error:
        msg.fail("The pipeline could not be made", str(error), exits=1)
    msg.good(f"Pipeline saved: {out}")
