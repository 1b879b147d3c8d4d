"""`python -m spacy el4ner annotate`: very many documents, in resumable shards."""

from dataclasses import asdict, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from wasabi import msg

from spacy_el4ner.bulk.settings import AnnotationSettings
from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import WORK, PipelineArgument, TextsArgument, WorkOption, use_gpu
from spacy_el4ner.cli.settings import options_from
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.progress import Progress

if TYPE_CHECKING:
    from spacy_el4ner.bulk.run import BulkRun, Engine, Share, Summary

SOME_FAILED, SOME_INCOMPLETE, OUT_OF_TIME, INTERRUPTED = 3, 4, 5, 130


class EngineName(StrEnum):
    """Engines that annotate shards."""

    local = "local"
    ray = "ray"


@app.command("annotate")
@options_from(AnnotationSettings)
def annotate(
    pipeline: PipelineArgument,
    source: TextsArgument,
    out: Annotated[
        str,
        typer.Argument(
            metavar="OUTPUT", help="The file to write, .jsonl, .spacy or .parquet, or its address"
        ),
    ],
    settings: AnnotationSettings,
    n_process: Annotated[int, typer.Option(min=1, help="Processes, on the CPU")] = 1,
    shard: Annotated[
        str, typer.Option(help="i/N: only part i of N parts of the input, from 0", metavar="I/N")
    ] = "0/1",
    merge: Annotated[
        bool, typer.Option("--merge", help="Only merge the shards; all have to be finished")
    ] = False,
    keep_parts: Annotated[
        bool, typer.Option("--keep-parts", help="Leave the shards in OUTPUT.parts")
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Remove OUTPUT and its shards first; with --shard, only for the first command",
        ),
    ] = False,
    max_minutes: Annotated[
        float | None, typer.Option(min=0, help="Minutes after which no shard is begun")
    ] = None,
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed",
            help="Annotate again what failed, or lacks a voter, in a finished OUTPUT",
        ),
    ] = False,
    engine: Annotated[EngineName, typer.Option(help="Engine that annotates")] = EngineName.local,
    workers: Annotated[int, typer.Option(min=1, help="Actors of the engine ray")] = 1,
    gpus_per_worker: Annotated[
        float, typer.Option(min=0, help="GPUs of each actor of the engine ray")
    ] = 0.0,
    work: WorkOption = WORK,
) -> None:
    """Annotate very many documents. Finished shards are kept in OUTPUT.parts. After an interruption,
    the same command continues from them, and the output is the same as without the interruption.
    Several commands, on one machine or more, can share the work with --shard; the last one merges.

    Documents that fail are in the output without entities, and in OUTPUT.failed.jsonl with the reason.
    Documents that an ensemble annotated without a voter that did not answer are in
    OUTPUT.incomplete.jsonl. The same command with --retry-failed annotates both again.

    Addresses such as s3://bucket/texts.jsonl are copied to the folder --work before, and from there
    once the output is complete. Shards are always in that folder.
    OUTPUT.manifest.json describes the origin of the output.

    Exit code: 0; 3 if documents failed; 4 if none failed, but some lack a voter; 5 if --max-minutes
    ended it; 1 if the command could not run; 130 after Ctrl-C.

    Example: python -m spacy el4ner annotate training/sample_en/pipeline texts.jsonl entities.jsonl
    """
    from spacy_el4ner.bulk.addresses import publish
    from spacy_el4ner.bulk.run import Share

    run = None
    try:
        share = Share.parse(shard)
        if retry_failed:
            options = {
                "--overwrite": overwrite,
                "--merge": merge,
                "--shard": shard != "0/1",
                "--n-process": n_process > 1,
                "--engine": engine is not EngineName.local,
                "--max-minutes": max_minutes is not None,
            }
            _check_alone([name for name, given in options.items() if given])
        if engine is EngineName.ray and max_minutes is not None:
            raise EL4NERValueError(Errors.EL355)
        gpu_id = settings.gpu_id
        who = _engine(engine, n_process, gpu_id, workers, gpus_per_worker)
        if not merge:
            _check_machine(engine, gpu_id)
        if engine is EngineName.ray and gpus_per_worker:
            settings = replace(settings, gpu_id=0)  # Ray shows an actor only its own
        run = _begun(pipeline, source, out, work, settings, overwrite)
        if retry_failed:
            summary = _retry(run)
        else:
            todo = [] if merge or run.complete else run.todo(share)
            if todo:
                _work(run, who, share, todo, max_minutes)
            summary = run.finish(keep_parts, must=merge)
        publish(run.parts.published, out)
    except KeyboardInterrupt:
        _stopped(run, overwrite)
        raise typer.Exit(INTERRUPTED) from None
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        msg.fail(str(error), exits=1)
        raise  # Not reached: the line above ends the command.
    if max_minutes is not None and (left := run.todo(share)) and summary.missing:
        msg.warn("The time is up.", f"{len(left)} shards are left; {_how_to_continue(overwrite)}")
        raise typer.Exit(OUT_OF_TIME)
    _tell(run, summary)


