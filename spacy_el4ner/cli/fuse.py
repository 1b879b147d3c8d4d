"""`python -m spacy el4ner fuse`: put a trained tagger and a language model into one pipeline."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import (
    load_pipeline,
    sample_by_sentences,
    telling_mistakes,
    use_gpu,
)
from spacy_el4ner.cli.outputs import check_pipeline_out


@app.command("fuse")
def fuse(
    tagger: Annotated[Path, typer.Argument(help="A pipeline with a trained slm_llm_fusion")],
    model: Annotated[
        str, typer.Argument(help="What `sft` wrote, or any causal language model: name, or folder")
    ],
    corpus: Annotated[Path, typer.Argument(help="A folder with train.spacy, as made by `convert`")],
    out: Annotated[Path, typer.Argument(help="Where the pipeline goes")],
    wording: Annotated[
        str | None, typer.Option(help="Prompts: en, zh, compact, or a folder; as in `sft` if not said")
    ] = None,
    k: Annotated[
        int | None, typer.Option("--shots", "-k", min=0, help="Demonstrations; as in `sft` if not said")
    ] = None,
    route: Annotated[str, typer.Option(help="Ask the language model: always, or uncertain")] = "always",
    limit: Annotated[
        int, typer.Option(min=0, help="Sentences of the pool, drawn by seed; 0 for all")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Draws the pool")] = 0,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Give a trained tagger the language model that it is fused with, and demonstrations for it.

    Example: python -m spacy el4ner fuse training/sample_en/slm/model-best training/sample_en/llm \\
    corpus/sample_en training/sample_en/fused
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.evaluation.calibration import find_component
    from spacy_el4ner.pipeline.saving import save_pipeline
    from spacy_el4ner.retrieval.fixed import FixedDemonstrations

    # A model of the hub is no path; as one it is nowhere, and so in nobody's way.
    check_pipeline_out(out, tagger, Path(model), corpus)
    use_gpu(gpu_id)
    made = _plan(model)
    model, base = _place(model), _place(made.get("base", model))
    is_adapter = made.get("method") == "lora"
    remedy = "Train it: see configs/slm_en.cfg."
    with telling_mistakes():
        name, _ = find_component(load_pipeline(tagger, remedy), tagger)
    backend = {
        "@misc": "spacy-el4ner.HFBackend.v1",
        "model": base if is_adapter else model,
        "adapter": model if is_adapter else None,
        # Where all weights were trained, the revision is that of a model which is not needed any more.
        "revision": made.get("revision") if is_adapter else None,
        "context": made.get("context"),
        "use_chat_template": made.get("use_chat_template", True),
    }
    settings = {
        "llm": {
            "@misc": "spacy-el4ner.Tagger.v1",
            "wording": wording or made.get("wording", "en"),
            "max_tokens": made.get("max_tokens", 32),
            "max_window": made.get("max_window", 0),
            "backend": backend,
        },
        "k": made.get("k", 5) if k is None else k,
        "route": route,
    }
    nlp = load_pipeline(tagger, remedy, config={"components": {name: settings}})
    with telling_mistakes():
        everything = read_docs(corpus / "train.spacy", nlp.vocab)
    docs, sentences = sample_by_sentences(everything, limit, seed)
    component = find_component(nlp, tagger)[1]
    if made.get("demonstrations") == "fixed":
        # Not among the settings above, which are merged with the block that is there.
        component.retriever = FixedDemonstrations(made["seed"])
        block = {"@misc": "spacy-el4ner.FixedDemonstrations.v1", "seed": made["seed"]}
        nlp.get_pipe_config(name)["retriever"] = block
    component.set_pool(docs)
    # The order stays: it is that of the tagger's tags.
    described = made.get("labels", {})
    labels = component.cfg["labels"]
    component.cfg["labels"] = {label: described.get(label, text) for label, text in labels.items()}
    save_pipeline(nlp, out)
    msg.good(f"{out}: '{name}' with {backend['model']}, {sentences} sentences to show")


def _place(model: str) -> str:
    """A folder as what is found from anywhere; a model of the hub by its name."""
    folder = Path(model)
    return str(folder.resolve()) if folder.is_dir() else model


def _plan(model: str) -> dict[str, Any]:
    """What `sft` recorded of the model, if it made it."""
    record = Path(model) / "el4ner.json"
    if not record.is_file():
        return {}
    plan: dict[str, Any] = json.loads(record.read_text(encoding="utf8")).get("plan", {})
    return plan
