"""The course of a distillation, which resumes after an interruption."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab
from thinc.api import Config, require_gpu

from spacy_el4ner.bulk.run import Summary
from spacy_el4ner.corpora import read_docs
from spacy_el4ner.distillation import evaluation
from spacy_el4ner.distillation.data import TrainingData, check_labels, divide
from spacy_el4ner.distillation.folder import DistillationFolder
from spacy_el4ner.distillation.settings import DistillationSettings
from spacy_el4ner.distillation.silver import Silver, confident
from spacy_el4ner.distillation.teacher import annotate, labels, load_teacher
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.evaluation.machine import machine, portable_name
from spacy_el4ner.evaluation.unfinished import UnfinishedRows
from spacy_el4ner.storage.atomic import replacing
from spacy_el4ner.storage.manifest import file_sha256, folder_fingerprint
from spacy_el4ner.training.student import student_config, train_student

Say = Callable[[str], Any]


@dataclass(frozen=True)
class Distilled:
    """The result of a distillation.

    student (Path): The folder of the student, a pipeline for `spacy.load`.
    documents (int): Number of texts.
    failed (int): How many of them could not be annotated.
    record (dict[str, Any]): The evaluation; empty without a test corpus.
    """

    student: Path
    documents: int
    failed: int
    record: dict[str, Any]


def distil(
    pipeline: str,
    texts: Path,
    out: Path,
    settings: DistillationSettings | None = None,
    *,
    gold: Path | None = None,
    dev: Path | None = None,
    test: Path | None = None,
    config: Path | None = None,
    overwrite: bool = False,
    say: Say = print,
) -> Distilled:
    """Train one small pipeline on what a large one says of raw texts. An interrupted run continues:
    texts that are annotated are not annotated again, and a finished training is not repeated.

    pipeline (str): The teacher: a pipeline with a component of this package, as a folder or the name of
        an installed package.
    texts (Path): Texts without labels, in any format that `annotate` reads.
    out (Path): The folder of the result, with the pipeline in `student/`.
    settings (DistillationSettings | None): How to annotate, select and train; None for the defaults.
    gold (Path | None): A labelled corpus that the student learns as well.
    dev (Path | None): A labelled corpus to select the best student by; None to hold out every fifth
        gold document, or without gold every tenth text.
    test (Path | None): A labelled corpus to measure teacher and student on.
    config (Path | None): A config for `spacy train`; None for spaCy's named entity recognizer on the
        CPU, in the teacher's language.
    overwrite (bool): Whether students of other settings in `out` are replaced, and annotations of
        another teacher or of other texts.
    say (Callable[[str], Any]): Called with what was done.
    RETURNS (Distilled): Where the student is, and how good it is.
    RAISES (ValueError): EL366, `out` holds something else; EL052, students of other settings;
        EL064, annotations of another teacher; EL367, no entity is confident; EL368, the gold corpus has
        other labels than the teacher; EL369, there is too little to train on; EL370, the config is not
        usable; EL371, all documents failed.
    """
    settings = settings or DistillationSettings()
    folder = DistillationFolder(out)
    folder.check()
    if settings.gpu_id >= 0:
        require_gpu(settings.gpu_id)
    teacher = load_teacher(pipeline)
    trained_as = student_config(config, teacher, settings.seed, settings.max_steps)
    by_hand = [read_docs(path, nlp=teacher) if path else [] for path in (gold, dev)]
    if gold is not None:
        check_labels(by_hand[0], labels(teacher), gold)
    counts = annotate(pipeline, texts, folder.annotated, settings, overwrite)
    silver = _silver(folder, counts, settings, texts, say)
    data = divide(silver.docs, *by_hand)
    plan = _plan(folder, trained_as, settings, gold, dev)
    folder.begin(plan, overwrite)
    data.save(folder.data)
    students = _train(folder, trained_as, settings, bool(data.gold), alone=test is not None)
    record: dict[str, Any] = {}
    if test is not None:
        about = {**_described(pipeline, silver, data, settings), "test": portable_name(str(test))}
        record = _evaluate(folder, teacher, students, test, about, plan)
    folder.clean()
    return Distilled(folder.student, counts.documents, counts.failed, record)


def _silver(
    folder: DistillationFolder, counts: Summary, settings: DistillationSettings, texts: Path, say: Say
) -> Silver:
    """The annotations that are kept.

    RAISES (ValueError): EL371, no document could be annotated; EL367, no entity is confident.
    """
    docs: list[Doc] = list(DocBin(store_user_data=True).from_disk(folder.annotated).get_docs(Vocab()))
    silver = confident(docs, settings.min_confidence)
    if not silver.docs:
        failed = f"{folder.annotated}.failed.jsonl"
        raise EL4NERValueError(Errors.EL371.format(n=counts.documents, path=texts, failed=failed))
    found = silver.entities + silver.uncertain
    if not silver.entities:
        raise EL4NERValueError(Errors.EL367.format(n=found, least=settings.min_confidence))
    say(f"{counts.documents} documents, {counts.failed} of which failed and are left out")
    say(
        f"{silver.entities} of {found} entities are kept; {silver.uncertain} with a confidence below "
        f"{settings.min_confidence} are marked as missing annotation"
    )
    return silver


def _plan(
    folder: DistillationFolder,
    config: Config,
    settings: DistillationSettings,
    gold: Path | None,
    dev: Path | None,
) -> dict[str, Any]:
    """Everything that the students depend on, as plain data."""
    return {
        "annotations": file_sha256(folder.annotated),
        **{key: getattr(settings, key) for key in ("min_confidence", "seed", "max_steps")},
        "gold": _content(gold),
        "dev": _content(dev),
        "config": hashlib.sha256(config.to_str(interpolate=False).encode("utf8")).hexdigest(),
        "finetune": settings.finetune and gold is not None,
        "gpu": settings.gpu_id >= 0,
    }


def _content(path: Path | None) -> str | None:
    """The SHA-256 of a corpus."""
    if path is None:
        return None
    return folder_fingerprint(path) if path.is_dir() else file_sha256(path)


def _train(
    folder: DistillationFolder,
    config: Config,
    settings: DistillationSettings,
    has_gold: bool,
    alone: bool,
) -> dict[str, Path]:
    """The students that are there then: row of the evaluation -> folder."""
    both, gold, dev = (folder.data / f"{name}.spacy" for name in ("all", "gold", "dev"))
    gpu = settings.gpu_id
    students = {"student": folder.student}
    if has_gold and settings.finetune:
        train_student(config, {"train": both, "dev": dev}, folder.first, gpu_id=gpu)
        corpora = {"train": gold, "dev": dev}
        train_student(config, corpora, folder.student, source=folder.first, gpu_id=gpu)
    else:
        train_student(config, {"train": both, "dev": dev}, folder.student, gpu_id=gpu)
    if has_gold and alone:
        train_student(config, {"train": gold, "dev": dev}, folder.alone, gpu_id=gpu)
        students["alone"] = folder.alone
    return students


def _described(
    pipeline: str, silver: Silver, data: TrainingData, settings: DistillationSettings
) -> dict[str, Any]:
    """What the record says of the teacher and of the training."""
    return {
        "teacher": portable_name(pipeline),
        "silver": {
            "documents": len(silver.docs),
            "entities": silver.entities,
            "uncertain": silver.uncertain,
        },
        "gold": len(data.gold),
        "dev": len(data.dev),
        "min_confidence": settings.min_confidence,
        "finetune": settings.finetune,
        "seed": settings.seed,
    }


def _evaluate(
    folder: DistillationFolder,
    teacher: Language,
    students: dict[str, Path],
    test: Path,
    about: dict[str, Any],
    plan: dict[str, Any],
) -> dict[str, Any]:
    """The evaluation, made now or by an earlier run."""
    of = {"plan": plan, "test_sha256": _content(test)}
    if folder.record.is_file():
        earlier: dict[str, Any] = json.loads(folder.record.read_text(encoding="utf8"))
        if all(earlier.get(key) == value for key, value in of.items()):
            return earlier
    once = UnfinishedRows(folder.unfinished, of)
    rows = evaluation.measured(teacher, students, test, once)
    record = {
        **about,
        "test_documents": rows["student"]["documents"],
        **evaluation.summary(rows),
        "rows": rows,
        **machine(),
        **of,
    }
    with replacing(folder.report) as file:
        file.write(evaluation.markdown(record).encode("utf8"))
    with replacing(folder.record) as file:
        file.write(json.dumps(record, indent=2, ensure_ascii=False).encode("utf8") + b"\n")
    return record
