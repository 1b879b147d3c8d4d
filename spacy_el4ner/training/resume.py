"""Continuing an interrupted training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from spacy.language import Language

from spacy_el4ner.errors import EL4NERValueError, Errors


def resume_v1(path: str | None) -> Callable[[Language], Language]:
    """A callback for [initialize.after_init] that gives the components the weights of a checkpoint.

    Training continues with these weights. What a checkpoint does not hold starts again: the optimizer's
    moments, the schedule of the learning rate and the count of steps. The labels must be the same.

    path (str | None): A checkpoint of `spacy train`, model-last or model-best; None to train from the
        start.
    RETURNS (Callable[[Language], Language]): The callback.
    RAISES (ValueError): EL033, the path has no checkpoint; EL135, the checkpoint has other labels.
    """

    def resume(nlp: Language) -> Language:
        if path is None:
            return nlp
        folder = Path(path)
        if not (folder / "meta.json").is_file():
            raise EL4NERValueError(Errors.EL033.format(path=path))
        for name, component in nlp.pipeline:
            if not hasattr(component, "from_disk"):
                continue
            expected = _labels(component)
            try:
                component.from_disk(folder / name, exclude=["vocab"])
            finally:
                # Weights of another shape fail too, with an error that does not mention labels.
                if (labels := _labels(component)) != expected:
                    raise EL4NERValueError(
                        Errors.EL135.format(
                            path=path,
                            name=name,
                            labels=", ".join(expected),
                            known=", ".join(labels),
                        )
                    )
        return nlp

    return resume


def _labels(component: Any) -> list[str]:
    return sorted(getattr(component, "labels", ()))
