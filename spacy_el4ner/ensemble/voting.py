"""Span classification and type verification: votes and verdicts on candidates."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from spacy_el4ner.ensemble.confidence import confidence
from spacy_el4ner.ensemble.panel import Panel
from spacy_el4ner.ensemble.tasks import Questions, Task, flat
from spacy_el4ner.ensemble.vote import VoteRule
from spacy_el4ner.types import Candidate, Verdict, Vote
from spacy_el4ner.voters.base import Ballot, Labels, Verification, Verifier, Voter


def classify(
    panel: Panel,
    candidates: Sequence[Candidate],
    tasks: Sequence[Task],
    labels: Labels,
    rule: VoteRule,
) -> list[Candidate]:
    """panel (Panel): The voters.
    candidates (Sequence[Candidate]): The union of the proposals.
    tasks (Sequence[Task]): The windows with their demonstrations.
    labels (Mapping[str, str]): Label -> description.
    rule (VoteRule): Makes one label of the votes that are cast.
    RETURNS (list[Candidate]): The candidates with their votes and the label that won, "" for those
        voted down, or that all voters abstain on.
    """
    return [decide(c, labels, rule) for c in collect_votes(panel, candidates, tasks, labels)]


def collect_votes(
    panel: Panel,
    candidates: Sequence[Candidate],
    tasks: Sequence[Task],
    labels: Labels,
    names: Collection[str] | None = None,
) -> list[Candidate]:
    """panel (Panel): The voters.
    candidates (Sequence[Candidate]): The union of the proposals.
    tasks (Sequence[Task]): The windows with their demonstrations.
    labels (Mapping[str, str]): Label -> description.
    names (Collection[str] | None): The voters to ask; None for all.
    RETURNS (list[Candidate]): The candidates with their votes, abstentions among them.
    """
    if not candidates:
        return []
    q = Questions(candidates, tasks)
    ballots = {
        name: flat(ballots)
        for name, ballots in panel.each(
            lambda _, voter: voter.classify(q.windows, q.spans, q.demonstrations, labels), names
        ).items()
    }
    return [
        replace(
            candidate,
            votes=tuple(
                vote(name, ballot[n], labels, name in candidate.proposals)
                for name, ballot in ballots.items()
            ),
        )
        for n, candidate in enumerate(candidates)
    ]


def decide(candidate: Candidate, labels: Labels, rule: VoteRule) -> Candidate:
    """candidate (Candidate): A candidate with its votes.
    labels (Mapping[str, str]): Label -> description.
    rule (VoteRule): Makes one label of the votes that are cast.
    RETURNS (Candidate): The candidate with the label that won, "" for none, and its confidence.
    """
    cast = [v for v in candidate.votes if not v.abstained]
    label = rule(cast, list(labels)) if cast else ""
    sure = confidence(label, candidate.votes, None)
    return replace(candidate, label=label, confidence=sure)


def vote(voter: str, ballot: Ballot, labels: Labels, extracted: bool) -> Vote:
    """voter (str): Name of the voter.
    ballot (Ballot): Its opinion of a span.
    labels (Mapping[str, str]): Label -> description.
    extracted (bool): Whether the voter proposed the span itself.
    RETURNS (Vote): Its vote: the label with the highest probability; of equals, the first, with "no
        entity" last.
    """
    if not ballot.probabilities:
        return Vote(voter, "", 0.0, {}, extracted=extracted, abstained=True)
    probabilities = {label: ballot.probabilities.get(label, 0.0) for label in [*labels, ""]}
    best = "" if ballot.unread else max(probabilities, key=probabilities.__getitem__)
    return Vote(
        voter,
        best,
        probabilities[best],
        probabilities,
        ballot.estimated,
        ballot.unread,
        extracted,
        raw=dict(ballot.raw),
    )


def verify(
    panel: Panel,
    verifier: str,
    candidates: Sequence[Candidate],
    tasks: Sequence[Task],
    labels: Labels,
) -> list[Candidate]:
    """panel (Panel): The voters.
    verifier (str): The voter that verifies. Where it does not answer, the next one that can verify, and
        does not do so in vain by its calibration, takes its place.
    candidates (Sequence[Candidate]): The candidates with a label.
    tasks (Sequence[Task]): The windows with their demonstrations.
    labels (Mapping[str, str]): Label -> description.
    RETURNS (list[Candidate]): The candidates with their verdicts; without, where no voter that can
        verify answers.
    """
    if not candidates:
        return []
    q = Questions(candidates, tasks)

    def ask(name: str, voter: Voter) -> list[list[Verification]]:
        assert isinstance(voter, Verifier)
        return voter.verify(q.windows, q.mentions, q.demonstrations, labels)

    def verifies(name: str, voter: Voter) -> bool:
        return isinstance(voter, Verifier) and (name == verifier or getattr(voter, "verifies", True))

    while able := [name for name, voter in panel.present.items() if verifies(name, voter)]:
        name = verifier if verifier in able else able[0]
        answers = panel.ask(name, ask)
        if answers is not None:
            verdicts = [
                Verdict(name, v.true, v.probability, v.estimated, v.unread, v.raw)
                for v in flat(answers)
            ]
            return [
                replace(c, verdict=verdict, confidence=confidence(c.label, c.votes, verdict))
                for c, verdict in zip(candidates, verdicts, strict=True)
            ]
    return list(candidates)
