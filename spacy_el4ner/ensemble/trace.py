"""The results of the four stages, and the steps that led to them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from spacy_el4ner.ensemble.tasks import Task
from spacy_el4ner.types import Candidate
from spacy_el4ner.voters.base import Coverage, Proposals


@dataclass
class EnsembleResult:
    """The result of the stages for one document.

    candidates (list[Candidate]): The candidates that survived, in the order of the text.
    counts (dict[str, Any]): Counts of each stage, plain data.
    """

    candidates: list[Candidate] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EnsembleTrace:
    """What each stage made of a batch of documents, including what it dropped.

    results (list[EnsembleResult]): One per document.
    tasks (Sequence[Task]): The windows of all documents, with their demonstrations.
    pre_extracted (dict[str, list[Proposals]]): Voter -> what it proposed in each window zero-shot, by
        which the demonstrations were found; empty where the retriever needs no spans.
    coverage (dict[str, list[Coverage]]): Voter -> how much it took in of each window.
    proposed (dict[str, list[Proposals]]): Voter -> what it proposed in each window.
    classified (Sequence[Candidate]): The union after the vote; those voted down have no label.
    verified (Sequence[Candidate]): The labelled ones after verification, including those denied.
    """

    results: list[EnsembleResult]
    tasks: Sequence[Task]
    pre_extracted: dict[str, list[Proposals]]
    coverage: dict[str, list[Coverage]]
    proposed: dict[str, list[Proposals]]
    classified: Sequence[Candidate]
    verified: Sequence[Candidate]
