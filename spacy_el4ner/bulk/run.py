"""A bulk annotation from beginning to end, or from where it was cut off to the end."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from spacy_el4ner.bulk.files import Source, make_output, open_source
from spacy_el4ner.bulk.manifest import claim, manifest
from spacy_el4ner.bulk.parts import Parts
from spacy_el4ner.bulk.records import Part
from spacy_el4ner.bulk.worker import Job
from spacy_el4ner.errors import Errors

Engine = Callable[[Job, Iterable[int], Callable[[int], None]], Iterator[Part]]
"""Annotates shards, in any order, and tells after each batch how many documents that were."""
SAMPLE = 100
"""Documents of which one at least must have a text; else the key is wrong."""


@dataclass(frozen=True)
class Share:
    """index (int), of (int): The shards whose number is `index` modulo `of`: all by default."""

    index: int = 0
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Share":
        """text (str): "i/N", i from 0.
        RAISES (ValueError): EL072.
        """
        index, slash, of = text.partition("/")
        if not (slash and index.isdecimal() and of.isdecimal() and int(index) < int(of)):
            raise ValueError(Errors.EL072.format(text=text))
        return cls(int(index), int(of))


@dataclass(frozen=True)
class Summary:
    """How it stands.

    documents (int): In the input.
    failed (int): That failed: of all, or of the shards that are there.
    missing (int): Shards that are not there yet.
    """

    documents: int
    failed: int
    missing: int


class Run:
    """job (Job): What is to be done.
    out (Path): The output.
    overwrite (bool): Whether to start anew if there is something.
    """

    def __init__(self, job: Job, out: Path, overwrite: bool = False):
        self.job = job
        self.parts = Parts(out)
        self.output = make_output(out.suffix)
        source = open_source(job.source, job.keys)
        if self.parts.meet(job.source):
            raise ValueError(Errors.EL121.format(source=job.source, out=out))
        if not overwrite and out.exists() and not self.parts.manifest.is_file():
            raise ValueError(Errors.EL065.format(path=out))
        self.documents = source.count()
        _check(source, job.source)
        self.made_of = manifest(job, self.documents)
        if overwrite:  # only now: what is there stays until it is certain that something can follow
            self.parts.discard()
        claim(self.parts.manifest, self.made_of, anew=not (self.complete or self.parts.done()))

    @property
    def complete(self) -> bool:
        """RETURNS (bool): Whether the output is there; it comes to be by the merge alone."""
        return self.parts.out.is_file()

    @property
    def shards(self) -> int:
        """RETURNS (int): How many shards the input has."""
        return -(-self.documents // self.job.shard_size)

    def todo(self, share: Share) -> list[int]:
        """RETURNS (list[int]): The shards of a share that are not there yet."""
        done = self.parts.done()
        return [n for n in range(share.index, self.shards, share.of) if n not in done]

    def size(self, numbers: Iterable[int]) -> int:
        """RETURNS (int): The documents of shards."""
        size = self.job.shard_size
        return sum(min(size, self.documents - number * size) for number in numbers)

    def annotate(self, engine: Engine, numbers: Iterable[int], tell: Callable[[int], None]) -> None:
        """engine (Engine): Who does it.
        numbers (Iterable[int]): The shards.
        tell (Callable): Is told the number of documents after each batch.
        RAISES (ValueError): EL064.
        """
        for part in engine(self.job, numbers, tell):
            # Before the first shard, a run with other settings could take the output over.
            claim(self.parts.manifest, self.made_of)
            self.parts.write(part)

    def finish(self, keep: bool = False, must: bool = False) -> Summary:
        """Merge the shards if all are there, and tell how it stands.

        keep (bool): Whether the parts stay.
        must (bool): Whether it is an error if shards are missing.
        RAISES (ValueError): EL066.
        """
        missing = self.todo(Share())
        # In this order: another process may merge meanwhile, and then the parts are gone.
        if self.complete:
            self.parts.clean(keep)
            return Summary(self.documents, self.parts.count_failures(), 0)
        if missing and must:
            numbers = ", ".join(map(str, missing[:10])) + (", …" if len(missing) > 10 else "")
            raise ValueError(Errors.EL066.format(n=len(missing), total=self.shards, numbers=numbers))
        if missing:
            done = self.parts.done()
            return Summary(self.documents, self.parts.count_failures(done), len(missing))
        self.parts.merge(self.shards, self.output, keep)
        return Summary(self.documents, self.parts.count_failures(), 0)


def _check(source: Source, path: Path) -> None:
    """RAISES (ValueError): EL063, there is nothing, or no text where texts should be."""
    first = [source.record(item) for item in islice(source.items(), SAMPLE)]
    if all(record.error for record in first):
        problem = first[0].error if first else "it is empty"
        raise ValueError(Errors.EL063.format(path=path, n=max(1, len(first)), problem=problem))
