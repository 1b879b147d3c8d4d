"""The fit of a cascade to labelled documents: when the first voters suffice."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.backends.metered import MeteredBackend, Usage
from spacy_el4ner.calibration.folds import make_folds
from spacy_el4ner.calibration.logistic import STEEPEST, Weights, fit
from spacy_el4ner.ensemble.cascade import Cascade, features
from spacy_el4ner.ensemble.four_stages import FourStages
from spacy_el4ner.ensemble.resolve import resolve
from spacy_el4ner.ensemble.tasks import Places
from spacy_el4ner.ensemble.trace import EnsembleTrace
from spacy_el4ner.ensemble.voting import decide
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.upstream import before
from spacy_el4ner.scorer import annotated
from spacy_el4ner.types import Candidate, Window
from spacy_el4ner.voters.prompted.voter import PromptedVoter

FOLDS = 10
THRESHOLDS = 50
"""Thresholds that are compared, at equal shares of the windows."""
LOSS = 0.002
"""Loss of F1 accepted for asking less, where nothing else is set."""
Entities = frozenset[tuple[int, int, str]]


@dataclass(frozen=True)
class CascadePoint:
    """A cascade with one threshold, cross-validated.

    threshold (float): Further voters are asked from this probability of a change on.
    tokens (float): Tokens of all prompts and answers, as a share of those without a cascade.
    f1 (float): F1, 0 to 1.
    """

    threshold: float
    tokens: float
    f1: float


@dataclass(frozen=True)
class FittedCascade:
    """A cascade, and what it was chosen by.

    cascade (Cascade): The cascade.
    full (float): F1 with all voters asked about everything.
    chosen (CascadePoint): What is to be expected of the cascade.
    curve (list[CascadePoint]): The same for every threshold, the one that asks most first.
    """

    cascade: Cascade
    full: float
    chosen: CascadePoint
    curve: Sequence[CascadePoint]

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Plain data."""
        return {
            "cascade": self.cascade.to_dict(),
            "full": self.full,
            "chosen": asdict(self.chosen),
            "curve": [asdict(point) for point in self.curve],
        }


def fit_cascade(
    nlp: Language,
    docs: Sequence[Doc],
    order: Sequence[str],
    *,
    loss: float = LOSS,
    budget: float | None = None,
    seed: int = 0,
    batch_size: int = 16,
    show: Callable[[int], Any] = lambda done: None,
) -> FittedCascade:
    """Fit a cascade to labelled documents, and apply it. A calibration of the confidence is dropped, as
    it was fitted to the votes of all: `calibrate_confidence` fits another.

    nlp (Language): A pipeline with `llm_ensemble_ner`.
    docs (Sequence[Doc]): Documents with gold entities that the models were not trained on.
    order (Sequence[str]): Voters, the cheapest first; those that are not named come last, together.
    loss (float): Loss of F1 accepted for asking less.
    budget (float | None): Largest share of the tokens; then the best F1 within it counts, and `loss`
        does not. Where the first voter alone takes more, it alone is asked.
    seed (int): Seed of the folds.
    batch_size (int): Documents over which prompts are pooled.
    show (Callable[[int], Any]): Called with the number of documents done.
    RETURNS (FittedCascade): The cascade, and its cross-validated F1 and tokens.
    RAISES (EL4NERValueError): EL014, the pipeline has no ensemble; EL390, the order is not one of
        voters, or extraction or classification is switched off.
    EXAMPLE:
        >>> fit_cascade(nlp, dev_docs, ["tagger"], loss=0.003)
        >>> save_pipeline(nlp, "training/cascade")
    """
    component = find_component(nlp, LLMEnsembleNER)
    component.prepare()
    method, usage = _metered(replace(component.method(), cascade=None))
    _check(component, method, order)
    turns = Cascade(tuple(order), (), 0.0).turns(method.voters)
    sample = _Sample(method, turns)
    for start in range(0, len(docs), batch_size):
        batch = docs[start : start + batch_size]
        sample.add(method.trace(before(nlp, component, batch)), batch)
        show(min(start + batch_size, len(docs)))
    fitted = sample.fit(tuple(name for [name] in turns[:-1]), usage, loss, budget, seed)
    tuning = component.tuning
    report = {**tuning.report, "cascade": fitted.to_dict()}
    component.apply(replace(tuning, cascade=fitted.cascade, confidence=None, report=report))
    return fitted


