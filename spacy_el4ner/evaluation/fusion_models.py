"""The two models of a fusion, as a file of metrics describes them."""

from pathlib import Path
from typing import Any

from spacy.language import Language
from thinc.api import Model

from spacy_el4ner.backends import sizes
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.catalogue.origins import listed_name, origin
from spacy_el4ner.evaluation.machine import portable_name
from spacy_el4ner.pipeline.fusion_setup import sft_plan
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion
from spacy_el4ner.storage import bundle

TRAINED = ("method", "rank", "epochs", "k", "sentences", "seed")
"""Settings of a fine-tuning that the file of metrics repeats."""


def fused_models(nlp: Language, fusion: SLMLLMFusion) -> dict[str, dict[str, Any]]:
    """nlp (Language): A pipeline.
    fusion (SLMLLMFusion): Its fusion.
    RETURNS (dict[str, dict[str, Any]]): "slm" and "llm": a description of each model, as plain data.
    """
    return {"slm": _slm(nlp, fusion), "llm": _llm(fusion)}


def _slm(nlp: Language, fusion: SLMLLMFusion) -> dict[str, Any]:
    """The components up to the fusion, the pretrained encoder among them, and the seed of training."""
    names = nlp.pipe_names[: nlp.pipe_names.index(fusion.name) + 1]
    config = nlp.config.interpolate()
    models = [getattr(nlp.get_pipe(name), "model", None) for name in names]
    return {
        "name": " + ".join(names),
        "base": next(filter(None, (_pretrained(config["components"][n]) for n in names)), None),
        "parameters": sum(_size(model) for model in models if isinstance(model, Model)),
        "seed": config["training"].get("seed"),
    }


def _llm(fusion: SLMLLMFusion) -> dict[str, Any]:
    """The model and its adapter, how it was fine-tuned, and how it is prompted."""
    llm = fusion.llm
    template = getattr(getattr(llm, "template", None), "name", None)
    prompts = {"template": template and portable_name(template), "k": fusion.cfg["k"]}
    backend = getattr(llm, "backend", llm)
    if not isinstance(backend, HFBackend):
        return {"name": str(getattr(backend, "model", type(backend).__name__)), **prompts}
    model, adapter = backend.model, backend.adapter
    folder = Path(bundle.located(model, backend.bundle))
    tuned = Path(bundle.located(adapter, backend.bundle)) if adapter else folder
    plan, identity = sft_plan(tuned), backend.identity
    return {
        "name": listed_name(str(folder)) or portable_name(model),
        "base": origin(folder) or None,
        "parameters": sizes.parameters(model, backend.bundle),
        "adapter": adapter and portable_name(adapter),
        "adapter_parameters": adapter and sizes.parameters(adapter, backend.bundle),
        "weights": identity["adapter"] or identity["model"],
        "fine_tuning": {key: plan[key] for key in TRAINED if plan.get(key) is not None} or None,
        **prompts,
    }


def _pretrained(block: Any) -> str | None:
    """The name of the encoder that a component's config names."""
    if not isinstance(block, dict):
        return None
    kind = block.get("@misc") or block.get("@architectures") or ""
    name = block.get("name")
    if isinstance(name, str) and kind.startswith(
        ("spacy-el4ner.Pretrained", "spacy-transformers.Tran")
    ):
        return portable_name(name)
    return next(filter(None, map(_pretrained, block.values())), None)


def _size(model: Model[Any, Any]) -> int:
    """The number of parameters of a model, those that PyTorch holds included."""
    total = 0
    for node in model.walk():
        held = [node.get_param(name) for name in node.param_names if node.has_param(name)]
        total += sum(int(weights.size) for weights in held)
        for shim in node.shims:
            in_torch = getattr(shim, "_model", None)
            if in_torch is not None and hasattr(in_torch, "parameters"):
                total += sum(weights.numel() for weights in in_torch.parameters())
    return total
