"""The factory of `slm_llm_fusion`, and its default settings."""

from collections.abc import Callable
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Config, Model
from thinc.types import Floats2d

from spacy_el4ner.blocks import checks_blocks
from spacy_el4ner.fusion.llm import FusionLLM
from spacy_el4ner.fusion.rules.base import FusionRule
from spacy_el4ner.pipeline.component import ASSIGNS, SCORE_WEIGHTS
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion
from spacy_el4ner.retrieval.base import Retriever
from spacy_el4ner.slm.vectors import TaggerVectors

DEFAULT_CONFIG = """
[slm_llm_fusion]
# Label -> description, which the language model reads. Empty: taken from the examples of initialize().
labels = {}
# The language model, a spacy-el4ner.TaggingLLM.v1 block. null: the tagger alone, as for training it.
llm = null
# Sentences about which the language model is asked: always, or uncertain (where the tagger is unsure).
route = "always"
# Demonstrations in a prompt.
k = 5
# Sentences in a window.
max_sentences = 1
# The key in doc.spans for the mentions of both models, including overlapping ones.
spans_key = "el4ner"
# Whether to replace entities already in the document.
overwrite_ents = false
# Lowest confidence of an entity, for all labels or by label: {"PERSON": 0.8}. Candidates below it stay
# in doc.spans.
min_confidence = 0.0
# What to do if a document fails: raise, warn or skip. The document is yielded in any case.
on_error = "warn"

# The tagger (SLM).
[slm_llm_fusion.model]
@architectures = "spacy-el4ner.TokenClassifier.v1"

# Gives each token a vector: any tok2vec or transformer listener.
[slm_llm_fusion.model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = 96
depth = 4
embed_size = 2000
window_size = 1
maxout_pieces = 3
subword_features = true

# Decides where the two disagree: PaperRule.v1, ScaledRule.v1, LearnedRule.v1 (after a calibration),
# SLMRule.v1 or LLMRule.v1. Parameters fitted by a calibration replace those of the block.
[slm_llm_fusion.rule]
@el4ner_fusion_rules = "spacy-el4ner.PaperRule.v1"

# Finds the demonstrations: SentenceSimilarity.v1 or another retriever that needs no spans.
[slm_llm_fusion.retriever]
@el4ner_retrievers = "spacy-el4ner.SentenceSimilarity.v1"

# Embeds the sentences.
[slm_llm_fusion.retriever.encoder]
@el4ner_encoders = "spacy-el4ner.SentenceTransformer.v1"
model = "sentence-transformers/all-MiniLM-L6-v2"

# Scores nlp.evaluate().
[slm_llm_fusion.scorer]
@scorers = "spacy-el4ner.Scorer.v1"
"""


@Language.factory(
    "slm_llm_fusion",
    default_config=Config().from_str(DEFAULT_CONFIG)["slm_llm_fusion"],
    assigns=ASSIGNS,
    default_score_weights=SCORE_WEIGHTS,
)
@checks_blocks
def make_slm_llm_fusion(
    nlp: Language,
    name: str,
    model: Model[list[Doc], list[Floats2d]],
    labels: dict[str, str],
    llm: FusionLLM | None,
    retriever: Retriever,
    rule: FusionRule,
    route: str,
    k: int,
    max_sentences: int,
    spans_key: str,
    overwrite_ents: bool,
    min_confidence: float | dict[str, float],
    on_error: str,
    scorer: Callable[..., dict[str, Any]] | None,
) -> SLMLLMFusion:
    """Create the component. The settings are described in `DEFAULT_CONFIG`.

    nlp (Language): The pipeline.
    name (str): The component's name.
    model (Model[list[Doc], list[Floats2d]]): The tagger; scores each tag at each token.
    labels (dict[str, str]): Label -> description.
    llm (FusionLLM | None): The language model; None for the tagger alone.
    retriever (Retriever): Finds demonstrations in the pool.
    rule (FusionRule): Decides where the models disagree.
    route (str): "always", or "uncertain" to ask only where the tagger is unsure.
    k (int): Demonstrations in a prompt.
    max_sentences (int): Sentences in a window.
    spans_key (str): Key in `doc.spans` for the mentions of both models.
    overwrite_ents (bool): Whether to replace entities already in the document.
    min_confidence (float | dict[str, float]): Lowest confidence of an entity, or that of each label.
    on_error (str): What to do if a document fails: "raise", "warn" or "skip".
    scorer (Callable | None): Scores `nlp.evaluate`.
    RETURNS (SLMLLMFusion): The component.
    RAISES (ValueError): A setting is invalid.
    """
    encoder = getattr(retriever, "encoder", None)
    if isinstance(encoder, TaggerVectors):
        encoder.bind(model, nlp.tokenizer)
    return SLMLLMFusion(
        nlp.vocab,
        model,
        name,
        llm=llm,
        retriever=retriever,
        scorer=scorer,
        labels=labels,
        rule=rule,
        route=route,
        k=k,
        max_sentences=max_sentences,
        spans_key=spans_key,
        overwrite_ents=overwrite_ents,
        min_confidence=min_confidence,
        on_error=on_error,
    )
