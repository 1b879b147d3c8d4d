"""`python -m spacy el4ner annotate`: very many documents, in shards, resumably."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tqdm import tqdm
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import use_gpu
from spacy_el4ner.errors import Errors

if TYPE_CHECKING:
    from spacy_el4ner.bulk.run import Engine, Run, Share, Summary

SOME_FAILED, INTERRUPTED = 3, 130


class EngineName(StrEnum):
    local = "local"
    ray = "ray"


@app.command("annotate")
def annotate(
    pipeline: Annotated[str, typer.Argument(help="A pipeline's folder, or an installed package")],
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="Texts: .jsonl, .txt (one a line), .parquet, .spacy, or a folder of .spacy files",
        ),
    ],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUTPUT", help="The file to write: .jsonl, .spacy or .parquet"),
    ],
    text_key: Annotated[str, typer.Option(help="Key or column of the text")] = "text",
    id_key: Annotated[
        str, typer.Option(help="Key or column of the id; without one it is the line's number")
    ] = "id",
    shard_size: Annotated[int, typer.Option(min=1, help="Documents that are saved at a time")] = 1000,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Documents that go through the pipeline together")
    ] = 128,
    max_length: Annotated[
        int | None, typer.Option(help="Characters that a text may have; as the pipeline says")
    ] = None,
    keep_ents: Annotated[
        bool,
        typer.Option("--keep-ents", help="Keep the entities that documents of a .spacy input have"),
    ] = False,
    n_process: Annotated[int, typer.Option(min=1, help="Processes, on the CPU")] = 1,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
    shard: Annotated[
        str, typer.Option(help="i/N: only the shards whose number is i modulo N, from 0", metavar="I/N")
    ] = "0/1",
    merge: Annotated[
        bool, typer.Option("--merge", help="Only merge shards that are all there")
    ] = False,
    keep_parts: Annotated[
        bool, typer.Option("--keep-parts", help="Leave the shards in OUTPUT.parts")
    ] = (False),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Start anew: remove OUTPUT and its shards first")
    ] = False,
    engine: Annotated[EngineName, typer.Option(help="Who annotates")] = EngineName.local,
    workers: Annotated[int, typer.Option(min=1, help="Actors of the engine ray")] = 1,
    gpus_per_worker: Annotated[
        float, typer.Option(min=0, help="GPUs of each actor of the engine ray")
    ] = 0.0,
) -> None:
    """Annotate very many documents. Finished shards are kept in OUTPUT.parts; whatever stops the
    command, the same command goes on from there, and the output is the same as without a stop. Several
    commands, on one machine or on many, can share the work with --shard; the last one merges.

    What fails is in OUTPUT's .failed.jsonl, with the reason, and in the output without entities; what
    the output is made of is in its .manifest.json.

    Exit code: 0, or 3 where documents failed, 1 where the command could not do its work, 130 where it
    was stopped with Ctrl-C.

    Example: python -m spacy el4ner annotate training/sample_en/pipeline texts.jsonl entities.jsonl
    """
    from spacy_el4ner.bulk.files import Keys
    from spacy_el4ner.bulk.run import Run, Share
    from spacy_el4ner.bulk.worker import Job

    run = None
    try:
        share = Share.parse(shard)
        who = _engine(engine, n_process, gpu_id, workers, gpus_per_worker)
        if not merge:
            _check_machine(engine, gpu_id)
        if engine is EngineName.ray and gpus_per_worker:
            gpu_id = 0  # Ray shows an actor only its own
        job = Job(
            pipeline,
            source,
            out.suffix,
            Keys(text_key, id_key),
            shard_size,
            batch_size,
            max_length,
            gpu_id,
            keep_ents,
        )
        run = Run(job, out, overwrite)
        todo = [] if merge or run.complete else run.todo(share)
        if todo:
            _work(run, who, share, todo)
        summary = run.finish(keep_parts, must=merge)
    except KeyboardInterrupt:
        _stopped(run)
        raise typer.Exit(INTERRUPTED) from None
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        msg.fail(str(error), exits=1)
        raise  # Not reached: the line above ends the command.
    _tell(run, summary)


def _engine(
    name: EngineName, n_process: int, gpu_id: int, workers: int, gpus_per_worker: float
) -> "Engine":
    if n_process > 1 and gpu_id >= 0:
        raise ValueError(Errors.EL067.format(n=n_process))
    if name is EngineName.ray:
        from spacy_el4ner.bulk.engines.ray import on_ray

        return partial(on_ray, workers=workers, gpus_per_worker=gpus_per_worker)
    if n_process > 1:
        from spacy_el4ner.bulk.engines.processes import in_processes

        return partial(in_processes, n_process=n_process)
    from spacy_el4ner.bulk.engines.local import in_this_process

    return in_this_process


def _check_machine(engine: EngineName, gpu_id: int) -> None:
    """Before anything is removed or written: is there what the work needs?"""
    if engine is EngineName.ray:
        from spacy_el4ner.bulk.engines.ray import check

        check()  # of the GPUs, those of the cluster count
    else:
        use_gpu(gpu_id)


def _work(run: "Run", engine: "Engine", share: "Share", todo: list[int]) -> None:
    mine = run.size(range(share.index, run.shards, share.of))
    done = mine - run.size(todo)
    if done:
        msg.info(f"{done} of {mine} documents are done")
    with tqdm(total=mine, initial=done, unit="doc", smoothing=0.1) as bar:
        run.annotate(engine, todo, bar.update)


def _stopped(run: "Run | None") -> None:
    done = 0 if run is None else len(run.parts.done())
    msg.warn("Stopped.", f"{done} shards are kept; the same command goes on from there.")


def _tell(run: "Run", summary: "Summary") -> None:
    if summary.missing:
        msg.info(
            f"{summary.missing} of {run.shards} shards are not there yet.",
            "The command that finishes the last one merges them.",
        )
    else:
        msg.good(f"{run.parts.out}: {summary.documents} documents")
    if summary.failed:
        where = run.parts.folder if summary.missing else run.parts.failed
        msg.warn(f"{summary.failed} of them failed", f"Which, and why: {where}")
        raise typer.Exit(SOME_FAILED)