def _begun(
    pipeline: str, source: str, out: str, work: Path, settings: AnnotationSettings, overwrite: bool
) -> "BulkRun":
    from spacy_el4ner.bulk.addresses import claim_address, fetched, place_of
    from spacy_el4ner.bulk.run import BulkRun
    from spacy_el4ner.bulk.worker import AnnotationJob

    target = place_of(out, work)
    job = AnnotationJob(pipeline, fetched(source, work), target.suffix, **asdict(settings))
    claim_address(out, target, overwrite)
    return BulkRun(job, target, overwrite)


def _engine(
    name: EngineName, n_process: int, gpu_id: int, workers: int, gpus_per_worker: float
) -> "Engine":
    if n_process > 1 and gpu_id >= 0:
        raise EL4NERValueError(Errors.EL067.format(n=n_process))
    if name is EngineName.ray:
        from spacy_el4ner.bulk.engines.ray import on_ray

        return partial(on_ray, workers=workers, gpus_per_worker=gpus_per_worker)
    if n_process > 1:
        from spacy_el4ner.bulk.engines.processes import in_processes

        return partial(in_processes, n_process=n_process)
    from spacy_el4ner.bulk.engines.local import in_this_process

    return in_this_process


def _check_alone(options: list[str]) -> None:
    """RAISES (ValueError): EL313, options were given that have no meaning for a retry."""
    if options:
        raise EL4NERValueError(Errors.EL313.format(options=", ".join(options)))


def _retry(run: "BulkRun") -> "Summary":
    from spacy_el4ner.bulk.retry import Retry

    retry = Retry(run)
    with Progress("Annotating again", len(retry.lines)) as progress:
        return retry(progress.update)


def _check_machine(engine: EngineName, gpu_id: int) -> None:
    """Check GPU or Ray, before anything is removed or written."""
    if engine is EngineName.ray:
        from spacy_el4ner.bulk.engines.ray import check

        check()  # GPUs are those of the cluster
    else:
        use_gpu(gpu_id)


def _work(
    run: "BulkRun", engine: "Engine", share: "Share", todo: list[int], max_minutes: float | None
) -> None:
    from spacy_el4ner.bulk.budget import within

    mine = run.size(run.numbers(share))
    done = mine - run.size(todo)
    if done:
        msg.info(f"{done} of {mine} documents are done")
    with Progress("Annotating", mine, done=done) as progress:
        shards = todo if max_minutes is None else within(max_minutes, todo)
        run.annotate(engine, shards, progress.update)


def _stopped(run: "BulkRun | None", overwrite: bool) -> None:
    done = 0 if run is None else len(run.parts.done())
    msg.warn("Stopped.", f"{done} shards are kept; {_how_to_continue(overwrite)}")


def _how_to_continue(overwrite: bool) -> str:
    """The remedy: with --overwrite the command would start over."""
    return "to continue, repeat the command" + (" without --overwrite." if overwrite else ".")


def _tell(run: "BulkRun", summary: "Summary") -> None:
    if summary.missing:
        msg.info(
            f"{summary.missing} of {run.shards} shards are not finished yet.",
            "The command that finishes the last one merges them.",
        )
    else:
        msg.good(f"{run.parts.out}: {summary.documents} documents")
    folder = run.parts.folder if summary.missing else None
    for voter, number in summary.absent.items():
        msg.warn(
            f"{number} of them were annotated without the voter '{voter}', which did not answer",
            f"Their lines and the reasons: {folder or run.parts.incomplete}",
        )
    if summary.failed:
        msg.warn(
            f"{summary.failed} of them failed",
            f"Their lines and reasons: {folder or run.parts.failed}",
        )
        raise typer.Exit(SOME_FAILED)
    if summary.absent:
        raise typer.Exit(SOME_INCOMPLETE)
