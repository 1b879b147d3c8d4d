"""What several commands share: reading what they are given, using a GPU, choosing part of a corpus."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Config, require_gpu
from wasabi import msg

from spacy_el4ner import windows

MAKE_IT = "Make it with `index`."


@contextmanager
def telling_mistakes() -> Iterator[None]:
    """End the command with a message, not a traceback, where its input cannot be read or used. To be
    put around that alone: errors of the work itself are bugs, and need their traceback.
    """
    try:
        yield
    except (ImportError, OSError, ValueError) as error:
        # A language that spaCy does not know, and a format that needs an extra, are ImportErrors.
        msg.fail(str(error), exits=1)


def check_pipeline(path: Path, remedy: str = MAKE_IT) -> None:
    """path (Path): A pipeline's folder.
    remedy (str): What to do where it is none.
    """
    if not (path / "config.cfg").is_file():
        msg.fail(f"There is no pipeline in '{path}'.", remedy, exits=1)


def load_pipeline(path: Path, remedy: str = MAKE_IT, **settings: Any) -> Language:
    """path (Path), remedy (str): As for `check_pipeline`.
    settings (Any): As for `spacy.load`.
    RETURNS (Language): The pipeline.
    """
    check_pipeline(path, remedy)
    with telling_mistakes():
        return spacy.load(path, **settings)


def read_metrics(path: Path) -> dict[str, Any]:
    """path (Path): A JSON file.
    RETURNS (dict[str, Any]): What `evaluate` or `evaluate-fusion` wrote there, with all that a report
        of it needs.
    """
    from spacy_el4ner.evaluation import fusion_report, report
    from spacy_el4ner.report.reading import read_figures

    def checked(data: dict[str, Any]) -> dict[str, Any]:
        (fusion_report if "rows" in data else report).markdown(data, "")
        return data

    if not path.is_file():
        msg.fail(
            f"There is no file '{path}'.", "Make it with `evaluate`, or `evaluate-fusion`.", exits=1
        )
    with telling_mistakes():
        return read_figures(path, "`evaluate` or `evaluate-fusion`", checked)


def read_ensemble(path: Path, models: Path | None) -> dict[str, Any]:
    """path (Path): A file of configs/backbones.
    models (Path | None): Where compact backbones lie; takes the place of its `paths.backbones`.
    RETURNS (dict[str, Any]): Settings of the component: `backbones`, and what else suits these.
    """
    if not path.is_file():
        msg.fail(f"There is no backbones file '{path}'.", "See configs/backbones.", exits=1)
    try:
        own = Config().from_disk(path, interpolate=False)
    except ValueError as error:
        msg.fail(f"'{path}' cannot be read: {error}", "See configs/backbones.", exits=1)
    if "backbones" not in own:
        msg.fail(f"'{path}' has no section [backbones].", "See configs/backbones.", exits=1)
    overrides = {"paths.backbones": str(models)} if models is not None and "paths" in own else {}
    settings: dict[str, Any] = Config().from_disk(path, overrides=overrides)
    return {name: setting for name, setting in settings.items() if name != "paths"}


def use_gpu(gpu_id: int) -> None:
    """gpu_id (int): The GPU to use; below 0 for the CPU."""
    if gpu_id >= 0:
        try:
            require_gpu(gpu_id)
        except (RuntimeError, ValueError) as error:
            # Of a number that no GPU has, CuPy and PyTorch say so by a RuntimeError.
            remedy = "Give the number of a GPU that this machine has, or --gpu-id -1 for the CPU."
            msg.fail(f"GPU {gpu_id} cannot be used: {error}", remedy, exits=1)
        msg.info(f"Using GPU {gpu_id}")


def make_pipeline(lang: str, settings: dict[str, Any]) -> Language:
    """RETURNS (Language): A blank pipeline with the ensemble."""
    nlp = spacy.blank(lang)
    nlp.add_pipe("llm_ensemble_ner", config=settings)
    return nlp


def examples(docs: Sequence[Doc]) -> list[Example]:
    """RETURNS (list[Example]): Examples whose prediction is the gold document itself."""
    return [Example(doc, doc) for doc in docs]


def sample_by_sentences(docs: Sequence[Doc], limit: int, seed: int) -> tuple[list[Doc], int]:
    """docs (Sequence[Doc]): A split.
    limit (int): Sentences wanted, about; fewer where they are longer than usual, so that a limit means
        the same time for every corpus. 0 for all.
    seed (int): Decides which documents.
    RETURNS (tuple[list[Doc], int]): Documents in their order, and the sentences in them.
    """
    sizes = [len(windows.cut(doc, 1)) for doc in docs]
    room = limit * windows.WORDS
    if not limit or (sum(sizes) <= limit and sum(map(len, docs)) <= room):
        return list(docs), sum(sizes)
    order = list(range(len(docs)))
    random.Random(seed).shuffle(order)
    chosen: list[int] = []
    total = words = 0
    for n in order:
        if total >= limit or words >= room:
            break
        chosen.append(n)
        total += sizes[n]
        words += len(docs[n])
    return [docs[n] for n in sorted(chosen)], total


def named(model: str) -> str:
    """RETURNS (str): A model of the hub by its name, a local one by its place in the project."""
    path = Path(model)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else model
