"""The teacher: a pipeline of this package, which annotates the texts."""

from dataclasses import fields
from pathlib import Path

import spacy
from spacy import util
from spacy.language import Language

from spacy_el4ner.bulk.engines.local import in_this_process
from spacy_el4ner.bulk.run import BulkRun, Share, Summary
from spacy_el4ner.bulk.settings import AnnotationSettings
from spacy_el4ner.bulk.worker import AnnotationJob
from spacy_el4ner.distillation.settings import DistillationSettings
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.progress import Progress


def load_teacher(pipeline: str) -> Language:
    """pipeline (str): A folder, or the name of an installed package.
    RETURNS (Language): The pipeline; its language models are loaded on first use.
    RAISES (ValueError): EL070, there is no pipeline; EL014, it has no component of this package, whose
        confidences decide what is kept.
    """
    if not (Path(pipeline) / "config.cfg").is_file() and not util.is_package(pipeline):
        raise EL4NERValueError(Errors.EL070.format(path=pipeline))
    nlp = spacy.load(pipeline)
    find_component(nlp)
    return nlp


def labels(nlp: Language) -> list[str]:
    """nlp (Language): A teacher.
    RETURNS (list[str]): The labels of its components, sorted.
    """
    return sorted({str(label) for names in nlp.pipe_labels.values() for label in names})


def annotate(
    pipeline: str, texts: Path, out: Path, settings: DistillationSettings, overwrite: bool = False
) -> Summary:
    """Annotate texts as the command `annotate` does, and continue from the shards that are finished.

    pipeline (str): The teacher: a folder, or the name of an installed package.
    texts (Path): The texts, in any format that `annotate` reads.
    out (Path): The `.spacy` file with the annotated documents.
    settings (DistillationSettings): How to annotate.
    overwrite (bool): Whether annotations of another teacher or of other texts are replaced.
    RETURNS (Summary): The counts of documents.
    RAISES (ValueError): EL060, EL063, there are no texts; EL064, annotations of another teacher, or of
        other texts, are there.
    """
    own = {field.name: getattr(settings, field.name) for field in fields(AnnotationSettings)}
    job = AnnotationJob(pipeline, texts, out.suffix, **own)
    run = _begun(job, out, overwrite)
    todo = [] if run.complete else run.todo(Share())
    if todo:
        done = run.documents - run.size(todo)
        with Progress("Annotating", run.documents, done=done) as progress:
            run.annotate(in_this_process, todo, progress.update)
    return run.finish()


def _begun(job: AnnotationJob, out: Path, overwrite: bool) -> BulkRun:
    """A run that continues, or replaces one of another teacher or of other texts."""
    try:
        return BulkRun(job, out)
    except EL4NERValueError as error:
        if not overwrite or error.code != "EL064":
            raise
        return BulkRun(job, out, overwrite=True)
