"""The finished shards of an output, and their merge into one file."""

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from spacy_el4ner.bulk.files import Output
from spacy_el4ner.bulk.records import Part
from spacy_el4ner.storage.atomic import TEMPORARY, replacing, temporary_name

FAILED = ".failed.jsonl"
INCOMPLETE = ".incomplete.jsonl"
MANIFEST = ".manifest.json"
SURVEY = "input.json"


class Parts:
    """The folder `OUTPUT.parts/`: a file for each shard, one each for its failures and its incomplete
    documents if it has any, and one for the survey of the input.

    out (Path): The output.
    """

    def __init__(self, out: Path):
        self.out = out
        self.folder = out.with_name(f"{out.name}.parts")
        self.failed = out.with_name(f"{out.name}{FAILED}")
        self.incomplete = out.with_name(f"{out.name}{INCOMPLETE}")
        self.manifest = out.with_name(f"{out.name}{MANIFEST}")
        self.survey = self.folder / SURVEY

    @property
    def published(self) -> tuple[Path, ...]:
        """RETURNS (tuple[Path, ...]): The files of a finished output, of which some may not exist."""
        return self.out, self.failed, self.incomplete, self.manifest

    def meet(self, source: Path) -> bool:
        """source (Path): The input.
        RETURNS (bool): Whether the input is one of the files that are written here, or contains them.
        """
        source = source.resolve()
        written = [path.resolve() for path in self._files()]
        return any(
            source == path or source in path.parents or path in source.parents for path in written
        )

    def done(self) -> set[int]:
        """RETURNS (set[int]): The shards that are finished."""
        if not self.folder.is_dir():
            return set()
        names = (path.name.removesuffix(self.out.suffix) for path in self.folder.iterdir())
        return {int(name) for name in names if name.isdecimal()}

    def write(self, part: Part) -> None:
        """Save a shard. Its notes are saved first, so that a saved shard always has them.

        part (Part): The annotated shard.
        """
        for suffix, lines in ((FAILED, part.failures), (INCOMPLETE, part.incomplete)):
            write_notes(self._notes(part.number, suffix), lines)
        with replacing(self._data(part.number)) as file:
            file.write(part.data)

    def merge(self, shards: int, output: Output, keep: bool = False) -> None:
        """shards (int): How many there are.
        output (Output): The format.
        keep (bool): Whether the parts stay.
        """
        try:
            self._together(range(shards), FAILED, self.failed)
            self._together(range(shards), INCOMPLETE, self.incomplete)
            with replacing(self.out) as file:
                output.merge([self._data(n) for n in range(shards)], file)
        except FileNotFoundError:
            # Another process, with other shards, has found all of them at the same time, and is done.
            if not self.out.is_file():
                raise
        self.clean(keep)

    def clean(self, keep: bool = False) -> None:
        """Remove the parts, and temporary files of processes that died.

        keep (bool): Whether the parts stay.
        """
        if not keep:
            self._drop()
        left = [self.out.parent.glob(f".{path.name}.*{TEMPORARY}") for path in self._files()]
        for path in chain(self.folder.glob(f".*{TEMPORARY}"), *left):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove the output and all that belongs to it, the manifest last."""
        self.out.unlink(missing_ok=True)
        self.failed.unlink(missing_ok=True)
        self.incomplete.unlink(missing_ok=True)
        self.clean()
        self.manifest.unlink(missing_ok=True)

    def count_failures(self, numbers: Iterable[int] | None = None) -> int:
        """numbers (Iterable[int] | None): Shards; None for the merged output.
        RETURNS (int): Documents that failed.
        """
        return sum(1 for _ in self._lines(FAILED, self.failed, numbers))

    def count_absences(self, numbers: Iterable[int] | None = None) -> dict[str, int]:
        """numbers (Iterable[int] | None): Shards; None for the merged output.
        RETURNS (dict[str, int]): Voter -> documents that the others annotated without it.
        """
        lines = self._lines(INCOMPLETE, self.incomplete, numbers)
        return dict(
            sorted(Counter(name for line in lines for name in json.loads(line)["absent"]).items())
        )

    def _files(self) -> tuple[Path, ...]:
        return *self.published, self.folder

    def _drop(self) -> None:
        """Remove the parts, all at once as others see it."""
        trash = temporary_name(self.folder)
        try:
            self.folder.rename(trash)
        except FileNotFoundError:
            return
        shutil.rmtree(trash, ignore_errors=True)

    def _together(self, numbers: Iterable[int], suffix: str, merged: Path) -> None:
        """Merge the notes of shards into one file; remove it if there are none."""
        paths = [path for number in numbers if (path := self._notes(number, suffix)).is_file()]
        if not self.folder.is_dir():
            raise FileNotFoundError(self.folder)
        if not paths:
            merged.unlink(missing_ok=True)
            return
        with replacing(merged) as together:
            for path in paths:
                with path.open("rb") as file:
                    shutil.copyfileobj(file, together)

    def _lines(self, suffix: str, merged: Path, numbers: Iterable[int] | None) -> Iterator[bytes]:
        """The notes of shards, or of the merged output."""
        paths = [merged] if numbers is None else [self._notes(number, suffix) for number in numbers]
        for path in paths:
            if path.is_file():
                with path.open("rb") as file:
                    yield from file

    def _data(self, number: int) -> Path:
        return self.folder / f"{number:06d}{self.out.suffix}"

    def _notes(self, number: int, suffix: str) -> Path:
        return self.folder / f"{number:06d}{suffix}"


def write_notes(path: Path, lines: bytes) -> None:
    """path (Path): A file of notes about documents, one per line.
    lines (bytes): Its content. Without any, the file is removed.
    """
    if not lines:
        path.unlink(missing_ok=True)
        return
    with replacing(path) as file:
        file.write(lines)
