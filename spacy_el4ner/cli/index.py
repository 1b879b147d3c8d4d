"""`python -m spacy el4ner index`: assemble a pipeline and index its demonstration pool."""

from pathlib import Path
from typing import Annotated, Any

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import use_gpu
from spacy_el4ner.cli.outputs import check_pipeline_out
from spacy_el4ner.cli.tune import print_steps, tuning


@app.command("index")
def index(
    config: Annotated[Path, typer.Argument(help="A file of configs/voters")],
    corpus: Annotated[Path, typer.Argument(help="A folder with train.spacy, as made by `convert`")],
    out: Annotated[Path, typer.Argument(help="Where the pipeline goes")],
    models: Annotated[Path, typer.Option(help="Folder of the compact backbones or adapters")] = Path(
        "training/sample_en/backbones"
    ),
    base: Annotated[
        str | None, typer.Option(help="The model that adapters are for; by default that of the file")
    ] = None,
    lang: Annotated[str, typer.Option("--lang", "-l", help="Language of the pipeline")] = "en",
    k: Annotated[
        int | None,
        typer.Option(
            "--k", "-k", min=0, help="Demonstrations in a prompt; by default those of the file, or 5"
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Sentences of the pool, drawn by seed; 0 for all")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Seed of that choice")] = 0,
    tune: Annotated[
        bool, typer.Option(help="Fit the ensemble to dev.spacy and its pool, as `tune` does")
    ] = True,
    minutes: Annotated[float, typer.Option(min=0, help="Minutes to tune for")] = 3.0,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Make a spaCy pipeline from a file of voters. The ensemble pre-extracts spans from every training
    sentence. The pipeline is tuned on dev.spacy, if the corpus has one, and on this pool, and saved
    with the pool and its index.

    Example: python -m spacy el4ner index configs/voters/compact.cfg \\
    corpus/sample_en training/sample_en/pipeline
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.corpora.sampling import sample_by_sentences
    from spacy_el4ner.pipeline.ensemble_setup import make_ensemble
    from spacy_el4ner.pipeline.saving import save_pipeline
    from spacy_el4ner.tuning.run import tune as fit

    check_pipeline_out(out, config, corpus, models)
    use_gpu(gpu_id)
    try:
        docs, sentences = sample_by_sentences(read_docs(corpus / "train.spacy"), limit, seed)
        msg.info(f"Pool: {len(docs)} documents, {sentences} sentences")
        shown: dict[str, Any] = {} if k is None else {"k": k}
        nlp = make_ensemble(config, docs, lang=lang, backbones=models.resolve(), base=base, **shown)
        if tune:
            # Voters that learnt from the pool know its answers, so the dev split comes first.
            held_out = corpus / "dev.spacy"
            dev = read_docs(held_out, nlp.vocab, nlp=nlp) if held_out.is_file() else []
            with tuning(out) as (checkpoint, show):
                fit(nlp, dev, minutes=minutes, seed=seed, checkpoint=checkpoint, show=show)
        save_pipeline(nlp, out)
    except (ImportError, OSError, ValueError) as error:
        msg.fail("The pipeline could not be made", str(error), exits=1)
    if tune:
        checkpoint.unlink(missing_ok=True)
        print_steps(nlp)
    msg.good(f"Pipeline saved: {out}")
