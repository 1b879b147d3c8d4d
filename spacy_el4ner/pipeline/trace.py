"""What the stages found, and what they did on the way to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from spacy_el4ner.stages.extraction import Extraction
from spacy_el4ner.stages.reading import Reading, Task
from spacy_el4ner.types import Candidate


@dataclass
class Result:
    """What the stages found in one document.

    candidates (list[Candidate]): The candidates that survived, in the order of the text.
    counts (dict[str, Any]): Per stage counts, plain data.
    """

    candidates: list[Candidate] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trace:
    """What each stage made of a batch of documents, what it dropped included.

    results (list[Result]): One a document.
    tasks (Sequence[Task]): The windows of all documents, with their demonstrations.
    pre_extractions (Sequence[Extraction]): Spans extracted zero-shot, to find demonstrations by.
    readings (dict[str, list[Reading]]): Backbone -> what it read.
    extractions (Sequence[Extraction]): What each backbone proposed.
    classified (Sequence[Candidate]): The union after the vote; those voted down have no label.
    verified (Sequence[Candidate]): The typed ones after verification; those denied have that verdict.
    """

    results: list[Result]
    tasks: Sequence[Task]
    pre_extractions: Sequence[Extraction]
    readings: dict[str, list[Reading]]
    extractions: Sequence[Extraction]
    classified: Sequence[Candidate]
    verified: Sequence[Candidate]
