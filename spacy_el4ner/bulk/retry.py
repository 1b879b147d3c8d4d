"""A second attempt at documents of a finished output: those that failed, or that lack a voter."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from spacy_el4ner.bulk.files import open_source
from spacy_el4ner.bulk.parts import write_notes
from spacy_el4ner.bulk.records import Annotated, DocumentRecord
from spacy_el4ner.bulk.run import BulkRun, Summary
from spacy_el4ner.bulk.worker import Worker, failure, incomplete
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage.atomic import replacing


@dataclass
class _Outcome:
    """What a second attempt leads to.

    documents (dict[int, bytes]): Place in the output, from 0 -> a file with the document.
    failures (bytearray): The lines of the documents that fail again.
    incomplete (bytearray): The lines of the documents that still lack a voter.
    """

    documents: dict[int, bytes] = field(default_factory=dict)
    failures: bytearray = field(default_factory=bytearray)
    incomplete: bytearray = field(default_factory=bytearray)


class Retry:
    """A second attempt, in this process.

    run (BulkRun): A finished bulk annotation.
    RAISES (ValueError): EL312, it is not finished.
    """

    def __init__(self, run: BulkRun):
        if not run.complete:
            raise EL4NERValueError(Errors.EL312.format(out=run.parts.out))
        self.run = run
        notes = (run.parts.failed, run.parts.incomplete)
        self.lines = {line for path in notes for line in _lines(path)}

    def __call__(self, tell: Callable[[int], None]) -> Summary:
        """Annotate the documents again, and replace them in the output and its notes. The output is
        replaced as a whole, or stays as it was.

        tell (Callable[[int], None]): Called with the number of documents after each batch.
        RETURNS (Summary): The state of the output.
        """
        if not self.lines:
            return self.run.finish()
        outcome = self._outcome(tell)
        self.run.check_unchanged()
        parts = self.run.parts
        if outcome.documents:
            with replacing(parts.out) as file:
                self.run.output.replace(parts.out, outcome.documents, file)
        write_notes(parts.failed, bytes(outcome.failures))
        write_notes(parts.incomplete, bytes(outcome.incomplete))
        return self.run.summarized()

    def _outcome(self, tell: Callable[[int], None]) -> _Outcome:
        worker, outcome = Worker(self.run.job), _Outcome()
        places = self._places()
        while chunk := list(islice(places, self.run.job.shard_size)):
            readable = [(place, record) for place, record in chunk if not record.error]
            with worker.pipeline.annotated([record for _, record in readable], tell) as done:
                again = {one.record.line: one for one in done}
                for place, record in readable:
                    outcome.documents[place] = worker.output.write([again[record.line]])
                for _, record in chunk:
                    _note(outcome, record, again.get(record.line))
            tell(len(chunk) - len(readable))
        return outcome

    def _places(self) -> Iterator[tuple[int, DocumentRecord]]:
        """The documents in question, each with its place in the output, which holds all but the
        unreadable ones.
        """
        source = open_source(self.run.job.source, self.run.job.keys)
        place = 0
        for record in map(source.record, source.items()):
            if record.line in self.lines:
                yield place, record
            place += not record.error


def _note(outcome: _Outcome, record: DocumentRecord, one: Annotated | None) -> None:
    """Note a document that cannot be read, fails again, or still lacks a voter."""
    if error := record.error or (one.error if one else ""):
        outcome.failures += failure(record, error)
    elif one is not None and one.absent:
        outcome.incomplete += incomplete(one)


def _lines(path: Path) -> Iterator[int]:
    """The numbers of the lines that a file of notes is about."""
    if path.is_file():
        with path.open("rb") as file:
            yield from (json.loads(line)["line"] for line in file)
