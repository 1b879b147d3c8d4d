"""The card of a model: what it finds, what it is made of, and how well it does."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from spacy.language import Language

from spacy_el4ner.evaluation import fusion_report, report
from spacy_el4ner.packaging.models import Model
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion


def card(
    nlp: Language,
    meta: dict[str, Any],
    models: Sequence[Model],
    metrics: dict[str, Any] | None,
    data: str,
) -> str:
    """nlp (Language): The pipeline.
    meta (dict[str, Any]): What its package's meta.json says.
    models (Sequence[Model]): Its models.
    metrics (dict[str, Any] | None): What `evaluate` or `evaluate-fusion` wrote.
    data (str): On the training data; "" where nothing is known.
    RETURNS (str): The card, as Markdown.
    """
    components = [
        _component(name, pipe)
        for name, pipe in nlp.pipeline
        if hasattr(pipe, "pool") and hasattr(pipe, "retriever")
    ]
    return _template().render(
        meta=meta,
        package=f"{meta['lang']}_{meta['name']}",
        components=components,
        models=models,
        data=data,
        measured=_measured(nlp, metrics),
        calibration_error=_main(nlp, metrics).get("expected_calibration_error"),
    )


def performance(nlp: Language, metrics: dict[str, Any] | None) -> dict[str, Any]:
    """nlp (Language): The pipeline.
    metrics (dict[str, Any] | None): What `evaluate` or `evaluate-fusion` wrote.
    RETURNS (dict[str, Any]): The main scores, under spaCy's names."""
    keys = ("ents_f", "ents_p", "ents_r", "ents_per_type")
    return {key: value for key, value in _main(nlp, metrics).items() if key in keys}


def _main(nlp: Language, metrics: dict[str, Any] | None) -> dict[str, Any]:
    """The row of the whole pipeline."""
    if metrics is None:
        return {}
    row: dict[str, Any] = metrics["rows"][_row(nlp)] if "rows" in metrics else metrics["full"]
    return row


def _row(nlp: Language) -> str:
    """The name of the row that was measured as the fusion of this pipeline works."""
    routes = [pipe.cfg["route"] for _, pipe in nlp.pipeline if isinstance(pipe, SLMLLMFusion)]
    return "routed" if "uncertain" in routes else "fusion"


def _measured(nlp: Language, metrics: dict[str, Any] | None) -> str:
    """The tables of the evaluation's own report."""
    if metrics is None:
        return ""
    if "rows" in metrics:
        tables = fusion_report.fusion_table(metrics), fusion_report.type_table(metrics, _row(nlp))
    else:
        tables = report.main_table(metrics), report.type_table(metrics)
    parts = (report.measured(metrics), tables[0], "By type:", tables[1])
    return f"On {metrics['name']}. " + "\n\n".join(parts)


def _component(name: str, pipe: Any) -> dict[str, Any]:
    """What the card says of a component."""
    entries = [entry.demonstration for entry in pipe.pool.entries]
    counts = Counter(mention.label for shot in entries for mention in shot.mentions)
    calibration = getattr(pipe, "calibration", None)
    return {
        "name": name,
        "labels": [(label, text, counts[label]) for label, text in pipe.cfg["labels"].items()],
        "sentences": len(entries),
        "mentions": counts.total(),
        "rule": pipe.cfg.get("rule", ""),
        "fitted": calibration is not None and calibration.confidence is not None,
    }


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("spacy_el4ner.packaging", "."),
        autoescape=False,  # Markdown
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("card.md.jinja")
