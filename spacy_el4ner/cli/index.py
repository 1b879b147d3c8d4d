"""`python -m spacy el4ner index`: assemble a pipeline and index its demonstration pool."""

from pathlib import Path

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import (
    examples,
    make_pipeline,
    read_backbones,
    sample_by_sentences,
    use_gpu,
)


@app.command("index")
def index(
    config: Path = typer.Argument(..., help="A file of configs/backbones"),
    corpus: Path = typer.Argument(..., help="A folder with train.spacy, as made by `convert`"),
    out: Path = typer.Argument(..., help="Where the pipeline goes"),
    models: Path = typer.Option(Path("training/sample_en/backbones"), help="The compact backbones"),
    lang: str = typer.Option("en", "--lang", "-l", help="Language of the pipeline"),
    k: int = typer.Option(5, "--shots", "-k", help="Demonstrations in a prompt"),
    limit: int = typer.Option(0, help="Sentences of the pool, drawn by seed; 0 for all"),
    seed: int = typer.Option(0, help="Draws the pool"),
    gpu_id: int = typer.Option(-1, "--gpu-id", "-g", help="GPU; -1 for the CPU"),
) -> None:
    """Make a spaCy pipeline of the given backbones: the ensemble pre-extracts spans from every
    training sentence, and the pipeline is saved with this pool and its index.

    Example: python -m spacy el4ner index configs/backbones/compact.cfg corpus/sample_en training/sample_en/pipeline
    """
    from spacy_el4ner.corpora import read_docs

    use_gpu(gpu_id)
    nlp = make_pipeline(lang, read_backbones(config, models), k=k)
    docs, sentences = sample_by_sentences(read_docs(corpus / "train.spacy"), limit, seed)
    msg.info(f"Pool: {len(docs)} documents, {sentences} sentences")
    nlp.initialize(lambda: examples(docs))
    nlp.to_disk(out)
    msg.good(f"Pipeline saved: {out}")
