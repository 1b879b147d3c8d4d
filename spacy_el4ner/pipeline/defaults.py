"""What holds where nothing is said: the settings, and an ensemble of three ungated instruct models.

The models, of 1 to 3 B parameters, are those of configs/backbones/small.cfg; in 16 bits they fit one
16 GB GPU together.
"""

from collections.abc import Callable
from functools import partial

from spacy_el4ner.backends.base import Backbone
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.prompts.wording import Wording

DEFAULT_CONFIG = """
[llm_ensemble_ner]
# Label -> description. Empty: taken from the examples given to nlp.initialize().
labels = {}
# Name -> a spacy-el4ner.Backbone.v1 block. null: the three hub models of configs/backbones/small.cfg.
backbones = null
# The backbone that verifies. null: the first one.
verifier = null
# A corpus to take the demonstration pool from, where nlp.initialize() is not called with examples.
pool = null
# Demonstrations in a prompt; fewer are shown where the context is small.
k = 5
# Whether the most similar demonstration stands last, next to the sentence.
most_similar_last = true
# Sentences that are asked about at a time.
max_sentences = 1
# Where all surviving candidates go, overlapping ones too.
spans_key = "el4ner"
# Whether entities already in the document may be replaced.
overwrite_ents = false
# What to do with a document that fails: raise, warn or skip. It is yielded in any case.
on_error = "warn"
# Whether all backbones stay in memory, or each is freed after its turn.
keep_loaded = true
# With how many backbones to go on when others do not answer, such as a server that is down. null: all.
min_backbones = null
# w(s) in SpanSim: part of speech -> weight, everything else 0. The paper's values, at second hand.
pos_weights = {"PROPN": 4.0, "NOUN": 2.0, "PRON": 1.0}

# Which of the four stages run. Without extraction the spans are those that SpanSimilarity.v1 extracts
# for itself; where it does not, extraction runs in any case.
[llm_ensemble_ner.stages]
demonstrations = true
extraction = true
classification = true
verification = true

# Finds the demonstrations: SpanSimilarity.v1, the paper's, SentenceSimilarity.v1 or another retriever.
[llm_ensemble_ner.retriever]
@misc = "spacy-el4ner.SpanSimilarity.v1"

# Embeds spans and sentences.
[llm_ensemble_ner.retriever.encoder]
@misc = "spacy-el4ner.SentenceTransformer.v1"
model = "sentence-transformers/all-MiniLM-L6-v2"

# Makes one type of the votes: MajorityVote.v1, ProbabilityVote.v1 or SingleVote.v1.
[llm_ensemble_ner.vote]
@misc = "spacy-el4ner.MajorityVote.v1"

# Scores nlp.evaluate().
[llm_ensemble_ner.scorer]
@scorers = "spacy-el4ner.Scorer.v1"
"""

SMALL = {
    "qwen": "Qwen/Qwen2.5-1.5B-Instruct",
    "smollm": "HuggingFaceTB/SmolLM2-1.7B-Instruct",
    "granite": "ibm-granite/granite-3.3-2b-instruct",
}


def default_backbones() -> dict[str, Callable[[str], Backbone]]:
    """RETURNS (dict): Name -> a function that makes the backbone of that name."""
    return {name: partial(_hub_backbone, model=model) for name, model in SMALL.items()}


def _hub_backbone(name: str, model: str) -> Backbone:
    return Backbone(name, HFBackend(model), Wording("en"))
