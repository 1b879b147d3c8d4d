"""Registered functions: what a config can name. Each is an entry point in setup.cfg."""

from collections.abc import Callable
from typing import Any

from spacy_el4ner.backends.base import Backbone, Backend
from spacy_el4ner.backends.store import Identified, ResponseStore, StoredBackend
from spacy_el4ner.ensemble.vote import MajorityVote, ProbabilityVote, SingleVote
from spacy_el4ner.formats import InlineTags, SpanList
from spacy_el4ner.formats.base import Format
from spacy_el4ner.fusion.tagger import Tagger
from spacy_el4ner.pipeline.tagger_vectors import TaggerVectors
from spacy_el4ner.prompts.wording import Wording
from spacy_el4ner.retrieval.encoders import Encoder, SentenceTransformerEncoder
from spacy_el4ner.retrieval.fixed import FixedDemonstrations
from spacy_el4ner.retrieval.random import RandomDemonstrations
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from spacy_el4ner.retrieval.span_similarity import SpanSimilarity


def backbone_v1(
    backend: Backend, wording: str = "en", format: Format | None = None
) -> Callable[[str], Backbone]:
    """backend (Backend): Runs the model: a block of HFBackend.v1, OpenAIBackend.v1 or StoredBackend.v1.
    wording (str): The prompts: "en", "zh", "compact/terse", "compact/plain", "compact/marked", or a
        folder with five templates.
    format (Format | None): The language of the extraction answers; None for InlineTags.v1.
    RETURNS (Callable[[str], Backbone]): Makes the backbone, given its name in the config.
    """
    return lambda name: Backbone(name, backend, Wording(wording, format))


def hf_backend_v1(
    model: str,
    adapter: str | None = None,
    adapter_revision: str | None = None,
    revision: str | None = None,
    dtype: str = "auto",
    device: str | None = None,
    device_map: str | None = None,
    attention: str | None = None,
    quantization: dict[str, Any] | None = None,
    context: int | None = None,
    batch_tokens: int = 4096,
    prefix_mb: int = 1024,
    decoder: str = "draft_verified",
    use_chat_template: bool = True,
    local_files_only: bool = False,
    trust_remote_code: bool = False,
) -> Backend:
    """RETURNS (Backend): Any causal language model of the transformers library, in this process. Its
    settings are those of `spacy_el4ner.backends.hf.HFBackend`.
    """
    from spacy_el4ner.backends.hf import HFBackend

    return HFBackend(
        model,
        adapter=adapter,
        adapter_revision=adapter_revision,
        revision=revision,
        dtype=dtype,
        device=device,
        device_map=device_map,
        attention=attention,
        quantization=quantization,
        context=context,
        batch_tokens=batch_tokens,
        prefix_mb=prefix_mb,
        decoder=decoder,
        use_chat_template=use_chat_template,
        local_files_only=local_files_only,
        trust_remote_code=trust_remote_code,
    )


def openai_backend_v1(
    model: str,
    base_url: str,
    api_key_env: str | None = None,
    dialect: str = "plain",
    tokenizer: str | None = None,
    context: int = 8192,
    system_role: bool = True,
    parameters: dict[str, Any] | None = None,
    max_concurrency: int = 8,
    timeout: float = 120.0,
    deadline: float = 600.0,
    retries: int = 5,
) -> Backend:
    """RETURNS (Backend): A model behind an OpenAI-compatible address. Its settings are those of
    `spacy_el4ner.backends.openai.OpenAIBackend`.
    """
    from spacy_el4ner.backends.openai import OpenAIBackend

    return OpenAIBackend(
        model,
        base_url,
        api_key_env=api_key_env,
        dialect=dialect,
        tokenizer=tokenizer,
        context=context,
        system_role=system_role,
        parameters=parameters,
        max_concurrency=max_concurrency,
        timeout=timeout,
        deadline=deadline,
        retries=retries,
    )


def stored_backend_v1(backend: Identified, path: str, mode: str = "use") -> Backend:
    """backend (Identified): The backend whose answers are kept.
    RETURNS (Backend): Answers of another backend, kept in a file. The other settings are those of
        `spacy_el4ner.backends.store.ResponseStore`.
    """
    return StoredBackend(backend, ResponseStore(path, mode))


