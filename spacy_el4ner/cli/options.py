"""What several commands share: reading a backbones file, using a GPU, choosing part of a corpus."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Config, require_gpu
from wasabi import msg

from spacy_el4ner import windows

T = TypeVar("T")


def read_backbones(path: Path, models: Path | None) -> dict[str, Any]:
    """path (Path): A file of configs/backbones.
    models (Path | None): Where compact backbones lie; takes the place of its `paths.backbones`.
    RETURNS (dict[str, Any]): Name -> config block.
    """
    if not path.is_file():
        msg.fail(f"There is no backbones file '{path}'.", "See configs/backbones.", exits=1)
    own = Config().from_disk(path, interpolate=False)
    overrides = {"paths.backbones": str(models)} if models is not None and "paths" in own else {}
    blocks: dict[str, Any] = Config().from_disk(path, overrides=overrides)["backbones"]
    return blocks


def use_gpu(gpu_id: int) -> None:
    """gpu_id (int): The GPU to use; below 0 for the CPU."""
    if gpu_id >= 0:
        require_gpu(gpu_id)
        msg.info(f"Using GPU {gpu_id}")


def make_pipeline(lang: str, backbones: dict[str, Any], **settings: Any) -> Language:
    """RETURNS (Language): A blank pipeline with the ensemble."""
    nlp = spacy.blank(lang)
    nlp.add_pipe("llm_ensemble_ner", config={"backbones": backbones, **settings})
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
