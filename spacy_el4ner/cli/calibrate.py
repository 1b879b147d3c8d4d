"""`python -m spacy el4ner calibrate`: fit the fusion of a pipeline to held-out documents."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from spacy.language import Language
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline, telling_mistakes, use_gpu
from spacy_el4ner.cli.outputs import check_pipeline_out
from spacy_el4ner.errors import EL4NERError, Errors
from spacy_el4ner.fusion.calibrate import CalibrationReport
from spacy_el4ner.fusion.rules.base import SLM, FusionRule

REPORT, PICTURE = "calibration.json", "calibration.png"
BEST = "best"


@app.command("calibrate")
def calibrate(
    pipeline: Annotated[
        Path, typer.Argument(help="A pipeline with slm_llm_fusion, its tagger trained")
    ],
    corpus: Annotated[
        Path, typer.Argument(help="Labelled documents that neither model was trained on")
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
    batch_size: Annotated[int, typer.Option(min=1, help="Documents that are read at a time")] = 64,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Read held-out documents with both models; find the rule, its parameters, the confidence
    calibration and the routing threshold that do best there; and save the pipeline with them. Its
    folder then contains calibration.json, with all figures, and calibration.png, if matplotlib is
    installed.

    Example: python -m spacy el4ner calibrate training/zh/pipeline corpus/zh/dev.spacy \\
    training/zh/calibrated --route uncertain
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.corpora.sampling import sample_by_sentences
    from spacy_el4ner.fusion.rules.registered import find_rule
    from spacy_el4ner.fusion.scores import OBJECTIVES
    from spacy_el4ner.pipeline.finding import find_component
    from spacy_el4ner.pipeline.fusion_setup import ROUTES
    from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion

    _choice("objective", objective, OBJECTIVES)
    _choice("route", route, ["keep", *ROUTES])
    with telling_mistakes():
        chosen = None if rule == BEST else find_rule(rule)[0]
    # A pipeline may be calibrated in place: then it is the one to be replaced.
    own = () if out.resolve() == pipeline.resolve() else (pipeline,)
    check_pipeline_out(out, corpus, *own)
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline, "Make it with `fuse`.")
    try:
        component = find_component(nlp, SLMLLMFusion, with_llm=True)
        docs, sentences = sample_by_sentences(read_docs(corpus, nlp.vocab, nlp=nlp), limit, seed)
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
    except EL4NERError as error:
        msg.fail(str(error), exits=1)
    component.apply(report, nlp=nlp, route=None if route == "keep" else route)
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
