"""Coded messages of errors (EL…) and warnings (WL…), each with the input and the remedy."""

from spacy_el4ner.errors.base import (
    EL4NERError,
    EL4NERImportError,
    EL4NERLookupError,
    EL4NEROSError,
    EL4NERRuntimeError,
    EL4NERSetupError,
    EL4NERValueError,
)
from spacy_el4ner.errors.bulk import BulkErrors
from spacy_el4ner.errors.components import ComponentErrors
from spacy_el4ner.errors.corpora import CorpusErrors
from spacy_el4ner.errors.evaluation import EvaluationErrors
from spacy_el4ner.errors.fusion import FusionErrors
from spacy_el4ner.errors.models import ModelErrors
from spacy_el4ner.errors.storage import StorageErrors
from spacy_el4ner.errors.training import TrainingErrors
from spacy_el4ner.errors.tuning import TuningErrors
from spacy_el4ner.errors.warnings import Warnings

__all__ = [
    "EL4NERError",
    "EL4NERImportError",
    "EL4NERLookupError",
    "EL4NEROSError",
    "EL4NERRuntimeError",
    "EL4NERSetupError",
    "EL4NERValueError",
    "Errors",
    "Warnings",
]


class Errors(
    ComponentErrors,
    FusionErrors,
    ModelErrors,
    TrainingErrors,
    CorpusErrors,
    BulkErrors,
    StorageErrors,
    EvaluationErrors,
    TuningErrors,
):
    """Messages of errors, from one file for each part of the package."""
