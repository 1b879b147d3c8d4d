"""The folder of a distillation: its files, and the plan by which finished work is known again."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage.atomic import TEMPORARY, replacing, temporary_name


@dataclass(frozen=True)
class DistillationFolder:
    """The folder.

    path (Path): Where it is.
    """

    path: Path

    @property
    def annotated(self) -> Path:
        """RETURNS (Path): The documents that the teacher annotated; `annotate` writes others of its
        own next to it.
        """
        return self.path / "annotated.spacy"

    @property
    def data(self) -> Path:
        """RETURNS (Path): The folder of the files to train on."""
        return self.path / "data"

    @property
    def first(self) -> Path:
        """RETURNS (Path): The student before it is trained further with the gold documents alone."""
        return self.path / "first"

    @property
    def student(self) -> Path:
        """RETURNS (Path): The student."""
        return self.path / "student"

    @property
    def alone(self) -> Path:
        """RETURNS (Path): The same pipeline, trained without the teacher."""
        return self.path / "alone"

    @property
    def plan(self) -> Path:
        """RETURNS (Path): The file with everything that the students depend on."""
        return self.path / "distillation-plan.json"

    @property
    def unfinished(self) -> Path:
        """RETURNS (Path): The file with the rows of an evaluation that was interrupted."""
        return self.path / "unfinished.json"

    @property
    def record(self) -> Path:
        """RETURNS (Path): The file with the evaluation."""
        return self.path / "distillation.json"

    @property
    def report(self) -> Path:
        """RETURNS (Path): The evaluation as a table."""
        return self.path / "distillation.md"

    def check(self) -> None:
        """RAISES (ValueError): EL366, something else is there."""
        if not self.path.exists():
            return
        names = sorted(file.name for file in self.path.iterdir()) if self.path.is_dir() else [""]
        if any(name.startswith(self.annotated.name) for name in names):
            return
        self._refuse([name for name in names if not name.endswith(TEMPORARY)])

    def begin(self, plan: dict[str, Any], overwrite: bool = False) -> None:
        """Write the plan, or compare the existing one.

        plan (dict[str, Any]): Everything that the students depend on, as plain data.
        overwrite (bool): Whether students of another plan are removed.
        RAISES (ValueError): EL052, there are students of another plan; EL366, files without a plan.
        """
        if not self.plan.is_file():
            self._refuse([path.name for path in self._results if path.exists()])
        else:
            earlier = json.loads(self.plan.read_text(encoding="utf8"))
            other = [key for key in plan if earlier.get(key) != plan[key]]
            if not other:
                return
            if not overwrite:
                message = Errors.EL052.format(path=self.path, settings=", ".join(other))
                raise EL4NERValueError(message)
            self._discard()
        with replacing(self.plan) as file:
            file.write(json.dumps(plan, indent=2).encode("utf8") + b"\n")

    @property
    def _results(self) -> tuple[Path, ...]:
        """All but the annotations of the teacher, the plan and what is unfinished."""
        return self.record, self.report, self.student, self.first, self.alone, self.data

    def _refuse(self, names: Sequence[str]) -> None:
        if names:
            raise EL4NERValueError(Errors.EL366.format(path=self.path, file=names[0]))

    def _discard(self) -> None:
        """Remove what another plan led to."""
        for path in self._results:
            if path.exists():
                path.rename(temporary_name(path))  # a folder that is half removed looks finished
        self.clean()

    def clean(self) -> None:
        """Remove what interrupted runs left."""
        self.unfinished.unlink(missing_ok=True)
        for written in (*self._results, self.plan, self.unfinished):
            for path in self.path.glob(f".{written.name}.*"):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
