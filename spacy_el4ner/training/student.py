"""A pipeline trained by spaCy's own training, from its config to a finished folder."""

import shutil
import sys
from pathlib import Path
from typing import Any

from spacy import util
from spacy.language import Language
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from thinc.api import Config

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage.atomic import explained, replacing_folder

DEFAULT = Path(__file__).parent / "student.cfg"
SPLITS = ("train", "dev")


def student_config(
    path: Path | None, teacher: Language, seed: int = 0, max_steps: int | None = None
) -> Config:
    """path (Path | None): A config for `spacy train` whose corpora read `paths.train` and `paths.dev`;
        None for spaCy's named entity recognizer, with the teacher's language and tokenizer.
    teacher (Language): The pipeline that the student learns from.
    seed (int): Seed of the training.
    max_steps (int | None): Maximum number of training steps; None for that of the config.
    RETURNS (Config): The config, to which only the paths are missing.
    RAISES (ValueError): EL370, the file is not such a config.
    """
    try:
        config = util.load_config(path or DEFAULT, interpolate=False)
    except (OSError, ValueError) as error:
        raise _unusable(path, error) from error
    if path is None:
        own = teacher.config["nlp"]
        config["nlp"] |= {"lang": own["lang"], "tokenizer": own["tokenizer"]}
    else:
        _check(config, path)
    training = config["training"]
    training["seed"] = seed
    if max_steps is not None:
        # spaCy keeps the best of the models that it evaluates, the untrained one among them.
        frequency = min(max_steps, training.get("eval_frequency", max_steps))
        training |= {"max_steps": max_steps, "eval_frequency": frequency}
    return config


def train_student(
    config: Config, corpora: dict[str, Path], out: Path, source: Path | None = None, gpu_id: int = -1
) -> None:
    """Train a pipeline, and keep the model that is best on the dev corpus. An interrupted training
    starts again; a finished one is not repeated.

    config (Config): What `student_config` returned.
    corpora (dict[str, Path]): The `.spacy` files "train" and "dev".
    out (Path): The folder of the pipeline, written completely or not at all.
    source (Path | None): A trained pipeline of the same config whose components are trained further;
        None for new ones.
    gpu_id (int): The GPU to use; below 0 for the CPU.
    """
    if out.exists():
        return
    folder = out.with_name(f".{out.name}.training")
    shutil.rmtree(folder, ignore_errors=True)
    with explained(out):
        folder.mkdir(parents=True)
        nlp = init_nlp(_complete(config, corpora, source), use_gpu=gpu_id)
        train(nlp, folder, use_gpu=gpu_id, stdout=sys.stdout, stderr=sys.stderr)
        with replacing_folder(out) as finished:
            shutil.copytree(folder / "model-best", finished, dirs_exist_ok=True)
        shutil.rmtree(folder)


def _complete(config: Config, corpora: dict[str, Path], source: Path | None) -> Config:
    complete = config.copy()
    complete["paths"] |= {split: str(corpora[split]) for split in SPLITS}
    if source is not None:
        names = config["nlp"]["pipeline"]
        complete["components"] = {name: {"source": str(source)} for name in names}
    return complete


def _check(config: Config, path: Path) -> None:
    """RAISES (ValueError): EL370, a section is missing, or a corpus is not read from its path."""
    marked = config.copy()
    marked["paths"] = {**config.get("paths", {}), **{split: split for split in SPLITS}}
    try:
        corpora: dict[str, Any] = marked.interpolate().get("corpora", {})
    except ValueError as error:
        raise _unusable(path, error) from error
    problems = [f"[{name}] is missing" for name in ("nlp", "training") if name not in config]
    for split in SPLITS:
        if corpora.get(split, {}).get("path") != split:
            problems.append(f"[corpora.{split}] does not read paths.{split}")
    if problems:
        raise _unusable(path, problems[0])


def _unusable(path: Path | None, problem: object) -> EL4NERValueError:
    """The error, on one line: spaCy's messages have several."""
    return EL4NERValueError(Errors.EL370.format(path=path, problem=" ".join(str(problem).split())))
