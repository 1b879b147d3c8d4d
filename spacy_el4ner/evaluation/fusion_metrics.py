"""The file of metrics of a fusion: its rows, and what they were measured on."""

from collections.abc import Callable, Sequence
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.corpora.sampling import sample_by_sentences
from spacy_el4ner.evaluation.fusion import FusionBench, without_adapter
from spacy_el4ner.evaluation.fusion_models import fused_models
from spacy_el4ner.evaluation.machine import machine
from spacy_el4ner.evaluation.unseen import summaries
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion


def fusion_metrics(
    nlp: Language,
    docs: Sequence[Doc],
    name: str,
    *,
    base: str | None = None,
    base_k: int | None = None,
    compare_base: bool = True,
    train: Sequence[Doc] | None = None,
    limit: int = 0,
    seed: int = 0,
    note: str = "",
    say: Callable[[str], Any] = print,
) -> dict[str, Any]:
    """Measure a fusion on a labelled corpus: both models alone, every rule, and routing.

    nlp (Language): A pipeline with a calibrated fusion.
    docs (Sequence[Doc]): The labelled documents.
    name (str): Name of the corpus, for the report.
    base (str | None): The language model before fine-tuning, to compare with; not needed for an
        adapter, whose base is recorded.
    base_k (int | None): Demonstrations in its prompts; None for as many as in the fusion.
    compare_base (bool): Whether the model before fine-tuning is measured at all.
    train (Sequence[Doc] | None): The training split, by which entities count as seen; None for the
        demonstrations of the pipeline.
    limit (int): Approximate number of sentences to measure on, drawn by `seed`; 0 for all.
    seed (int): Seed of that choice.
    note (str): What readers of the tables should know, such as what else the machine was doing.
    say (Callable[[str], Any]): Called with what is measured next.
    RETURNS (dict[str, Any]): The metrics; plain data.
    RAISES (EL4NERValueError): EL014, the pipeline has no fusion; EL044, it has no language model.
    """
    fusion = find_component(nlp, SLMLLMFusion, with_llm=True)
    drawn, sentences = sample_by_sentences(docs, limit, seed)
    say(f"Measuring on {len(drawn)} of {len(docs)} documents, {sentences} sentences")
    before = without_adapter(fusion, base) if compare_base else None
    bench = FusionBench(nlp, fusion.name, drawn, before, base_k=base_k, train=train)
    rows = bench.rows(say)
    models = fused_models(nlp, fusion)
    return {
        "name": name,
        "documents": len(drawn),
        "documents_in_split": len(docs),
        "sentences": sentences,
        "seed": seed,
        **({"note": note} if note else {}),
        "slm": models["slm"]["name"],
        "llm": " + ".join(filter(None, (models["llm"]["name"], models["llm"].get("adapter")))),
        "models": models,
        "calibration": fusion.calibration.to_dict(),
        **machine(),
        "rows": rows,
        **(summaries(rows, bench.novelty) if bench.novelty else {}),
    }
