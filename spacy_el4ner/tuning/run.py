"""Tuning of an ensemble within a budget, step by step, with every choice cross-validated."""

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.backends.base import takes_offsets
from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.errors import EL4NERValueError, Errors, Warnings
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.tuned import Tuning
from spacy_el4ner.tuning.budget import Budget, Show, silent
from spacy_el4ner.tuning.confidence import FittedConfidence, JudgedCandidate, fit_to_entities
from spacy_el4ner.tuning.extraction import GAIN, FittedExtraction, fit_ways
from spacy_el4ner.tuning.labels import (
    WEIGHTS,
    Classified,
    FittedLabels,
    corrected,
    fit_with_neutral,
    uncorrected,
)
from spacy_el4ner.tuning.measuring import Measurer
from spacy_el4ner.tuning.pool import affordable, any_zero_shot, index_again
from spacy_el4ner.tuning.replay import ReplayedVoter, Sentences
from spacy_el4ner.tuning.retrievers import choose_retriever
from spacy_el4ner.tuning.sample import draw, near_misses
from spacy_el4ner.tuning.steps import Step
from spacy_el4ner.tuning.thresholds import FOLDS
from spacy_el4ner.tuning.verification import FittedVerification, fit_verification
from spacy_el4ner.tuning.vote_rule import fit_to_sentences
from spacy_el4ner.tuning.voters import calibrated, uncalibrated, with_neutral
from spacy_el4ner.tuning.votes import choose_voters
from spacy_el4ner.types import Candidate
from spacy_el4ner.voters.base import Ballot, Proposals, Span, Verifier, Voter
from spacy_el4ner.voters.prompted.calibration import VoterCalibration
from spacy_el4ner.voters.prompted.voter import PromptedVoter

LEAST = 10
"""The fewest labelled sentences to which an ensemble is tuned."""
Ballots = Mapping[tuple[int, Span], Ballot]


def tune(
    nlp: Language,
    docs: Sequence[Doc] = (),
    *,
    minutes: float = 10.0,
    limit: int = 200,
    seed: int = 0,
    retrievers: Sequence[str] = (),
    checkpoint: Path | None = None,
    show: Show = silent,
) -> Tuning:
    """Fit an ensemble to labelled sentences, and apply what helps. The sentences are those of its
    demonstration pool, each asked about with demonstrations other than itself and the sentences of its
    document; no other labelled data is needed.

    nlp (Language): A pipeline with `llm_ensemble_ner`.
    docs (Sequence[Doc]): Further labelled documents, such as a development split; their sentences come
        before those of the pool.
    minutes (float): Time to spend. A measurement that runs out of time covers fewer sentences. If the
        retriever needs spans to be extracted from the pool again, that may take half as long in
        addition.
    limit (int): Largest number of sentences, drawn by `seed`.
    seed (int): Seed of the draw.
    retrievers (Sequence[str]): Registered names of retrievers to compare with that of the pipeline,
        such as "spacy-el4ner.Diverse.v1". If one of them is better, it takes its place.
    checkpoint (Path | None): A file for the answers of language models, from which an interrupted run
        resumes; None to store nothing.
    show (Callable[[str, int, int], object]): Called with the name of the measurement, the number of
        sentences done and that of all sentences.
    RETURNS (Tuning): The choices; `report["steps"]` lists the effect of each.
    RAISES (EL4NERValueError): EL014, the pipeline has no ensemble; EL001, it has no labels; EL364 or
        EL365, a retriever is unknown or needs spans.
    EXAMPLE:
        >>> tuning = tune(nlp, minutes=5)
        >>> save_pipeline(nlp, "training/ensemble")
    """
    component = find_component(nlp, LLMEnsembleNER)
    component.prepare()
    if not component.labels:
        raise EL4NERValueError(Errors.EL001.format(name=component.name))
    sample = draw(nlp, component, docs, limit, seed)
    if len(sample) < LEAST:
        choice = f"{len(sample)} labelled sentences are too few to measure: as set"
        tuning = Tuning(report={"sentences": len(sample), "steps": [_remark("all", choice)]})
    else:
        measurer = Measurer(
            sample, component.cfg["labels"], Budget(minutes, show), component.cfg["keep_loaded"]
        )
        voters, steps = uncalibrated(component.voters, checkpoint), []
        if retrievers:
            steps = choose_retriever(nlp, component, measurer, voters, retrievers)
        tuning = _Tuner(component, measurer, voters, steps).run(seed)
        tuning = affordable(component, tuning, measurer.seconds, 60 * minutes)
    component.apply(tuning)
    if any_zero_shot(tuning):
        index_again(component)
    return tuning


