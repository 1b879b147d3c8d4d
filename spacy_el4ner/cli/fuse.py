"""`python -m spacy el4ner fuse`: put a trained tagger and a language model into one pipeline."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import (
    load_pipeline,
    telling_mistakes,
    use_gpu,
)
from spacy_el4ner.cli.outputs import check_pipeline_out


@app.command("fuse")
def fuse(
    tagger: Annotated[Path, typer.Argument(help="A pipeline with a trained slm_llm_fusion")],
    model: Annotated[
        str, typer.Argument(help="A folder that `sft` wrote, or any causal language model by name")
    ],
    corpus: Annotated[Path, typer.Argument(help="A folder with train.spacy, as made by `convert`")],
    out: Annotated[Path, typer.Argument(help="Where to save the pipeline")],
    template: Annotated[
        str | None,
        typer.Option(help="Prompt template: en, zh, compact, or a folder; default: as in `sft`"),
    ] = None,
    k: Annotated[
        int | None,
        typer.Option("--k", "-k", min=0, help="Demonstrations in a prompt; default: as in `sft`"),
    ] = None,
    route: Annotated[str, typer.Option(help="Ask the language model: always, or uncertain")] = "always",
    dtype: Annotated[
        str, typer.Option(help="The type to compute in: auto, fast, or the name of a torch type")
    ] = "auto",
    limit: Annotated[
        int, typer.Option(min=0, help="Sentences of the pool, drawn by seed; 0 for all")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the pool's sample")] = 0,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Give a trained tagger the language model that it is fused with, and demonstrations for it.

    Example: python -m spacy el4ner fuse training/sample_en/slm/model-best training/sample_en/llm \\
    corpus/sample_en training/sample_en/fused
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.corpora.sampling import sample_by_sentences
    from spacy_el4ner.pipeline.finding import find_component
    from spacy_el4ner.pipeline.saving import save_pipeline
    from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion

    # A model on the hub is not a path; read as one it does not exist, and so does not collide.
    check_pipeline_out(out, tagger, Path(model), corpus)
    use_gpu(gpu_id)
    nlp = load_pipeline(tagger, "Train it: see configs/slm_en.cfg.")
    with telling_mistakes():
        component = find_component(nlp, SLMLLMFusion)
        everything = read_docs(corpus / "train.spacy", nlp.vocab)
        docs, sentences = sample_by_sentences(everything, limit, seed)
        component.attach_llm(model, docs, nlp=nlp, template=template, k=k, route=route, dtype=dtype)
    save_pipeline(nlp, out)
    msg.good(f"{out}: '{component.name}' with {model}, {sentences} sentences as demonstrations")
