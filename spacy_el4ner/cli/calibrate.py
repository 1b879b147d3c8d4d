"""`python -m spacy el4ner calibrate`: fit a pipeline to held-out documents."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from spacy.language import Language
from spacy.tokens import Doc
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline, telling_mistakes, use_gpu
from spacy_el4ner.cli.outputs import check_pipeline_out
from spacy_el4ner.cli.tune import print_table
from spacy_el4ner.errors import EL4NERError, Errors
from spacy_el4ner.fusion.calibrate import CalibrationReport
from spacy_el4ner.fusion.rules.base import SLM, FusionRule
from spacy_el4ner.progress import Progress

if TYPE_CHECKING:
    from spacy_el4ner.pipeline.component import Component
    from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER

REPORT, PICTURE = "calibration.json", "calibration.png"
BEST = "best"


@app.command("calibrate")
def calibrate(
    pipeline: Annotated[
        Path, typer.Argument(help="A pipeline with a fusion, its tagger trained, or with an ensemble")
    ],
    corpus: Annotated[
        Path, typer.Argument(help="Labelled documents that the models were not trained on")
    ],
    out: Annotated[Path, typer.Argument(help="Where to save the calibrated pipeline")],
    objective: Annotated[
        str, typer.Option(help="F1 to maximise: entity_f1 or token_macro_f1")
    ] = "entity_f1",
    rule: Annotated[
        str,
        typer.Option(help="The rule to use: best, or the name of a registered rule, such as paper"),
    ] = BEST,
    route: Annotated[
        str, typer.Option(help="Ask the language model: always, uncertain, or keep the setting")
    ] = "keep",
    tolerance: Annotated[float, typer.Option(help="Loss of F1 accepted for asking less often")] = 0.002,
    budget: Annotated[
        float, typer.Option(min=0, max=1, help="Largest share of these sentences to ask about")
    ] = 0.4,
    folds: Annotated[int, typer.Option(min=2, help="Parts of the cross-validation")] = 10,
    repeats: Annotated[int, typer.Option(min=1, help="Number of divisions into parts")] = 5,
    limit: Annotated[int, typer.Option(min=0, help="Sentences to use, drawn by seed; 0 for all")] = 0,
    seed: Annotated[int, typer.Option(help="Draws the sentences and the folds")] = 0,
    precision: Annotated[
        float | None,
        typer.Option(help="Precision to promise, which sets the lowest confidence"),
    ] = None,
    risk: Annotated[float, typer.Option(help="Probability that the promise does not hold")] = 0.1,
    batch_size: Annotated[int, typer.Option(min=1, help="Documents that are read at a time")] = 64,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Calibrate a pipeline on held-out documents, and save it.

    For a fusion: read them with both models; find the rule, its parameters, the confidence calibration
    and the routing threshold that do best there. The folder of the pipeline then contains
    calibration.json, with all figures, and calibration.png, if matplotlib is installed.

    For an ensemble: calibrate the confidence, so that of the entities with a confidence of 0.8 about
    80% are right. Of the other options, only --precision, --risk, --limit, --seed and --batch-size
    apply.

    With --precision, find the lowest confidence above which that share of the entities is right, and
    leave the others out of doc.ents from then on.

    Example: python -m spacy el4ner calibrate training/zh/pipeline corpus/zh/dev.spacy \\
    training/zh/calibrated --route uncertain

    Example: python -m spacy el4ner calibrate training/en/pipeline corpus/en/dev.spacy \\
    training/en/calibrated --precision 0.95
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.corpora.sampling import sample_by_sentences
    from spacy_el4ner.fusion.rules.registered import find_rule
    from spacy_el4ner.fusion.scores import OBJECTIVES
    from spacy_el4ner.pipeline.finding import find_component
    from spacy_el4ner.pipeline.fusion_setup import ROUTES
    from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
    from spacy_el4ner.pipeline.saving import save_pipeline

    _choice("objective", objective, OBJECTIVES)
    _choice("route", route, ["keep", *ROUTES])
    with telling_mistakes():
        chosen = None if rule == BEST else find_rule(rule)[0]
    # A pipeline may be calibrated in place: then it is the one to be replaced.
    own = () if out.resolve() == pipeline.resolve() else (pipeline,)
    check_pipeline_out(out, corpus, *own)
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline, "Make it with `index` or `fuse`.")
    try:
        component = find_component(nlp, with_llm=True)
        docs, sentences = sample_by_sentences(read_docs(corpus, nlp.vocab, nlp=nlp), limit, seed)
        if isinstance(component, LLMEnsembleNER):
            msg.info(f"Asking about {len(docs)} documents, {sentences} sentences")
            _calibrate_ensemble(nlp, component, docs, precision, risk, seed, batch_size)
            save_pipeline(nlp, out)
            msg.good(f"Pipeline saved: {out}")
            return
        msg.info(f"Reading {len(docs)} documents, {sentences} sentences, with both models")
        report = component.calibrate(
            docs,
            nlp=nlp,
            objective=objective,
            rule=chosen,
            folds=folds,
            repeats=repeats,
            seed=seed,
            tolerance=tolerance,
            budget=budget,
            batch_size=batch_size,
        )
        component.apply(report, nlp=nlp, route=None if route == "keep" else route)
        if precision is not None:
            _promise(nlp, component, report.pairs[component.cfg["route"]], precision, risk)
    except EL4NERError as error:
        msg.fail(str(error), exits=1)
    settings = {
        "corpus": str(corpus),
        "folds": folds,
        "repeats": repeats,
        "seed": seed,
        "tolerance": tolerance,
        "budget": budget,
    }
    _save(nlp, report, {**settings, "documents": len(docs), "sentences": sentences}, out)
    _tell(report, component.rule, chosen)
    msg.good(f"Pipeline saved: {out}")


def _calibrate_ensemble(
    nlp: Language,
    component: "LLMEnsembleNER",
    docs: Sequence[Doc],
    precision: float | None,
    risk: float,
    seed: int,
    batch_size: int,
) -> None:
    """Calibrate the confidence, find the threshold that is asked for, and say what both bring."""
    from spacy_el4ner.tuning.confidence import calibrate_confidence

    with Progress("Calibrating", len(docs), unit="documents") as bar:
        fitted = calibrate_confidence(
            nlp, docs, seed=seed, batch_size=batch_size, show=lambda done: bar.update(done - bar.done)
        )
    print_table([step.to_dict() for step in fitted.steps])
    if precision is not None:
        _promise(nlp, component, fitted.pairs, precision, risk)


def _promise(
    nlp: Language,
    component: "Component",
    pairs: Sequence[tuple[float, bool]],
    precision: float,
    risk: float,
) -> None:
    """Find the threshold that promises a precision, put it into the pipeline, and say what is left."""
    from spacy_el4ner.calibration.precision import promise_precision

    promise = promise_precision(pairs, precision, risk)
    component.configure(nlp, {"min_confidence": promise.threshold})
    before = sum(right for _, right in pairs)
    msg.info(
        f"Entities with a confidence of at least {promise.threshold:g} have a precision of at least "
        f"{precision:.0%}, at a risk of {risk:.0%}. Of the entities here, {promise.kept} of "
        f"{len(pairs)} remain, and {promise.right} of the {before} right ones."
    )


def _choice(option: str, value: str, choices: Iterable[str]) -> None:
    if value not in choices:
        msg.fail(Errors.EL010.format(value=value, setting=option, known=", ".join(choices)), exits=1)


def _save(nlp: Language, report: CalibrationReport, settings: dict[str, Any], out: Path) -> None:
    """The pipeline, complete or not at all, with the report in its folder."""
    from spacy_el4ner.evaluation.calibration import plot
    from spacy_el4ner.pipeline.saving import saving_pipeline

    figures = json.dumps({**settings, **report.to_dict()}, indent=2, ensure_ascii=False)
    with saving_pipeline(nlp, out) as folder:
        (folder / REPORT).write_text(figures, encoding="utf8")
        try:
            plot(report, folder / PICTURE)
        except ImportError as error:
            msg.warn(str(error))


def _tell(report: CalibrationReport, rule: FusionRule, requested: str | None) -> None:
    """Print the main figures as a table, and the choice that follows from them."""
    alone = [
        ("tagger alone", "", "", f"{report.slm:.4f}"),
        ("language model alone", "", "", f"{report.llm:.4f}"),
    ]
    rules = [
        (
            r.name,
            f"{r.cross_validated:.4f}",
            f"{r.cross_validated - report.slm:+.4f} ± {r.error:.4f}",
            f"{r.fitted:.4f}",
        )
        for r in report.rules
    ]
    header = ("rule", "F1 cross-validated", "less the tagger's", "F1 after the fit")
    msg.table([*alone, *rules], header=header, divider=True, aligns=("l", "r", "r", "r"))
    if rule.always == SLM:
        because = "" if requested else ", because no rule did better here than the tagger alone"
        msg.warn(f"Rule: {rule.name}. The language model is not asked{because}.")
        return
    routing = report.routing
    msg.info(
        f"Rule: {report.rule}. Asking about {routing.share:.0%} of the windows gives an F1 of "
        f"{routing.f1:.4f}, about all of them {routing.always:.4f}."
    )
