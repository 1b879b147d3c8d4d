"""What each kind of voter and each part of the vote brings: one pass over two splits, and many votes.

    python docs/measure_voters.py PIPELINE corpus/sample_en/dev.spacy corpus/sample_en/test.spacy OUT

The pipeline has an ensemble of all voters, without demonstrations and without verification, so that no
vote depends on who else votes: a smaller ensemble is the same votes with some left out. What dev is
for: `ReliabilityVote.v1` is fitted to it, and its own figure there is cross-validated.
quality-ensemble.md has the table.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language

from spacy_el4ner.api import read_docs
from spacy_el4ner.calibration.folds import make_folds
from spacy_el4ner.ensemble.reliability_vote import ReliabilityVote
from spacy_el4ner.ensemble.resolve import resolve
from spacy_el4ner.ensemble.vote import MajorityVote, ProbabilityVote, VoteRule
from spacy_el4ner.ensemble.voting import decide
from spacy_el4ner.evaluation.machine import machine
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.upstream import before
from spacy_el4ner.scores import prf
from spacy_el4ner.types import Candidate, Vote
from spacy_el4ner.voters.prompted.voter import PromptedVoter

BATCH = 8
FOLDS = 5
RULES: Mapping[str, VoteRule] = {"majority": MajorityVote(), "probabilities": ProbabilityVote(0.5)}
"""The rules that learn nothing."""
CONFIDENT = 0.8
"""Mean probability from which the same words elsewhere in a document are evidence."""
Entity = tuple[int, int, int, str]


@dataclass(frozen=True)
class Votes:
    """The votes of all voters on a split.

    candidates (list[Candidate]): The union of all proposals, with all votes; `document` counts through
        the split.
    surfaces (list[str]): The text of each.
    gold (set[Entity]): The gold entities.
    labels (list[str]): The labels of the ensemble.
    """

    candidates: list[Candidate]
    surfaces: list[str]
    gold: set[Entity]
    labels: list[str]

    @classmethod
    def of(cls, nlp: Language, path: Path) -> "Votes":
        """nlp (Language): The pipeline.
        path (Path): The split.
        RETURNS (Votes): The votes on it.
        """
        component = find_component(nlp, LLMEnsembleNER)
        component.prepare()
        method = replace(component.method(), cascade=None)
        docs = read_docs(path, nlp.vocab, nlp=nlp)
        candidates = []
        for start in range(0, len(docs), BATCH):
            batch = docs[start : start + BATCH]
            classified = method.trace(before(nlp, component, batch)).classified
            candidates += [replace(c, document=start + c.document) for c in classified]
            print(f"{path.name}: {start + len(batch)} of {len(docs)} documents", flush=True)
        surfaces = [docs[c.document].text[c.start : c.end] for c in candidates]
        gold = {
            (n, ent.start_char, ent.end_char, ent.label_)
            for n, doc in enumerate(docs)
            for ent in doc.ents
        }
        return cls(candidates, surfaces, gold, list(component.labels))

    def only(self, voters: Collection[str]) -> "Votes":
        """voters (Collection[str]): Some of the voters.
        RETURNS (Votes): The votes of an ensemble of these alone.
        """
        kept = [n for n, c in enumerate(self.candidates) if c.proposals.keys() & set(voters)]
        candidates = [
            replace(
                c,
                proposals={name: p for name, p in c.proposals.items() if name in voters},
                votes=tuple(vote for vote in c.votes if vote.voter in voters),
            )
            for c in (self.candidates[n] for n in kept)
        ]
        return replace(self, candidates=candidates, surfaces=[self.surfaces[n] for n in kept])

    def consistent(self) -> "Votes":
        """RETURNS (Votes): The votes with one more on each candidate whose words occur elsewhere in the
        document, as what was voted there, if that is confident.
        """
        places = defaultdict(list)
        for n, c in enumerate(self.candidates):
            places[c.document, self.surfaces[n]].append(n)
        candidates = []
        for n, c in enumerate(self.candidates):
            others = [self.candidates[m] for m in places[c.document, self.surfaces[n]] if m != n]
            candidates.append(replace(c, votes=(*c.votes, *_elsewhere(others))))
        return replace(self, candidates=candidates)

    def right(self) -> list[str]:
        """RETURNS (list[str]): The right label of each candidate, "" for "no entity"."""
        labels = {(n, start, end): label for n, start, end, label in self.gold}
        return [labels.get((c.document, c.start, c.end), "") for c in self.candidates]

    def decided(self, rule_of: Callable[[int], VoteRule]) -> list[Candidate]:
        """rule_of (Callable[[int], VoteRule]): Gives the rule for a document.
        RETURNS (list[Candidate]): The candidates that were voted for.
        """
        labels = dict.fromkeys(self.labels, "")
        voted = (decide(c, labels, rule_of(c.document)) for c in self.candidates)
        return [c for c in voted if c.label]


def _elsewhere(others: Sequence[Candidate]) -> list[Vote]:
    """The vote of the same words elsewhere; none where they are not confidently an entity."""
    cast = [vote for c in others for vote in c.votes if not vote.abstained]
    mean: dict[str, float] = defaultdict(float)
    for vote in cast:
        for label, probability in vote.probabilities.items():
            mean[label] += probability / len(cast)
    best = max(mean, key=mean.__getitem__, default="")
    if not best or mean[best] < CONFIDENT:
        return []
    return [Vote("document", best, mean[best], dict(mean), extracted=True)]


def by_boundaries(candidates: Sequence[Candidate]) -> list[Candidate]:
    """candidates (Sequence[Candidate]): Typed candidates of one document.
    RETURNS (list[Candidate]): Of those that overlap, the one that begins and ends where the voters say,
        whose word counts as much as they are sure of their surest proposal; where no candidate does,
        the choice of `resolve`.
    """
    chosen = []
    for group in _overlapping(candidates):
        starts: dict[int, float] = defaultdict(float)
        ends: dict[int, float] = defaultdict(float)
        for voter in {name for c in group for name in c.proposals}:
            best = max(group, key=lambda c: c.proposals.get(voter, 0.0))
            starts[best.start] += best.proposals.get(voter, 0.0)
            ends[best.end] += best.proposals.get(voter, 0.0)
        start, end = (max(votes, key=votes.__getitem__) for votes in (starts, ends))
        chosen += [c for c in group if (c.start, c.end) == (start, end)] or resolve(group)
    return chosen


def _overlapping(candidates: Iterable[Candidate]) -> list[list[Candidate]]:
    """The candidates in groups, of which no two overlap."""
    groups: list[list[Candidate]] = []
    end = -1
    for c in sorted(candidates, key=lambda c: (c.start, c.end)):
        if c.start >= end:
            groups.append([])
        groups[-1].append(c)
        end = max(end, c.end)
    return groups


CHOICES: Mapping[str, Callable[[Sequence[Candidate]], list[Candidate]]] = {
    "confidence": resolve,
    "boundaries": by_boundaries,
}
"""How one of overlapping candidates is chosen."""


def scores(votes: Votes, rule_of: Callable[[int], VoteRule], overlaps: str) -> dict[str, float]:
    """votes (Votes): The votes on a split.
    rule_of (Callable[[int], VoteRule]): Gives the rule for a document.
    overlaps (str): A key of `CHOICES`.
    RETURNS (dict[str, float]): Precision, recall and F1.
    """
    documents = defaultdict(list)
    for c in votes.decided(rule_of):
        documents[c.document].append(c)
    found = {
        (n, c.start, c.end, c.label) for n, typed in documents.items() for c in CHOICES[overlaps](typed)
    }
    return prf(found, votes.gold).to_dict("ents_")


def row(
    dev: Votes, test: Votes, voters: Sequence[str], rule: str, overlaps: str, document: bool
) -> dict[str, Any]:
    """dev (Votes), test (Votes): The votes of all voters.
    voters (Sequence[str]): Those that vote.
    rule (str): A key of `RULES`, or "reliability".
    overlaps (str): A key of `CHOICES`.
    document (bool): Whether the same words elsewhere in the document vote too.
    RETURNS (dict[str, Any]): The row: what was varied, and the scores on both splits.
    """
    dev, test = (split.only(voters) for split in (dev, test))
    if document:
        dev, test = dev.consistent(), test.consistent()
    whole, folded = rule_for(dev, rule)
    return {
        "voters": list(voters),
        "rule": rule,
        "overlaps": overlaps,
        "document": document,
        "dev": scores(dev, folded, overlaps),
        "test": scores(test, lambda n: whole, overlaps),
    }


def rule_for(dev: Votes, name: str) -> tuple[VoteRule, Callable[[int], VoteRule]]:
    """dev (Votes): The votes to fit to.
    name (str): A key of `RULES`, or "reliability".
    RETURNS (tuple[VoteRule, Callable[[int], VoteRule]]): The rule, and for each document of dev the
        rule as fitted without it.
    """
    if name in RULES:
        return RULES[name], lambda n: RULES[name]
    right = dev.right()

    def fit(indices: Iterable[int]) -> VoteRule:
        kept = list(indices)
        votes = [[v for v in dev.candidates[n].votes if not v.abstained] for n in kept]
        return ReliabilityVote().fit(votes, [right[n] for n in kept], dev.labels)

    groups = [c.document for c in dev.candidates]
    fold_of: dict[int, VoteRule] = {}
    for rest, part in make_folds(groups, FOLDS, 0):
        fitted = fit(rest)
        fold_of.update({groups[n]: fitted for n in part})
    return fit(range(len(groups))), lambda n: fold_of[n]


def rows(
    dev: Votes, test: Votes, prompted: Sequence[str], every: Sequence[str]
) -> list[dict[str, Any]]:
    """dev (Votes), test (Votes): The votes of all voters.
    prompted (Sequence[str]): The language models.
    every (Sequence[str]): All voters.
    RETURNS (list[dict[str, Any]]): Each voter alone; the language models with each and with all of the
        others; and the whole ensemble with each part of the vote.
    """
    others = [name for name in every if name not in prompted]
    groups = [*([name] for name in every), prompted, *([*prompted, name] for name in others), every]
    found = []
    for voters in dict.fromkeys(tuple(group) for group in groups if group):
        for rule in (*RULES, "reliability") if len(voters) > 1 else ("majority",):
            found.append(row(dev, test, voters, rule, "confidence", False))
            if len(voters) > 1:
                found.append(row(dev, test, voters, rule, "boundaries", False))
                found.append(row(dev, test, voters, rule, "confidence", True))
    return found


def main() -> None:
    """Measure, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("pipeline", "dev", "test", "out"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    nlp = spacy.load(args.pipeline)
    component = find_component(nlp, LLMEnsembleNER)
    prompted = [name for name, voter in component.voters.items() if isinstance(voter, PromptedVoter)]
    dev, test = (Votes.of(nlp, path) for path in (args.dev, args.test))
    record = {**machine(), "rows": rows(dev, test, prompted, list(component.voters))}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(f"{json.dumps(record, indent=2)}\n", encoding="utf8")


if __name__ == "__main__":
    main()
