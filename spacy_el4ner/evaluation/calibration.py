"""The encoder of a calibrated fusion, and the plot of a calibration's report."""

from pathlib import Path

from spacy.language import Language

from spacy_el4ner.fusion.calibrate import CalibrationReport
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion
from spacy_el4ner.plots import GREY, YELLOW, saved_figure
from spacy_el4ner.retrieval.encoders import Encoder


def encoder_of(nlp: Language) -> Encoder | None:
    """nlp (Language): A pipeline.
    RETURNS (Encoder | None): The encoder by which its fusion finds similar sentences, if it has one.
    """
    return getattr(find_component(nlp, SLMLLMFusion).retriever, "encoder", None)


def plot(report: CalibrationReport, out: Path) -> None:
    """Draw F1 over the parameter of each rule that has one, and over the share of windows asked about.

    report (CalibrationReport): The report of a calibration.
    out (Path): The PNG file to write.
    """
    with saved_figure(out, 10, 4, columns=2, sharey=True) as (left, right):
        curves = [(rule.title, rule.curve) for rule in report.rules if rule.curve is not None]
        for title, curve in curves:
            left.plot(*zip(*curve.points, strict=True), label=title)
        left.axhline(report.slm, color=GREY, linestyle="--", label="tagger alone")
        left.axhline(report.llm, color=GREY, linestyle=":", label="language model alone")
        left.set_xlabel(", ".join(dict.fromkeys(curve.parameter for _, curve in curves)))
        left.set_ylabel(report.objective.replace("_", " "))
        left.legend(frameon=False)
        points = report.routing.curve
        right.plot([p.share for p in points], [p.f1 for p in points], color=YELLOW)
        right.plot([report.routing.share], [report.routing.f1], "o", color=YELLOW)
        right.axhline(report.routing.always, color=GREY, linestyle="--")
        right.set_xlabel(f"share of sentences asked about (rule: {report.rule})")
