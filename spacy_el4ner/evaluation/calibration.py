"""The cases of a held-out corpus, and the picture of what a calibration found on them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from tqdm import tqdm

from spacy_el4ner.errors import Errors
from spacy_el4ner.evaluation.documents import before
from spacy_el4ner.fusion.calibrate import Report
from spacy_el4ner.fusion.readings import Case
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion
from spacy_el4ner.retrieval.encoders import Encoder

RULES, ASKED, PLAIN = "#1b6ca8", "#d9a441", "#9aa5b1"


def load_component(nlp: Language, path: Path) -> tuple[str, SLMLLMFusion]:
    """nlp (Language): A pipeline.
    path (Path): Where it was loaded from, for the error.
    RETURNS (tuple[str, SLMLLMFusion]): Its fusion, by name.
    RAISES (ValueError): It has none, or one without a language model.
    """
    name, component = find_component(nlp, path)
    if component.llm is None:
        raise ValueError(Errors.EL044.format(path=path, name=name))
    return name, component


def find_component(nlp: Language, path: Path) -> tuple[str, SLMLLMFusion]:
    """RETURNS (tuple[str, SLMLLMFusion]): The same, with or without a language model."""
    for name, component in nlp.pipeline:
        if isinstance(component, SLMLLMFusion):
            return name, component
    names = ", ".join(nlp.pipe_names)
    raise ValueError(Errors.EL014.format(path=path, factory="slm_llm_fusion", names=names))


def encoder_of(nlp: Language, path: Path) -> Encoder | None:
    """RETURNS (Encoder | None): By which the pipeline's fusion finds similar sentences, if by any."""
    return getattr(find_component(nlp, path)[1].retriever, "encoder", None)


def read_cases(nlp: Language, name: str, docs: Sequence[Doc], batch_size: int) -> Iterator[Case]:
    """nlp (Language): A pipeline.
    name (str): Its fusion.
    docs (Sequence[Doc]): Documents with gold entities.
    batch_size (int): Documents over which prompts are pooled.
    YIELDS (Case): Both readings of each window; every document has a number of its own.
    """
    component = nlp.get_pipe(name)
    assert isinstance(component, SLMLLMFusion)
    with tqdm(total=len(docs), unit="doc") as bar:
        for first in range(0, len(docs), batch_size):
            batch = docs[first : first + batch_size]
            predicted = before(nlp, component, batch)
            examples = [Example(p, doc) for p, doc in zip(predicted, batch, strict=True)]
            for case in component.cases(examples):
                yield _numbered(case, first)
            bar.update(len(batch))


def plot(report: Report, out: Path) -> None:
    """report (Report): What a calibration found.
    out (Path): The PNG file to write: F1 over λ, and F1 over the share of windows asked about.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError(Errors.EL013) from error

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), sharey=True)
    left.plot(*zip(*report.curve, strict=True), color=RULES, label="paper's rule")
    left.axvline(report.calibration.lam, color=RULES, linewidth=0.8, linestyle=":")
    left.axhline(report.slm, color=PLAIN, linestyle="--", label="tagger alone")
    left.axhline(report.llm, color=PLAIN, linestyle=":", label="language model alone")
    left.set_xlabel("λ")
    left.set_ylabel(report.objective.replace("_", " "))
    left.legend(frameon=False)
    points = report.routing.curve
    right.plot([p.asked for p in points], [p.f1 for p in points], color=ASKED)
    right.plot([report.routing.asked], [report.routing.f1], "o", color=ASKED)
    right.axhline(report.routing.always, color=PLAIN, linestyle="--")
    right.set_xlabel(f"share of sentences asked about (rule: {report.rule})")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(out, dpi=150)
    pyplot.close(figure)


def _numbered(case: Case, first: int) -> Case:
    return replace(case, window=replace(case.window, document=first + case.window.document))
