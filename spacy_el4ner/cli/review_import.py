"""`python -m spacy el4ner review-import`: corrections become demonstrations."""

import shutil
from pathlib import Path
from typing import Annotated

import typer
from spacy.language import Language
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline, use_gpu
from spacy_el4ner.cli.outputs import check_pipeline_out


@app.command("review-import")
def review_import(
    pipeline: Annotated[Path, typer.Argument(help="A pipeline, as made by `index` or `fuse`")],
    file: Annotated[Path, typer.Argument(help="What the annotation tool exported")],
    out: Annotated[Path, typer.Argument(help="Where the pipeline goes; it may be the same folder")],
    format: Annotated[
        str,
        typer.Option("--format", "-f", help="prodigy, label-studio, doccano, or the tool of a plug-in"),
    ] = "prodigy",
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Let documents that were corrected in Prodigy (db-out), Label Studio (JSON) or doccano (JSONL)
    join the demonstrations of a pipeline. Documents that were rejected or skipped are left out. A
    document that is there already is replaced, so that importing a file twice changes nothing.

    Example: python -m spacy el4ner review-import training/sample_en/pipeline corrected.jsonl \\
    training/sample_en/pipeline --format prodigy
    """
    from spacy_el4ner.corpora.report import ConversionReport
    from spacy_el4ner.pipeline.finding import find_component
    from spacy_el4ner.review.corrections import join, to_docs
    from spacy_el4ner.review.tools import find_tool

    # The pipeline may be the one that is replaced.
    own = () if out.resolve() == pipeline.resolve() else (pipeline,)
    check_pipeline_out(out, file, *own)
    report = ConversionReport()
    try:
        reviewed = list(find_tool(format).read(file))
        use_gpu(gpu_id)
        nlp = load_pipeline(pipeline, "Make it with `index` or `fuse`.")
        component = find_component(nlp, with_llm=True)
        docs = to_docs(reviewed, nlp, report)
        for line in report.repair_lines():
            msg.warn(line)
        joined = join(docs, component, file)
        _save(nlp, pipeline, out)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        msg.fail(str(error), exits=1)
        raise  # Not reached: the line above ends the command.
    msg.info(
        f"{joined.documents} of {len(reviewed)} documents: {joined.demonstrations} demonstrations, "
        f"{joined.replaced} of which were there; the pool has {len(component.pool.entries)}"
    )
    msg.good(f"Pipeline saved: {out}")


def _save(nlp: Language, source: Path, out: Path) -> None:
    """The pipeline, with what else lies in its folder, such as the report of a calibration."""
    from spacy_el4ner.pipeline.saving import saving_pipeline

    with saving_pipeline(nlp, out) as folder:
        for path in source.iterdir():
            if path.is_file() and not (folder / path.name).exists():
                shutil.copy2(path, folder / path.name)