def inline_tags_v1(max_tokens: int = 16) -> Format:
    """max_tokens (int): The longest mention, in tokens of the document.
    RETURNS (Format): The answer is the sentence with its mentions tagged.
    """
    return InlineTags(max_tokens=max_tokens)


def span_list_v1(max_tokens: int = 16) -> Format:
    """max_tokens (int): The longest mention, in tokens of the document.
    RETURNS (Format): The answer is a list of the mentions.
    """
    return SpanList(max_tokens=max_tokens)


def span_similarity_v1(
    encoder: Encoder | None = None, min_similarity: float | None = None
) -> SpanSimilarity:
    """encoder (Encoder | None): Embeds the texts; None for all-MiniLM-L6-v2.
    min_similarity (float | None): Less similar ones are not shown; None for the k most similar always.
    RETURNS (Retriever): Demonstrations by span-level similarity, the paper's.
    """
    return SpanSimilarity(encoder, min_similarity)


def sentence_similarity_v1(
    encoder: Encoder | None = None, min_similarity: float | None = None
) -> SentenceSimilarity:
    """encoder (Encoder | None): Embeds the texts; None for all-MiniLM-L6-v2.
    min_similarity (float | None): Less similar ones are not shown; None for the k most similar always.
    RETURNS (Retriever): Demonstrations by similarity of whole sentences.
    """
    return SentenceSimilarity(encoder, min_similarity)


def random_demonstrations_v1(seed: int = 0) -> RandomDemonstrations:
    """seed (int): Another seed, another draw.
    RETURNS (Retriever): Demonstrations by chance.
    """
    return RandomDemonstrations(seed)


def fixed_demonstrations_v1(seed: int = 0) -> FixedDemonstrations:
    """seed (int): Another seed, another draw.
    RETURNS (Retriever): The same demonstrations always.
    """
    return FixedDemonstrations(seed)


def sentence_transformer_v1(
    model: str,
    revision: str | None = None,
    device: str | None = None,
    batch_size: int = 64,
    local_files_only: bool = False,
) -> Encoder:
    """RETURNS (Encoder): A model of the sentence-transformers library. Its settings are those of
    `spacy_el4ner.retrieval.encoders.SentenceTransformerEncoder`.
    """
    return SentenceTransformerEncoder(
        model,
        revision=revision,
        device=device,
        batch_size=batch_size,
        local_files_only=local_files_only,
    )


def pretrained_v1(name: str) -> str:
    """name (str): A model of the hub, or a local folder.
    RETURNS (str): Where to load it from: for all-MiniLM-L6-v2 the copy that the extra `offline`
        brings, if it is installed; else the name as it is.
    """
    from spacy_el4ner import minilm

    return str(minilm.path()) if name == minilm.HUB_NAME and minilm.installed() else name


def majority_vote_v1() -> MajorityVote:
    """RETURNS (VoteRule): The type that most backbones gave."""
    return MajorityVote()


def probability_vote_v1(extraction: float = 0.0) -> ProbabilityVote:
    """extraction (float): How much it counts, beside the probabilities, that a backbone extracted the
        span itself, or did not.
    RETURNS (ProbabilityVote): The type with the highest summed probability.
    """
    return ProbabilityVote(extraction)


def single_vote_v1(backbone: str) -> SingleVote:
    """backbone (str): The name of the backbone.
    RETURNS (VoteRule): The type that one backbone gave.
    """
    return SingleVote(backbone)


def tagger_v1(
    backend: Backend, wording: str = "en", max_tokens: int = 32, max_window: int = 0
) -> Tagger:
    """RETURNS (Tagger): A language model that copies sentences with inline tags. Its settings are those
    of `spacy_el4ner.fusion.tagger.Tagger`.
    """
    return Tagger(backend, wording, max_tokens=max_tokens, max_window=max_window)


def scorer_v1() -> Callable[..., dict[str, Any]]:
    """RETURNS (Callable): Entity scores and the calibration error of the confidences."""
    from spacy_el4ner.scorer import score

    return score


def tagger_vectors_v1() -> Encoder:
    """RETURNS (Encoder): The vectors of the tagger of the component that it is given to."""
    return TaggerVectors()
