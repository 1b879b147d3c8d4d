"""Going on with a training that was interrupted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from spacy.language import Language

from spacy_el4ner.errors import Errors


def resume_v1(path: str | None) -> Callable[[Language], Language]:
    """path (str | None): A checkpoint of `spacy train`, model-last or model-best; None to start anew.
    RETURNS (Callable[[Language], Language]): For [initialize.after_init]: gives the components the
        weights of the checkpoint.

    The weights go on from there. What a checkpoint does not hold begins again: the optimizer's moments,
    the schedule of the learning rate and the count of steps. A model that has been made cannot be
    given other labels.
    """

    def resume(nlp: Language) -> Language:
        if path is None:
            return nlp
        folder = Path(path)
        if not (folder / "meta.json").is_file():
            raise ValueError(Errors.EL033.format(path=path))
        for name, component in nlp.pipeline:
            if not hasattr(component, "from_disk"):
                continue
            wanted = _labels(component)
            try:
                component.from_disk(folder / name, exclude=["vocab"])
            finally:
                # Weights of another shape are an error, too, but one that says nothing of labels.
                if (known := _labels(component)) != wanted:
                    found = {"labels": ", ".join(wanted), "known": ", ".join(known)}
                    raise ValueError(Errors.EL135.format(path=path, name=name, **found))
        return nlp

    return resume


def _labels(component: Any) -> list[str]:
    return sorted(getattr(component, "labels", ()))
