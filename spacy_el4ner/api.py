"""The public API: everything that a script or a plug-in may import from the package.

Other modules can move. A plug-in implements one of the protocols and registers it by an entry point;
`docs/contributing.md` has a complete example for each.

Components     LLMEnsembleNER, SLMLLMFusion, find_component, read_voters, make_ensemble,
               save_pipeline, registry
Text           Mention, Window, Demonstration, Candidate
Voters         Voter, Verifier, Proposals, Ballot, ABSTAIN, Verification, Coverage, Vote, Verdict,
               FindingVoter, TypedSpan, write_names
Vote rules     VoteRule, FittedVoteRule, fit_vote
Formats        Format, Grammar, Parsed, ParsedMention
Backends       Backend, BackendUnavailable, Dialect, Question, gbnf, Prompt, DecodeRequest,
               ScoreRequest, Answer
Retrieval      Retriever, Encoder, PoolEntry, Query, Hit
Fusion         FusionLLM, FusionRule, RuleDecision, Case, Disagreement, SLMReading, LLMReading
Languages      Language
Corpora        CorpusFormat, CorpusFile, LabelledText, read_docs, read_splits, write_splits, unannotated
Review         ReviewTool, Disputed, choose_documents
Bulk           AnnotationJob, Annotator, BulkRun, Share, on_ray, estimate, Estimate, within
Distillation   distil, DistillationSettings, Distilled
Tuning         tune, Tuning, VoterCalibration, calibrate_confidence, promise_precision,
               fit_cascade, FittedCascade
Evaluation     ensemble_metrics, fusion_metrics, active_learning, labelled_sentences
Errors         EL4NERError and its kinds
"""

from spacy_el4ner.backends.base import (
    Backend,
    BackendRefused,
    BackendUnavailable,
    RequestFailed,
)
from spacy_el4ner.backends.dialects.base import Dialect, Question
from spacy_el4ner.backends.grammars import gbnf
from spacy_el4ner.bulk.annotator import Annotator
from spacy_el4ner.bulk.budget import within
from spacy_el4ner.bulk.engines.ray import on_ray
from spacy_el4ner.bulk.estimate import Estimate, estimate
from spacy_el4ner.bulk.run import BulkRun, Engine, Share
from spacy_el4ner.bulk.worker import AnnotationJob
from spacy_el4ner.calibration.precision import promise_precision
from spacy_el4ner.corpora import (
    ConversionReport,
    CorpusFile,
    CorpusFormat,
    DocMaker,
    LabelledText,
    ReadOptions,
    read_docs,
    read_splits,
    unannotated,
    write_splits,
)
from spacy_el4ner.distillation.run import Distilled, distil
from spacy_el4ner.distillation.settings import DistillationSettings
from spacy_el4ner.ensemble.vote import FittedVoteRule, VoteRule
from spacy_el4ner.errors import (
    EL4NERError,
    EL4NERImportError,
    EL4NERLookupError,
    EL4NEROSError,
    EL4NERRuntimeError,
    EL4NERValueError,
)
from spacy_el4ner.evaluation.active_learning import active_learning, labelled_sentences
from spacy_el4ner.evaluation.ensemble_metrics import ensemble_metrics
from spacy_el4ner.evaluation.fusion_metrics import fusion_metrics
from spacy_el4ner.formats.base import Format, Parsed, ParsedMention
from spacy_el4ner.fusion.calibrate import CalibrationReport
from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import Agreement, Disagreement
from spacy_el4ner.fusion.evidence import boundary, category, entropy, llm_probability, slm_probability
from spacy_el4ner.fusion.ledger import Ledger
from spacy_el4ner.fusion.llm import FusionLLM
from spacy_el4ner.fusion.readings import LLMMention, LLMReading
from spacy_el4ner.fusion.rules.base import FusionRule, ParameterCurve, RuleDecision
from spacy_el4ner.languages import Language
from spacy_el4ner.pipeline.ensemble_setup import make_ensemble, read_voters
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.saving import save_pipeline
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion
from spacy_el4ner.pipeline.tuned import Tuning
from spacy_el4ner.registry import registry
from spacy_el4ner.retrieval.base import Hit, PoolEntry, Query, Retriever
from spacy_el4ner.retrieval.encoders import Encoder
from spacy_el4ner.review.choice import Disputed, choose_documents
from spacy_el4ner.review.tools import ReviewTool
from spacy_el4ner.slm.reading import SLMReading
from spacy_el4ner.tuning.cascade import FittedCascade, fit_cascade
from spacy_el4ner.tuning.confidence import calibrate_confidence
from spacy_el4ner.tuning.run import tune
from spacy_el4ner.tuning.vote_rule import fit_vote
from spacy_el4ner.types import (
    Answer,
    Candidate,
    DecodeRequest,
    Demonstration,
    Grammar,
    Mention,
    Prompt,
    ScoreRequest,
    Verdict,
    Vote,
    Window,
)
from spacy_el4ner.voters.base import (
    ABSTAIN,
    Ballot,
    Coverage,
    Demonstrations,
    Labels,
    Proposals,
    Spans,
    Verification,
    Verifier,
    Voter,
)
from spacy_el4ner.voters.finding import FindingVoter, TypedSpan
from spacy_el4ner.voters.gazetteer import write_names
from spacy_el4ner.voters.prompted.calibration import VoterCalibration

