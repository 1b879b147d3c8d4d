"""Helpers that several commands share: reading their input, loading pipelines, using a GPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import spacy
import typer
from spacy.language import Language
from thinc.api import require_gpu
from wasabi import msg

MAKE_IT = "Make it with `index`."
PipelineArgument = Annotated[str, typer.Argument(help="A pipeline's folder, or an installed package")]
TextsArgument = Annotated[
    str,
    typer.Argument(
        metavar="INPUT",
        help="Texts: .jsonl, .txt (one a line), .parquet, .spacy, or a folder of .spacy files; or the "
        "address of a file, such as s3://bucket/texts.jsonl",
    ),
]
WorkOption = Annotated[Path, typer.Option(help="Folder for files at addresses, while it works")]
WORK = Path()


@contextmanager
def telling_mistakes() -> Iterator[None]:
    """End the command with a message instead of a traceback if its input cannot be read or used. Errors
    of the work itself are bugs that need their traceback, so it belongs around the input only.

    YIELDS (None): Once.
    """
    try:
        yield
    except (ImportError, OSError, ValueError) as error:
        # An unknown language and a missing extra are ImportErrors.
        msg.fail(str(error), exits=1)


def check_pipeline(path: Path, remedy: str = MAKE_IT) -> None:
    """End the command if a folder holds no pipeline.

    path (Path): The folder.
    remedy (str): What to do then.
    """
    if not (path / "config.cfg").is_file():
        msg.fail(f"'{path}' contains no pipeline.", remedy, exits=1)


def load_pipeline(path: Path, remedy: str = MAKE_IT, **settings: Any) -> Language:
    """path (Path): The folder of the pipeline.
    remedy (str): What to do if it holds none.
    settings (Any): Further arguments of `spacy.load`.
    RETURNS (Language): The pipeline.
    """
    check_pipeline(path, remedy)
    with telling_mistakes():
        return spacy.load(path, **settings)


def read_metrics(path: Path) -> dict[str, Any]:
    """path (Path): A JSON file.
    RETURNS (dict[str, Any]): The metrics that `evaluate` or `evaluate-fusion` wrote there, checked to
        have everything that a report needs.
    """
    from spacy_el4ner.evaluation import ensemble_tables, fusion_tables
    from spacy_el4ner.html_report.inputs import read_figures

    def checked(data: dict[str, Any]) -> dict[str, Any]:
        (ensemble_tables if ensemble_tables.is_ensemble(data) else fusion_tables).markdown(data, "")
        return data

    if not path.is_file():
        msg.fail(
            f"The file '{path}' does not exist.",
            "Create it with `evaluate` or `evaluate-fusion`.",
            exits=1,
        )
    with telling_mistakes():
        return read_figures(path, "`evaluate` or `evaluate-fusion`", checked)


def use_gpu(gpu_id: int) -> None:
    """gpu_id (int): The GPU to use; below 0 for the CPU."""
    if gpu_id >= 0:
        try:
            require_gpu(gpu_id)
        except (RuntimeError, ValueError) as error:
            # CuPy and PyTorch raise a RuntimeError for a number without a GPU.
            remedy = "Give the number of a GPU that this machine has, or --gpu-id -1 for the CPU."
            msg.fail(f"GPU {gpu_id} cannot be used: {error}", remedy, exits=1)
        msg.info(f"Using GPU {gpu_id}")
