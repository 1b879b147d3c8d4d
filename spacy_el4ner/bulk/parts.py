"""The finished shards of an output, and how they become one file."""

import shutil
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from spacy_el4ner.bulk.files import Output
from spacy_el4ner.bulk.records import Part
from spacy_el4ner.storage.atomic import TEMPORARY, replacing, temporary_name

FAILED = ".failed.jsonl"
MANIFEST = ".manifest.json"


class Parts:
    """`OUTPUT.parts/`: a file a shard, beside it one with its failures if it has any.

    out (Path): The output.
    """

    def __init__(self, out: Path):
        self.out = out
        self.folder = out.with_name(f"{out.name}.parts")
        self.failed = out.with_name(f"{out.name}{FAILED}")
        self.manifest = out.with_name(f"{out.name}{MANIFEST}")

    def meet(self, source: Path) -> bool:
        """RETURNS (bool): Whether the input is one of the files that are written here, or would hold
        them.
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
        """Keep a shard. The failures go first: where the shard is there, they are there."""
        failures = self._failures(part.number)
        if part.failures:
            with replacing(failures) as file:
                file.write(part.failures)
        else:
            failures.unlink(missing_ok=True)
        with replacing(self._data(part.number)) as file:
            file.write(part.data)

    def merge(self, shards: int, output: Output, keep: bool = False) -> None:
        """shards (int): How many there are.
        output (Output): The format.
        keep (bool): Whether the parts stay.
        """
        try:
            self._failures_together(range(shards))
            with replacing(self.out) as file:
                output.merge([self._data(n) for n in range(shards)], file)
        except FileNotFoundError:
            # Another process, with other shards, has found all of them at the same time, and is done.
            if not self.out.is_file():
                raise
        self.clean(keep)

    def clean(self, keep: bool = False) -> None:
        """Remove the parts, unless they stay, and what processes that died have left."""
        if not keep:
            self._drop()
        left = [self.out.parent.glob(f".{path.name}.*{TEMPORARY}") for path in self._files()]
        for path in chain(self.folder.glob(f".*{TEMPORARY}"), *left):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove the output and all that belongs to it, that which tells what it is last."""
        self.out.unlink(missing_ok=True)
        self.failed.unlink(missing_ok=True)
        self.clean()
        self.manifest.unlink(missing_ok=True)

    def count_failures(self, numbers: Iterable[int] | None = None) -> int:
        """numbers (Iterable[int] | None): Shards; None for the merged output.
        RETURNS (int): Documents that failed.
        """
        paths = [self.failed] if numbers is None else [self._failures(number) for number in numbers]
        return sum(_lines(path) for path in paths if path.is_file())

    def _files(self) -> tuple[Path, ...]:
        return self.out, self.failed, self.manifest, self.folder

    def _drop(self) -> None:
        """Remove the parts, all at once as others see it."""
        trash = temporary_name(self.folder)
        try:
            self.folder.rename(trash)
        except FileNotFoundError:
            return
        shutil.rmtree(trash, ignore_errors=True)

    def _failures_together(self, numbers: Iterable[int]) -> None:
        found = [path for path in map(self._failures, numbers) if path.is_file()]
        if not self.folder.is_dir():
            raise FileNotFoundError(self.folder)
        if not found:
            self.failed.unlink(missing_ok=True)
            return
        with replacing(self.failed) as together:
            for path in found:
                with path.open("rb") as file:
                    shutil.copyfileobj(file, together)

    def _data(self, number: int) -> Path:
        return self.folder / f"{number:06d}{self.out.suffix}"

    def _failures(self, number: int) -> Path:
        return self.folder / f"{number:06d}{FAILED}"


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)
