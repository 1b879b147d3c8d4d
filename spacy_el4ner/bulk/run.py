"""The course of a bulk annotation, which resumes after an interruption."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path

from spacy_el4ner.bulk.files import DocumentSource, make_output, open_source
from spacy_el4ner.bulk.manifest import add_result, claim, manifest, stamp
from spacy_el4ner.bulk.parts import Parts
from spacy_el4ner.bulk.records import Part
from spacy_el4ner.bulk.survey import Survey
from spacy_el4ner.bulk.worker import AnnotationJob
from spacy_el4ner.errors import EL4NERValueError, Errors

Engine = Callable[[AnnotationJob, Iterable[int], Callable[[int], None]], Iterator[Part]]
"""Annotates shards, in any order, and reports the number of documents after each batch."""
SAMPLE = 100
"""Number of documents at the beginning of which at least one must have a text; else the key is wrong.
"""


@dataclass(frozen=True)
class Share:
    """One of `of` parts of an input, of nearly as many shards each, which follow one another, so that
    only this part of the input has to be read; all shards by default.

    index (int): Number of the share, from 0.
    of (int): Number of shares.
    """

    index: int = 0
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Share":
        """text (str): "i/N", with i from 0.
        RETURNS (Share): The share.
        RAISES (ValueError): EL072, the text has another form.
        """
        index, slash, of = text.partition("/")
        if not (slash and index.isdecimal() and of.isdecimal() and int(index) < int(of)):
            raise EL4NERValueError(Errors.EL072.format(text=text))
        return cls(int(index), int(of))


@dataclass(frozen=True)
class Summary:
    """The state of a run.

    documents (int): Number of documents in the input.
    failed (int): Number of documents that failed, among the finished shards.
    missing (int): Number of shards that are not finished.
    absent (dict[str, int]): Voter of an ensemble -> documents that were annotated without it, because
        it did not answer.
    """

    documents: int
    failed: int
    missing: int
    absent: dict[str, int] = field(default_factory=dict)


class BulkRun:
    """A bulk annotation.

    job (AnnotationJob): The input, the pipeline and their settings.
    out (Path): The output.
    overwrite (bool): Whether to remove an existing output and its shards first.
    """

    def __init__(self, job: AnnotationJob, out: Path, overwrite: bool = False):
        self.parts = Parts(out)
        self.output = make_output(out.suffix)
        source = open_source(job.source, job.keys)
        if self.parts.meet(job.source):
            raise EL4NERValueError(Errors.EL121.format(source=job.source, out=out))
        if not overwrite and out.exists() and not self.parts.manifest.is_file():
            raise EL4NERValueError(Errors.EL065.format(path=out))
        saved = Survey.saved(self.parts.survey, job.source, job)
        self.survey = saved or Survey.of(job.source, job)
        self.job = replace(job, places=self.survey.index.places)
        self.documents = self.survey.index.documents
        check_source(source, job.source)
        self.made_of = manifest(job, self.documents, self.survey.fingerprint)
        if overwrite:  # only now that the new run can start
            self.parts.discard()
        claim(self.parts.manifest, self.made_of, replace=not (self.complete or self.parts.done()))
        if not self.complete and (saved is None or overwrite):
            self.survey.save(self.parts.survey)

    @property
    def complete(self) -> bool:
        """RETURNS (bool): Whether the output exists; only the merge creates it."""
        return self.parts.out.is_file()

    @property
    def shards(self) -> int:
        """RETURNS (int): Number of shards of the input."""
        return -(-self.documents // self.job.shard_size)

    def numbers(self, share: Share) -> range:
        """share (Share): A share of the shards.
        RETURNS (range): All of its shards.
        """
        first, end = (n * self.shards // share.of for n in (share.index, share.index + 1))
        return range(first, end)

    def todo(self, share: Share) -> list[int]:
        """share (Share): A share of the shards.
        RETURNS (list[int]): Those of its shards that are missing.
        """
        done = self.parts.done()
        return [n for n in self.numbers(share) if n not in done]

    def size(self, numbers: Iterable[int]) -> int:
        """numbers (Iterable[int]): Shards.
        RETURNS (int): The number of their documents.
        """
        size = self.job.shard_size
        return sum(min(size, self.documents - number * size) for number in numbers)

    def annotate(self, engine: Engine, numbers: Iterable[int], tell: Callable[[int], None]) -> None:
        """engine (Engine): Annotates the shards.
        numbers (Iterable[int]): The shards.
        tell (Callable[[int], None]): Called with the number of documents after each batch.
        RAISES (ValueError): EL064, another run has begun; EL231, the input was changed.
        """
        for part in engine(self.job, numbers, tell):
            self.check_unchanged()
            # Before the first shard, a run with other settings could take the output over.
            claim(self.parts.manifest, self.made_of)
            self.parts.write(part)

    def check_unchanged(self) -> None:
        """RAISES (ValueError): EL231, the input was changed since the run began."""
        if stamp(self.job.source) != self.survey.stamp:
            raise EL4NERValueError(Errors.EL231.format(path=self.job.source))

    def finish(self, keep: bool = False, must: bool = False) -> Summary:
        """Merge the shards if all are there.

        keep (bool): Whether to keep the parts.
        must (bool): Whether missing shards are an error.
        RETURNS (Summary): The state of the run.
        RAISES (ValueError): EL066, shards are missing although they must not.
        """
        missing = self.todo(Share())
        # In this order: if another process merges meanwhile, the parts are gone.
        if self.complete:
            self.parts.clean(keep)
            return self.summarized()  # An earlier run may have stopped before it noted the result.
        if missing and must:
            numbers = ", ".join(map(str, missing[:10])) + (", …" if len(missing) > 10 else "")
            raise EL4NERValueError(
                Errors.EL066.format(n=len(missing), total=self.shards, numbers=numbers)
            )
        if missing:
            return self._summary(self.parts.done(), len(missing))
        self.parts.merge(self.shards, self.output, keep)
        return self.summarized()

    def summarized(self) -> Summary:
        """RETURNS (Summary): The state of the merged output, which is also noted in its manifest."""
        summary = self._summary()
        add_result(self.parts.manifest, asdict(summary))
        return summary

    def _summary(self, numbers: Collection[int] | None = None, missing: int = 0) -> Summary:
        """The state of some finished shards, or of the merged output."""
        failed, absent = self.parts.count_failures(numbers), self.parts.count_absences(numbers)
        return Summary(self.documents, failed, missing, absent)


def check_source(source: DocumentSource, path: Path) -> None:
    """source (DocumentSource): An input.
    path (Path): Its file or folder.
    RAISES (ValueError): EL063, the input is empty, or its documents have no text under the key."""
    first = [source.record(item) for item in islice(source.items(), SAMPLE)]
    if all(record.error for record in first):
        problem = first[0].error if first else "it is empty"
        raise EL4NERValueError(Errors.EL063.format(path=path, n=max(1, len(first)), problem=problem))
