"""The factory of `llm_ensemble_ner`, and its default settings."""

from collections.abc import Callable
from typing import Annotated, Any

from spacy.language import Language
from thinc.api import Config

from spacy_el4ner.blocks import checks_blocks
from spacy_el4ner.ensemble.vote import VoteRule
from spacy_el4ner.pipeline.component import ASSIGNS, SCORE_WEIGHTS
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.retrieval.base import Retriever
from spacy_el4ner.voters.base import Voter

DEFAULT_CONFIG = """
[llm_ensemble_ner]
# Label -> description. Empty: taken from the examples given to nlp.initialize().
labels = {}
# Name -> a block of el4ner_voters. null: the three hub models of configs/voters/small.cfg, or
# smollm2-135m of the catalogue where the hub cannot be reached.
voters = null
# The voter that verifies. null: the first that can.
verifier = null
# A corpus to take the demonstration pool from, where nlp.initialize() is not called with examples.
pool = null
# Demonstrations in a prompt; fewer are shown where the context is small.
k = 5
# Sentences that the voters are asked about at a time.
max_sentences = 1
# Where all surviving candidates go, overlapping ones too.
spans_key = "el4ner"
# Whether entities already in the document may be replaced.
overwrite_ents = false
# Lowest confidence of an entity, for all labels or by label: {"PERSON": 0.8}. Candidates below it stay
# in doc.spans. `python -m spacy el4ner calibrate --precision` finds one that promises a precision.
min_confidence = 0.0
# What to do with a document that fails: raise, warn or skip. It is yielded in any case.
on_error = "warn"
# Whether all voters stay in memory, or each is freed after its turn.
keep_loaded = true
# With how many voters to go on when others do not answer, such as a server that is down. null: all.
min_voters = null
# Seconds after which a voter that did not answer is tried again. null: not before the next stream.
retry_after = 60.0
# w(s) in SpanSim: part of speech -> weight, everything else 0. The paper's values, at second hand.
pos_weights = {"PROPN": 4.0, "NOUN": 2.0, "PRON": 1.0}

# Which of the four stages run. Without extraction the spans are those that SpanSimilarity.v1 extracts
# for itself; where it does not, extraction runs in any case.
[llm_ensemble_ner.stages]
demonstrations = true
extraction = true
classification = true
verification = true

# Which of the choices of `python -m spacy el4ner tune` apply to a tuned pipeline. With false, what is
# set above holds: no offsets on what is extracted, no label priors, verification as in the stages,
# demonstrations for every voter, all voters in the vote, ReliabilityVote.v1 trusts them alike,
# confidences stay raw, and all voters are asked about everything.
[llm_ensemble_ner.tuned]
offsets = true
labels = true
verification = true
demonstrations = true
votes = true
reliability = true
confidence = true
cascade = true

# Finds the demonstrations: SpanSimilarity.v1, the paper's, SentenceSimilarity.v1 or another retriever.
[llm_ensemble_ner.retriever]
@el4ner_retrievers = "spacy-el4ner.SpanSimilarity.v1"

# Embeds spans and sentences.
[llm_ensemble_ner.retriever.encoder]
@el4ner_encoders = "spacy-el4ner.SentenceTransformer.v1"
model = "sentence-transformers/all-MiniLM-L6-v2"

# Makes one label of the votes: MajorityVote.v1, ProbabilityVote.v1, ReliabilityVote.v1, SingleVote.v1.
[llm_ensemble_ner.vote]
@el4ner_vote_rules = "spacy-el4ner.MajorityVote.v1"

# Scores nlp.evaluate().
[llm_ensemble_ner.scorer]
@scorers = "spacy-el4ner.Scorer.v1"
"""


@Language.factory(
    "llm_ensemble_ner",
    default_config=Config().from_str(DEFAULT_CONFIG)["llm_ensemble_ner"],
    assigns=ASSIGNS,
    default_score_weights=SCORE_WEIGHTS,
)
@checks_blocks
def make_llm_ensemble_ner(
    nlp: Language,
    name: str,
    labels: dict[str, str],
    # Blocks within a mapping are validated before they are made: spaCy must not see the protocol.
    voters: dict[str, Annotated[Any, Voter]] | None,
    retriever: Retriever,
    verifier: str | None,
    pool: str | None,
    k: int,
    max_sentences: int,
    stages: dict[str, bool],
    tuned: dict[str, bool],
    vote: VoteRule,
    spans_key: str,
    overwrite_ents: bool,
    min_confidence: float | dict[str, float],
    on_error: str,
    keep_loaded: bool,
    min_voters: int | None,
    retry_after: float | None,
    pos_weights: dict[str, float],
    scorer: Callable[..., dict[str, Any]] | None,
) -> LLMEnsembleNER:
    """Make the component; its settings are described in `DEFAULT_CONFIG`.

    nlp (Language): The pipeline.
    name (str): The component's name.
    labels (dict[str, str]): Label -> description.
    voters (dict[str, Voter] | None): Name -> voter; None for those of `default_voters`.
    retriever (Retriever): Finds demonstrations in the pool.
    verifier (str | None): Name of the voter that verifies; None for the first that can.
    pool (str | None): A corpus to take the pool from.
    k (int): Demonstrations per window.
    max_sentences (int): Sentences per window.
    stages (dict[str, bool]): Which stages run.
    tuned (dict[str, bool]): Which of the choices of tuning apply.
    vote (VoteRule): Makes one label of the votes.
    spans_key (str): Where the candidates go in `doc.spans`.
    overwrite_ents (bool): Whether entities already in the document may be replaced.
    min_confidence (float | dict[str, float]): Lowest confidence of an entity, or that of each label.
    on_error (str): "raise", "warn" or "skip".
    keep_loaded (bool): Whether voters stay loaded, or each is unloaded after its turn.
    min_voters (int | None): How many voters have to answer; None for all.
    retry_after (float | None): Seconds after which a voter that did not answer is tried again.
    pos_weights (dict[str, float]): Part of speech -> weight of a span in SpanSim.
    scorer (Callable | None): Scores `nlp.evaluate`.
    RETURNS (LLMEnsembleNER): The component.
    """
    return LLMEnsembleNER(
        nlp.vocab,
        voters,
        retriever,
        name,
        labels=labels,
        verifier=verifier,
        pool=pool,
        k=k,
        max_sentences=max_sentences,
        stages=stages,
        tuned=tuned,
        vote=vote,
        spans_key=spans_key,
        overwrite_ents=overwrite_ents,
        min_confidence=min_confidence,
        on_error=on_error,
        keep_loaded=keep_loaded,
        min_voters=min_voters,
        retry_after=retry_after,
        pos_weights=pos_weights,
        scorer=scorer,
    )
