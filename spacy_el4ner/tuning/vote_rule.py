"""The fit of a vote rule that learns, to the sentences of tuning or to documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.ensemble.vote import FittedVoteRule
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.tuned import Tuning
from spacy_el4ner.pipeline.upstream import before
from spacy_el4ner.retrieval.gold import Gold, is_annotated
from spacy_el4ner.text import windows
from spacy_el4ner.tuning.extraction import GAIN
from spacy_el4ner.tuning.replay import Sentences
from spacy_el4ner.tuning.steps import Step
from spacy_el4ner.tuning.thresholds import FOLDS
from spacy_el4ner.types import Candidate
from spacy_el4ner.voters.base import Voter

NAME = "reliability"
"""The step of tuning, and the choice in the setting `tuned`."""


@dataclass(frozen=True)
class FittedVote:
    """A vote rule fitted to the sentences of tuning.

    sentences (Sentences): The sentences, each with the rule as fitted to those of other folds.
    parameters (dict[str, dict[str, Any]]): Name of the rule -> its parameters, fitted to all sentences;
        empty where the rule learns nothing, or is better without.
    steps (list[Step]): What the fit brings, and what it says of each voter.
    """

    sentences: Sentences
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    steps: Sequence[Step] = field(default_factory=list)


def fit_to_sentences(sentences: Sentences, voters: Mapping[str, Voter]) -> FittedVote:
    """sentences (Sentences): The sentences, with the rule of the settings.
    voters (Mapping[str, Voter]): Voters with recorded answers.
    RETURNS (FittedVote): The fit of the rule. As the rule is there to learn, it is kept unless
        cross-validated F1 falls with it.
    """
    rule, labels = sentences.vote, list(sentences.labels)
    if not isinstance(rule, FittedVoteRule):
        return FittedVote(sentences)
    candidates = sentences.voted(voters)

    def fit(kept: Sequence[Candidate]) -> FittedVoteRule:
        return rule.fit([c.votes for c in kept], [sentences.label(c) for c in kept], labels)

    folds = [fit([c for c in candidates if c.document % FOLDS != fold]) for fold in range(FOLDS)]
    fitted = replace(sentences, folds=folds)
    without, with_ = (s.f1(s.candidates(voters)) for s in (sentences, fitted))
    helps = with_ >= without - GAIN
    choice = "applied" if helps else "not applied"
    steps = [Step(NAME, "", "F1 of the ensemble", without, with_, choice)]
    if not helps:
        return FittedVote(sentences, steps=steps)
    whole = fit(candidates)
    steps += [Step(NAME, name, "", None, None, said) for name, said in whole.remarks().items()]
    return FittedVote(fitted, {rule.name: whole.parameters}, steps)


def fit_vote(nlp: Language, docs: Sequence[Doc]) -> Tuning:
    """Fit the vote rule of an ensemble to documents, and apply the fit: for `ReliabilityVote.v1`, which
    voter to trust with which label. Gold annotation is used where there is some; in sentences without,
    the right labels are estimated from the votes, together with the reliability of the voters.

    nlp (Language): A pipeline with `llm_ensemble_ner` and such a rule.
    docs (Sequence[Doc]): Documents, with gold annotation, without, or some of each.
    RETURNS (Tuning): The choices of tuning before, with the fit.
    RAISES (EL4NERValueError): EL014, the pipeline has no ensemble; EL294, its vote rule learns nothing,
        or the voters propose nothing in the documents.
    EXAMPLE:
        >>> fit_vote(nlp, [nlp.make_doc(text) for text in texts])
        >>> save_pipeline(nlp, "training/ensemble")
    """
    component = find_component(nlp, LLMEnsembleNER)
    rule = component.vote
    if not isinstance(rule, FittedVoteRule):
        problem = f"{type(rule).__name__} learns nothing"
        raise EL4NERValueError(Errors.EL294.format(name=component.name, problem=problem))
    component.prepare()
    method = component.method()
    stages = {**method.stages, "classification": True, "verification": False}
    method = replace(method, stages=stages, cascade=None)
    given = before(nlp, component, docs)
    voted = method.trace(given).classified
    if not voted:
        problem = f"the voters propose no spans in these {len(docs)} documents"
        raise EL4NERValueError(Errors.EL294.format(name=component.name, problem=problem))
    answers = [_Answers(gold, doc, component) for gold, doc in zip(docs, given, strict=True)]
    gold = [answers[c.document].label(c) for c in voted]
    fitted = rule.fit([c.votes for c in voted], gold, component.labels)
    rules = {**component.tuning.vote_rules, rule.name: fitted.parameters}
    # The calibration of the confidence and the cascade were fitted to the rule before.
    component.apply(replace(component.tuning, vote_rules=rules, confidence=None, cascade=None))
    return component.tuning


class _Answers:
    """The gold annotation of a document, as far as it goes."""

    def __init__(self, gold: Doc, doc: Doc, component: LLMEnsembleNER):
        annotation = Gold(gold)
        self.annotated = [
            window
            for window in windows.cut(doc, component.cfg["max_sentences"])
            if is_annotated(gold, window)
        ]
        self.labels = {
            (window.start + mention.start, window.start + mention.end): mention.label
            for window in self.annotated
            for mention in annotation.mentions(window)
        }

    def label(self, candidate: Candidate) -> str | None:
        """The right label of a candidate, "" for "no entity"; None where it is unknown."""
        inside = any(w.start <= candidate.start < w.end for w in self.annotated)
        return self.labels.get((candidate.start, candidate.end), "") if inside else None