def _metered(method: FourStages) -> tuple[FourStages, Mapping[str, Usage]]:
    """The stages with voters whose tokens are counted, and the counts."""
    usage = {name: Usage() for name in method.voters}
    voters = {
        name: voter.with_backend(MeteredBackend(voter.backend, usage[name]))
        if isinstance(voter, PromptedVoter)
        else voter
        for name, voter in method.voters.items()
    }
    return replace(method, voters=voters), usage


def _check(component: LLMEnsembleNER, method: FourStages, order: Sequence[str]) -> None:
    """Raise EL390 if the order makes no cascade."""
    problem = ""
    if not order or len(set(order)) < len(order):
        problem = "it should name one voter or more, none of them twice"
    elif unknown := [name for name in order if name not in method.voters]:
        problem = f"there is no voter {', '.join(map(repr, unknown))} that takes part"
    elif len(method.voters) < 2:
        problem = "a single voter takes part"
    elif off := [name for name in ("extraction", "classification") if not method.stages[name]]:
        problem = f"the stage of {off[0]} is off"
    if problem:
        known = ", ".join(method.voters)
        message = Errors.EL390.format(
            name=component.name, order=", ".join(order), problem=problem, known=known
        )
        raise EL4NERValueError(message)


@dataclass
class _Sample:
    """The windows of the documents, as each turn would leave them.

    method (FourStages): The stages.
    turns (Sequence[Sequence[str]]): The voters that are asked together, in order.
    rows (list[list[dict[str, float]]]): Features of each window after each turn but the last.
    entities (list[list[Entities]]): The entities in each window after each turn; the last are those of
        the full ensemble.
    questions (list[list[int]]): Questions to a voter about each window, up to each turn.
    gold (list[Entities]), groups (list[int]): The gold entities of each window, and its document.
    """

    method: FourStages
    turns: Sequence[Sequence[str]]
    rows: list[list[dict[str, float]]] = field(default_factory=list)
    entities: list[list[Entities]] = field(default_factory=list)
    questions: list[list[int]] = field(default_factory=list)
    gold: list[Entities] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    documents: int = 0

    def add(self, trace: EnsembleTrace, docs: Sequence[Doc]) -> None:
        """Take in a batch: what the full ensemble made of it, and the labelled documents."""
        cut = [task.window for task in trace.tasks]
        at = Places(cut)
        voted: list[list[Candidate]] = [[] for _ in cut]
        for c in trace.classified:
            voted[at.window(c.document, c.start)].append(c)
        survived: list[list[Candidate]] = [[] for _ in cut]
        for result in trace.results:
            for c in result.candidates:
                survived[at.window(c.document, c.start)].append(c)
        for window, candidates, final in zip(cut, voted, survived, strict=True):
            doc = docs[window.document]
            after = [self._after(self.turns[: n + 1], candidates) for n in range(len(self.turns) - 1)]
            self.rows.append([features(window, found) for found in after])
            self.entities.append(
                [_entities(doc, [c for c in found if c.label]) for found in after]
                + [_entities(doc, final)]
            )
            self.questions.append([1 + len(found) for found in (*after, candidates)])
            self.gold.append(_gold(doc, window))
            self.groups.append(self.documents + window.document)
        self.documents += len(docs)

    def _after(
        self, turns: Sequence[Sequence[str]], candidates: Sequence[Candidate]
    ) -> list[Candidate]:
        """The candidates after some turns, decided by the votes of their voters alone."""
        names = {name for turn in turns for name in turn}
        return [
            decide(
                replace(
                    c,
                    proposals={n: p for n, p in c.proposals.items() if n in names},
                    votes=tuple(v for v in c.votes if v.voter in names),
                ),
                self.method.labels,
                self.method.vote,
            )
            for c in candidates
            if names & c.proposals.keys()
        ]

    def fit(
        self,
        order: tuple[str, ...],
        usage: Mapping[str, Usage],
        loss: float,
        budget: float | None,
        seed: int,
    ) -> FittedCascade:
        """Fit the regressions and choose the threshold."""
        probabilities, doubts = [], []
        for turn in range(len(order)):
            rows = [row[turn] for row in self.rows]
            changed = [found[turn] != found[-1] for found in self.entities]
            probabilities.append(_cross_validated(rows, changed, self.groups, seed))
            doubts.append(_regression(rows, changed))
        doubt = np.array(probabilities)
        grid = np.unique(np.quantile(doubt, np.linspace(0, 1, THRESHOLDS)))
        costs = self._costs(usage)
        curve = [self._point(float(threshold), doubt, costs) for threshold in (0.0, *grid, 1.0)]
        full = curve[0].f1
        if budget is None:
            chosen = min((p for p in curve if p.f1 >= full - loss), key=lambda p: (p.tokens, -p.f1))
        else:
            within = [p for p in curve if p.tokens <= budget]
            chosen = max(within or curve[-1:], key=lambda p: (p.f1, -p.tokens))
        return FittedCascade(Cascade(order, tuple(doubts), chosen.threshold), full, chosen, curve)

    def _costs(self, usage: Mapping[str, Usage]) -> NDArray[np.float64]:
        """Tokens of a question in each turn: (turns,)."""
        asked = sum(questions[-1] for questions in self.questions)
        spent = {name: u.prompt_tokens + u.answer_tokens for name, u in usage.items()}
        if not any(spent.values()):
            spent = dict.fromkeys(spent, asked)  # no voter counts tokens: all cost the same
        return np.array([sum(spent[name] for name in turn) / asked for turn in self.turns])

    def _point(
        self, threshold: float, doubt: NDArray[np.float64], costs: NDArray[np.float64]
    ) -> CascadePoint:
        """F1 and tokens with a threshold. doubt: (turns - 1, windows)."""
        right = found = 0
        tokens = 0.0
        for n, (entities, gold) in enumerate(zip(self.entities, self.gold, strict=True)):
            closed = doubt[:, n] < threshold
            last = int(closed.argmax()) if closed.any() else len(self.turns) - 1
            right += len(entities[last] & gold)
            found += len(entities[last])
            tokens += self.questions[n][last] * costs[: last + 1].sum()
        total = sum(questions[-1] for questions in self.questions) * costs.sum()
        known = found + sum(map(len, self.gold))
        return CascadePoint(threshold, tokens / total, 2 * right / known if known else 1.0)


def _cross_validated(
    rows: Sequence[Mapping[str, float]], changed: Sequence[bool], groups: Sequence[int], seed: int
) -> list[float]:
    """The probability of a change in each window, from a regression on other documents."""
    probabilities = [0.0] * len(rows)
    for rest, part in make_folds(groups, FOLDS, seed):
        weights = _regression([rows[n] for n in rest], [changed[n] for n in rest])
        for n in part:
            probabilities[n] = weights.probability(rows[n])
    return probabilities


def _regression(rows: Sequence[Mapping[str, float]], changed: Sequence[bool]) -> Weights:
    """The regression; a constant, where all windows change or none does."""
    return fit(rows, changed) or Weights(STEEPEST if any(changed) else -STEEPEST, {})


def _entities(doc: Doc, candidates: Sequence[Candidate]) -> Entities:
    """The entities that are left once overlaps are resolved, where the gold entities are known."""
    return frozenset(
        (c.start, c.end, c.label) for c in resolve(candidates) if annotated(doc, c.start, c.end)
    )


def _gold(doc: Doc, window: Window) -> Entities:
    return frozenset(
        (ent.start_char, ent.end_char, ent.label_)
        for ent in doc.ents
        if window.start <= ent.start_char < window.end
    )
