"""The model card of a package: its labels, models, data and scores."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from spacy.language import Language

from spacy_el4ner.catalogue import CatalogueModel
from spacy_el4ner.evaluation import ensemble_tables, fusion_tables
from spacy_el4ner.evaluation.ensemble_tables import ENSEMBLE, is_ensemble
from spacy_el4ner.packaging.models import Model
from spacy_el4ner.pipeline.finding import AnyComponent, find_components
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion


def card(
    nlp: Language,
    meta: dict[str, Any],
    models: Sequence[Model],
    metrics: dict[str, Any] | None,
    data: str,
) -> str:
    """nlp (Language): The pipeline.
    meta (dict[str, Any]): The meta.json of its package.
    models (Sequence[Model]): Its models.
    metrics (dict[str, Any] | None): Metrics that `evaluate` or `evaluate-fusion` wrote; None without.
    data (str): Description of the training data; "" if there is none.
    RETURNS (str): The card, as Markdown.
    """
    components = [_component(component) for component in find_components(nlp)]
    return _template().render(
        meta=meta,
        package=f"{meta['lang']}_{meta['name']}",
        components=components,
        models=models,
        listed=list({m.listed.name: m.listed for m in models if m.listed is not None}.values()),
        sources=_sources,
        data=data,
        measured=_measured(nlp, metrics),
        calibration_error=_main(nlp, metrics).get("expected_calibration_error"),
    )


def _sources(model: CatalogueModel) -> str:
    """The packages that contain a model of the catalogue."""
    return ", ".join(f"`{part.package}` {part.version}" for part in model.parts)


def performance(nlp: Language, metrics: dict[str, Any] | None) -> dict[str, Any]:
    """nlp (Language): The pipeline.
    metrics (dict[str, Any] | None): Metrics that `evaluate` or `evaluate-fusion` wrote; None without.
    RETURNS (dict[str, Any]): The main scores, under spaCy's names.
    """
    keys = ("ents_f", "ents_p", "ents_r", "ents_per_type")
    return {key: value for key, value in _main(nlp, metrics).items() if key in keys}


def _main(nlp: Language, metrics: dict[str, Any] | None) -> dict[str, Any]:
    """The scores of the whole pipeline."""
    if metrics is None:
        return {}
    name = ENSEMBLE if is_ensemble(metrics) else _row(nlp)
    row: dict[str, Any] = metrics["rows"][name]
    return row


def _row(nlp: Language) -> str:
    """The name of the measured row that matches the routing of this pipeline."""
    routes = [c.cfg["route"] for c in find_components(nlp) if isinstance(c, SLMLLMFusion)]
    return "routed" if "uncertain" in routes else "fusion"


def _measured(nlp: Language, metrics: dict[str, Any] | None) -> str:
    """The tables of the evaluation's report."""
    if metrics is None:
        return ""
    if not is_ensemble(metrics):
        conditions = fusion_tables.conditions(metrics)
        tables = fusion_tables.fusion_table(metrics), fusion_tables.type_table(metrics, _row(nlp))
    else:
        conditions = ensemble_tables.measured(metrics)
        tables = ensemble_tables.main_table(metrics), ensemble_tables.type_table(metrics)
    parts = (conditions, tables[0], "By label:", tables[1])
    return f"On {metrics['name']}. " + "\n\n".join(parts)


def _component(component: AnyComponent) -> dict[str, Any]:
    """The facts about a component in the card."""
    entries = [entry.demonstration for entry in component.pool.entries]
    counts = Counter(mention.label for demonstration in entries for mention in demonstration.mentions)
    calibration = getattr(component, "calibration", None)
    return {
        "name": component.name,
        "labels": [(label, text, counts[label]) for label, text in component.cfg["labels"].items()],
        "sentences": len(entries),
        "mentions": counts.total(),
        "rule": component.rule.name if isinstance(component, SLMLLMFusion) else "",
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