@dataclass
class _Tuner:
    """The steps of tuning, in order.

    component (LLMEnsembleNER): The ensemble, which stays as it is.
    measurer (Measurer): Asks its voters.
    voters (dict[str, Voter]): Its voters, uncalibrated.
    """

    component: LLMEnsembleNER
    measurer: Measurer
    voters: dict[str, Voter]
    steps: list[Step] = field(default_factory=list)
    calibrations: dict[str, VoterCalibration] = field(default_factory=dict)
    folds: dict[str, Sequence[VoterCalibration]] = field(default_factory=dict)
    ways: dict[str, list[FittedExtraction]] = field(default_factory=dict)

    def run(self, seed: int) -> Tuning:
        """seed (int): Seed of the sample, for the report.
        RETURNS (Tuning): The choices.
        """
        # An earlier cascade does not outlast the tuning.
        method = replace(self.component.method(), voters=self.voters, cascade=None)
        self.measurer.retrieve(method, 0.1)
        for n, (name, voter) in enumerate(self.voters.items()):
            if isinstance(voter, PromptedVoter):
                self._fit_extraction(name, voter, _share(0.25, n, len(self.voters)))
        plain, tuned = self._proposals()
        if not self.component.cfg["stages"]["classification"]:
            return self._tuning(seed, self.voters, FittedVerification())
        spans = self._spans(plain, tuned)
        raw, before = self._ballots(spans, plain)
        ballots = self._labels(raw, tuned)
        replayed = {name: ReplayedVoter(tuned[name], ballots[name]) for name in self.voters}
        fitted = fit_to_sentences(self._sentences(), replayed)
        named = self.component.cfg["verifier"], getattr(self.component.vote, "voter", None)
        needed = [name for name in named if name]
        kept, steps = choose_voters(fitted.sentences, replayed, needed)
        self.steps += [*fitted.steps, *steps]
        verified = self._verification(fitted.sentences.candidates(kept), kept)
        sure = self._confidence(verified.confirmed)
        self.steps += [*verified.steps, *sure.steps]
        untuned = {name: ReplayedVoter(plain[name], before[name]) for name in self.voters}
        self._total(untuned, verified)
        return self._tuning(seed, kept, verified, fitted.parameters, sure.weights)

    def _tuning(
        self,
        seed: int,
        kept: Collection[str],
        verified: FittedVerification,
        rules: Mapping[str, Mapping[str, Any]] | None = None,
        confidence: Weights | None = None,
    ) -> Tuning:
        """All choices, with the report on them."""
        return Tuning(
            self.calibrations,
            tuple(name for name in self.voters if name not in kept),
            verified.verifier,
            verified.useful,
            rules or {},
            confidence,
            report={
                "sentences": len(self.measurer.tasks),
                "entities": sum(self._sentences().gold),
                "seed": seed,
                "steps": [step.to_dict() for step in self.steps],
            },
        )

    def _fit_extraction(self, name: str, voter: PromptedVoter, share: float) -> None:
        """Steps 1 and 2: offsets, and whether demonstrations help; in one answer and one by one."""
        if not takes_offsets(voter.backend):
            warnings.warn(Warnings.WL240.format(name=voter.backend.model), stacklevel=4)
            self.steps.append(Step("offsets", name, "", None, None, "the backend takes no offsets"))
            self._choose(name, FittedExtraction())
            return
        forced = self.measurer.decisions(name, voter, share)
        self.ways[name] = fit_ways(name, forced)

    def _choose(self, name: str, way: FittedExtraction) -> None:
        self.calibrations[name], self.folds[name] = way.calibration, way.folds
        self.steps += way.steps

    def _proposals(self) -> tuple[dict[str, dict[int, Proposals]], dict[str, dict[int, Proposals]]]:
        """What the voters propose as they are, and calibrated, each sentence as fitted to others. Step
        3: whether mentions are decided one by one, and whether demonstrations help to list them.
        """
        plain, tuned = {}, {}
        for n, (name, voter) in enumerate(self.voters.items()):
            share, ways = _share(0.35, n, len(self.voters)), self.ways.get(name, [])
            turns = 1 + len(ways)
            plain[name] = self.measurer.proposals(name, [voter] * FOLDS, _share(share, 0, turns))
            proposed = []
            for turn, way in enumerate(ways, 1):
                assert isinstance(voter, PromptedVoter)
                folds = [calibrated(voter, calibration) for calibration in way.folds]
                as_it_is = way.folds == [VoterCalibration()] * FOLDS
                time = _share(share, turn, turns)
                proposed.append(plain[name] if as_it_is else self.measurer.proposals(name, folds, time))
            tuned[name] = self._better(name, proposed) if proposed else plain[name]
        return plain, tuned

    def _better(self, name: str, proposed: Sequence[dict[int, Proposals]]) -> dict[int, Proposals]:
        """Choose between the ways of asking a voter: see `fit_ways`."""
        f1, ways = [self.measurer.f1_of_spans(one) for one in proposed], self.ways[name]
        best = int(len(f1) > 1 and f1[1] > f1[0] + GAIN)
        self._choose(name, ways[best])
        if len(f1) > 1:
            step = "openings" if ways[1].calibration.one_by_one else "demonstrations"
            self.steps.append(Step(step, name, "F1 of spans", f1[0], f1[1], ways[best].way))
        return proposed[best]

    def _spans(
        self,
        plain: Mapping[str, Mapping[int, Proposals]],
        tuned: Mapping[str, Mapping[int, Proposals]],
    ) -> dict[int, list[Span]]:
        """The spans to classify in each sentence: proposed ones, right ones, and near misses."""
        spans: dict[int, list[Span]] = {}
        for task in self.measurer.tasks:
            n = task.window.document
            one = self.measurer.sample[n]
            proposed = {s for by in (plain, tuned) for p in by.values() for s in p[n].spans}
            spans[n] = sorted(proposed | set(one.gold) | near_misses(one))
        return spans

    def _ballots(
        self, spans: Mapping[int, list[Span]], plain: Mapping[str, Mapping[int, Proposals]]
    ) -> tuple[dict[str, Ballots], dict[str, Ballots]]:
        """The ballots of each voter, without calibration: as it is asked from now on, corrected by the
        neutral word of its template, and as it was asked before.
        """
        raw: dict[str, Ballots] = {}
        before: dict[str, Ballots] = {}
        for n, (name, voter) in enumerate(self.voters.items()):
            share = _share(0.6, n, len(self.voters))
            changed = self._shown(name)
            raw[name] = self.measurer.ballots(name, with_neutral(changed), spans, share)
            before[name] = {place: uncorrected(ballot) for place, ballot in raw[name].items()}
            if changed is not voter:
                proposed = {
                    task.window.document: sorted(
                        {s for p in plain.values() for s in p[task.window.document].spans}
                    )
                    for task in self.measurer.tasks
                }
                before[name] = self.measurer.ballots(name, voter, proposed, 0.3)
        return raw, before

    def _labels(
        self, raw: Mapping[str, Ballots], tuned: Mapping[str, Mapping[int, Proposals]]
    ) -> dict[str, Ballots]:
        """Step 4: the neutral word and label priors. The ballots of each sentence are calibrated as
        fitted to others.
        """
        labels = list(self.component.labels)
        ballots: dict[str, Ballots] = {}
        gold = self._sentences().gold
        here = range(len(self.measurer.tasks))
        for name, voter in self.voters.items():
            fitted = FittedLabels()
            if isinstance(voter, PromptedVoter) and voter.backend.exact:
                classified = {
                    weight: [
                        Classified(
                            n,
                            corrected(ballot, weight),
                            self.measurer.sample[n].gold.get(span, ""),
                            any(span in proposed[n].spans for proposed in tuned.values()),
                        )
                        for (n, span), ballot in raw[name].items()
                        if n in here and not ballot.unread
                    ]
                    for weight in (WEIGHTS if voter.template.settings.neutral else WEIGHTS[:1])
                }
                fitted = fit_with_neutral(name, classified, labels, gold)
                self.steps += fitted.steps
                self.calibrations[name] = replace(self.calibrations[name], neutral=fitted.neutral)
            if fitted.calibration is not None:
                self.calibrations[name] = replace(
                    self.calibrations[name],
                    priors=dict(zip([*labels, ""], fitted.calibration.prior, strict=True)),
                    temperature=fitted.calibration.temperature,
                )
            ballots[name] = {
                place: fitted.ballot(ballot, place[0] % FOLDS, [*labels, ""])
                for place, ballot in raw[name].items()
            }
        return ballots

    def _verification(
        self, candidates: Sequence[Candidate], kept: Mapping[str, Voter]
    ) -> FittedVerification:
        """Step 6: verification, by each voter that can."""
        able = {name: v for name, v in self.voters.items() if name in kept and isinstance(v, Verifier)}
        if named := self.component.cfg["verifier"]:
            able = {named: able[named]} if named in able else {}
        if not self.component.cfg["stages"]["verification"] or not able:
            return FittedVerification(f1=self._sentences().f1(candidates), confirmed=candidates)
        answers = {}
        for n, name in enumerate(able):
            share = _share(0.9, n, len(able))
            answers[name] = self.measurer.verifications(name, self._shown(name), candidates, share)
        sentences = self._sentences()
        measured = [c for c in candidates if c.document < len(self.measurer.tasks)]
        probabilities = {
            name: [given[c.document, c.start, c.end] for c in measured]
            for name, given in answers.items()
        }
        exact = {name: getattr(getattr(v, "backend", None), "exact", True) for name, v in able.items()}
        fitted = fit_verification(sentences, measured, probabilities, exact)
        for name in able:
            if name in self.calibrations:
                self.calibrations[name] = replace(
                    self.calibrations[name],
                    verification=fitted.offsets.get(name, 0.0),
                    verifies=name in fitted.offsets,
                )
        return fitted

    def _confidence(self, candidates: Sequence[Candidate]) -> FittedConfidence:
        """Step 7: the calibration of the confidence."""
        sentences = self._sentences()
        entities = [
            JudgedCandidate(c, sentences.right(c), c.document) for c in sentences.resolved(candidates)
        ]
        return fit_to_entities(entities) if entities else FittedConfidence(None, [], [])

    def _shown(self, name: str) -> Voter:
        """A voter as it is asked from now on: without demonstrations, where they do not help."""
        voter = self.voters[name]
        if isinstance(voter, PromptedVoter) and not self.calibrations[name].demonstrations:
            return calibrated(voter, VoterCalibration(demonstrations=False))
        return voter

    def _total(self, untuned: Mapping[str, Voter], verified: FittedVerification) -> None:
        """The last row: the tuned ensemble compared with the untuned one."""
        sentences = self._sentences()
        without = sentences.f1(sentences.candidates(untuned))
        measure = "F1 of the ensemble, untuned before verification"
        self.steps.append(Step("all", "", measure, without, verified.f1, "applied"))

    def _sentences(self) -> Sentences:
        """The sentences that everything so far was measured on."""
        tasks = list(self.measurer.tasks)
        sample = self.measurer.sample[: len(tasks)]
        return Sentences(sample, tasks, self.measurer.labels, self.component.vote)


def _remark(name: str, choice: str) -> dict[str, Any]:
    return Step(name, "", "", None, None, choice).to_dict()


def _share(of: float, n: int, total: int) -> float:
    """The share of the time left for turn n of several, so that all turns get the same part of `of`."""
    return of / total / (1 - of * n / total)