__all__ = [
    "ABSTAIN",
    "Agreement",
    "AnnotationJob",
    "Annotator",
    "Answer",
    "Backend",
    "BackendRefused",
    "BackendUnavailable",
    "Ballot",
    "BulkRun",
    "Calibration",
    "CalibrationReport",
    "Candidate",
    "Case",
    "ConversionReport",
    "CorpusFile",
    "CorpusFormat",
    "Coverage",
    "DecodeRequest",
    "Demonstration",
    "Demonstrations",
    "Dialect",
    "Disagreement",
    "Disputed",
    "DistillationSettings",
    "Distilled",
    "DocMaker",
    "EL4NERError",
    "EL4NERImportError",
    "EL4NERLookupError",
    "EL4NEROSError",
    "EL4NERRuntimeError",
    "EL4NERValueError",
    "Encoder",
    "Engine",
    "Estimate",
    "FindingVoter",
    "FittedCascade",
    "FittedVoteRule",
    "Format",
    "FusionLLM",
    "FusionRule",
    "Grammar",
    "Hit",
    "LLMEnsembleNER",
    "LLMMention",
    "LLMReading",
    "LabelledText",
    "Labels",
    "Language",
    "Ledger",
    "Mention",
    "ParameterCurve",
    "Parsed",
    "ParsedMention",
    "PoolEntry",
    "Prompt",
    "Proposals",
    "Query",
    "Question",
    "ReadOptions",
    "RequestFailed",
    "Retriever",
    "ReviewTool",
    "RuleDecision",
    "SLMLLMFusion",
    "SLMReading",
    "ScoreRequest",
    "Share",
    "Spans",
    "Tuning",
    "TypedSpan",
    "Verdict",
    "Verification",
    "Verifier",
    "Vote",
    "VoteRule",
    "Voter",
    "VoterCalibration",
    "Window",
    "active_learning",
    "boundary",
    "calibrate_confidence",
    "category",
    "choose_documents",
    "distil",
    "ensemble_metrics",
    "entropy",
    "estimate",
    "find_component",
    "fit_cascade",
    "fit_vote",
    "fusion_metrics",
    "gbnf",
    "labelled_sentences",
    "llm_probability",
    "make_ensemble",
    "on_ray",
    "promise_precision",
    "read_docs",
    "read_splits",
    "read_voters",
    "registry",
    "save_pipeline",
    "slm_probability",
    "tune",
    "unannotated",
    "within",
    "write_names",
    "write_splits",
]
