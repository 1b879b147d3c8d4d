"""`python -m spacy el4ner distil`: one small pipeline that learns from a large one."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import use_gpu
from spacy_el4ner.cli.outputs import check_model_out
from spacy_el4ner.cli.settings import options_from
from spacy_el4ner.distillation.settings import DistillationSettings

INTERRUPTED = 130


@app.command("distil")
@options_from(DistillationSettings)
def distil(
    pipeline: Annotated[
        str, typer.Argument(help="The teacher: a pipeline's folder, or an installed package")
    ],
    texts: Annotated[
        Path,
        typer.Argument(
            help="Texts without labels: .jsonl, .txt (one a line), .parquet, .spacy, or a folder of "
            ".spacy files"
        ),
    ],
    out: Annotated[Path, typer.Argument(help="The folder to write; the student goes to OUT/student")],
    settings: DistillationSettings,
    gold: Annotated[
        Path | None, typer.Option(help="A labelled corpus that the student learns as well")
    ] = None,
    dev: Annotated[
        Path | None,
        typer.Option(
            help="A labelled corpus to select the best student by; by default, every fifth gold "
            "document, or without gold every tenth text, is held out"
        ),
    ] = None,
    test: Annotated[
        Path | None, typer.Option(help="A labelled corpus to measure teacher and student on")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="Config for `spacy train`; by default, spaCy's named entity recognizer on the CPU"
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace students of other settings, and annotations of another teacher or of other "
            "texts",
        ),
    ] = False,
) -> None:
    """Train one small pipeline on what a large one, its teacher, says of raw texts.

    The student in OUT/student is a plain spaCy pipeline. Entities of which the teacher is not confident
    are marked as missing annotation, which training skips. With --test, OUT/distillation.json and
    OUT/distillation.md compare the student with its teacher, and with a student without a teacher. The
    same command continues an interrupted run.

    Exit code: 0; 1 if the command could not run; 130 after Ctrl-C.

    Example: python -m spacy el4ner distil training/sample_en/pipeline texts.txt \\
    training/sample_en/distilled
    """
    from spacy_el4ner.distillation.evaluation import rows_table
    from spacy_el4ner.distillation.run import distil

    inputs = [path for path in (texts, gold, dev, test, config) if path is not None]
    check_model_out(out, Path(pipeline), *inputs)
    use_gpu(settings.gpu_id)
    try:
        result = distil(
            pipeline,
            texts,
            out,
            settings,
            gold=gold,
            dev=dev,
            test=test,
            config=config,
            overwrite=overwrite,
            say=msg.info,
        )
    except KeyboardInterrupt:
        msg.warn("Stopped.", "The same command continues from what is finished.")
        raise typer.Exit(INTERRUPTED) from None
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        msg.fail("The student could not be trained", str(error), exits=1)
        raise  # Not reached: the line above ends the command.
    if result.failed:
        msg.warn(
            f"{result.failed} of {result.documents} documents failed",
            f"Their lines and reasons: {out / 'annotated.spacy.failed.jsonl'}",
        )
    if result.record:
        print(rows_table(result.record["rows"]))
    msg.good(str(result.student))
