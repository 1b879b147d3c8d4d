"""The component `llm_ensemble_ner`: EL4NER in a spaCy pipeline."""

import warnings
from collections.abc import Callable, Container, Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import srsly
from spacy.language import Language
from spacy.pipeline.pipe import Pipe
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Config

from spacy_el4ner.backends.base import Backbone
from spacy_el4ner.ensemble.resolve import resolve
from spacy_el4ner.ensemble.vote import VoteRule
from spacy_el4ner.errors import Errors, Warnings
from spacy_el4ner.pipeline import attributes
from spacy_el4ner.pipeline.checks import check_block, check_labels, check_policy, check_sentences
from spacy_el4ner.pipeline.component import Component, blocked
from spacy_el4ner.pipeline.defaults import DEFAULT_CONFIG, default_backbones
from spacy_el4ner.pipeline.four_stages import STAGES, FourStages
from spacy_el4ner.pipeline.labels import changed, record, recorded
from spacy_el4ner.pipeline.pool import Pool, demonstrations, progress
from spacy_el4ner.pipeline.trace import Result, Trace
from spacy_el4ner.retrieval.base import Retriever
from spacy_el4ner.types import Candidate

WARNED = {"split_by": "WL001", "tokens_unread": "WL050", "unparsed": "WL007"}
"""Counts of a document -> the warning that tells of them."""


@Language.factory(
    "llm_ensemble_ner",
    default_config=Config().from_str(DEFAULT_CONFIG)["llm_ensemble_ner"],
    assigns=["doc.ents", "doc.spans", "doc._.el4ner", "span._.confidence", "span._.provenance"],
    default_score_weights={
        "ents_f": 1.0,
        "ents_p": 0.0,
        "ents_r": 0.0,
        "ents_per_type": None,
        "el4ner_calibration_error": None,
    },
)
def make_llm_ensemble_ner(
    nlp: Language,
    name: str,
    labels: dict[str, str],
    backbones: dict[str, Any] | None,  # blocks within a mapping are validated before they are made
    retriever: Retriever,
    verifier: str | None,
    pool: str | None,
    k: int,
    most_similar_last: bool,
    max_sentences: int,
    stages: dict[str, bool],
    vote: VoteRule,
    spans_key: str,
    overwrite_ents: bool,
    on_error: str,
    keep_loaded: bool,
    min_backbones: int | None,
    pos_weights: dict[str, float],
    scorer: Callable[..., dict[str, Any]] | None,
) -> "LLMEnsembleNER":
    members = default_backbones() if backbones is None else backbones
    check_block(retriever, "retrieve", "retriever", name, "spacy-el4ner.SpanSimilarity.v1")
    for key, make in members.items():
        check_block(make, "__call__", f"backbones.{key}", name, "spacy-el4ner.Backbone.v1")
    return LLMEnsembleNER(
        nlp.vocab,
        [make(key) for key, make in members.items()],
        retriever,
        name,
        labels=labels,
        verifier=verifier,
        pool=pool,
        k=k,
        most_similar_last=most_similar_last,
        max_sentences=max_sentences,
        stages=stages,
        vote=vote,
        spans_key=spans_key,
        overwrite_ents=overwrite_ents,
        on_error=on_error,
        keep_loaded=keep_loaded,
        min_backbones=min_backbones,
        pos_weights=pos_weights,
        scorer=scorer,
    )


class LLMEnsembleNER(Component, Pipe):
    """Named entity recognition by several small language models together.

    vocab (Vocab): The pipeline's vocabulary.
    backbones (Sequence[Backbone]): The ensemble.
    retriever (Retriever): Finds demonstrations in the pool.
    name (str): The component's name.
    The other settings are those of the config; see `DEFAULT_CONFIG`.
    """

    def __init__(
        self,
        vocab: Vocab,
        backbones: Sequence[Backbone],
        retriever: Retriever,
        name: str = "llm_ensemble_ner",
        *,
        vote: VoteRule,
        scorer: Callable[..., dict[str, Any]] | None = None,
        **cfg: Any,
    ):
        attributes.register()
        self.vocab = vocab
        self.name = name
        self.backbones = list(backbones)
        self.retriever = retriever
        self.vote = vote
        self.scorer = scorer
        self.cfg = cfg
        self.configured = dict(cfg["labels"])
        self.pool = Pool()
        self._check()

    @property
    def labels(self) -> tuple[str, ...]:
        """RETURNS (tuple[str, ...]): The labels, in the order of the config or of the alphabet."""
        return tuple(self.cfg["labels"])

    def method(self, retriever: Retriever | None) -> FourStages:
        """retriever (Retriever | None): Finds demonstrations; None for zero-shot.
        RETURNS (FourStages): The stages as they are set now.
        """
        keys = (
            "labels",
            "k",
            "stages",
            "pos_weights",
            "max_sentences",
            "most_similar_last",
            "keep_loaded",
            "min_backbones",
        )
        return FourStages(
            self.backbones,
            retriever,
            self.cfg["verifier"] or self.backbones[0].name,
            vote=self.vote,
            own=self.pool.own,
            **{key: self.cfg[key] for key in keys},
        )

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]] | None = None,
        *,
        nlp: Language | None = None,
        labels: dict[str, str] | Sequence[str] | None = None,
    ) -> None:
        """Take labels and the demonstration pool from examples, and index the pool.

        get_examples (Callable): Returns the labelled examples. Without any, the corpus that the
            config names is taken, and without that the component stays zero-shot.
        nlp (Language): The pipeline.
        labels (dict | Sequence | None): Labels, with descriptions or without; None for those of the
            config, or else those that occur in the examples.
        """
        docs = [e.reference for e in get_examples()] if get_examples is not None else []
        if not any(doc.ents for doc in docs):
            # nlp.initialize() makes up an example where it is given none.
            docs = self._read_pool()
        pool = demonstrations(docs)
        occurring = sorted({m.label for d in pool for m in d.mentions})
        if labels is not None:
            given = labels if isinstance(labels, dict) else dict.fromkeys(labels, "")
            self.cfg["labels"] = dict(given)
        elif occurring and not self.configured:
            self.cfg["labels"] = dict.fromkeys(occurring, "")
        if not self.cfg["labels"]:
            raise ValueError(Errors.EL001.format(name=self.name))
        check_labels(self.labels, self.name)
        if others := [label for label in occurring if label not in self.labels]:
            warnings.warn(Warnings.WL006.format(name=self.name, labels=", ".join(others)), stacklevel=2)
        self.pool = Pool()
        if pool:
            self.pool.build(pool, self.method(self.retriever), show=True)
        else:
            warnings.warn(Warnings.WL003.format(name=self.name), stacklevel=2)

    def add_demonstrations(self, docs: Iterable[Doc], instead_of: Container[str] = ()) -> int:
        """docs (Iterable[Doc]): Documents with gold entities, whose sentences join the pool.
        instead_of (Container[str]): Ids of demonstrations that they replace, beside those with the same
            sentence.
        RETURNS (int): How many were replaced.
        """
        if self.cfg["pool"] and not self.pool.entries:
            self.initialize()
        entries = self.method(self.retriever).entries(demonstrations(docs), progress(True))
        return self.pool.merge(entries, self.retriever, instead_of)

    def predict(self, docs: Sequence[Doc]) -> list[Result]:
        """docs (Sequence[Doc]): The documents. They are only read.
        RETURNS (list[Result]): Candidates and counts of each.
        """
        return self.trace(docs).results

    def trace(self, docs: Sequence[Doc]) -> Trace:
        """docs (Sequence[Doc]): The documents. They are only read.
        RETURNS (Trace): Candidates and counts of each, and what each stage did and dropped.
        """
        if not self.cfg["labels"] and not self.cfg["pool"]:
            raise ValueError(Errors.EL001.format(name=self.name))
        if self.cfg["pool"] and not self.pool.entries:
            self.initialize()
        return self.method(self.retriever if self.pool.entries else None).trace(docs)

    def _models(self) -> list[Any]:
        """What may use models that lie within the component's folder."""
        return [*(b.backend for b in self.backbones), getattr(self.retriever, "encoder", None)]

    def _writers(self) -> dict[str, Callable[[], bytes]]:
        return {
            "labels": lambda: cast(
                bytes, srsly.msgpack_dumps(record(self.cfg["labels"], self.configured))
            ),
            "pool": lambda: self.pool.to_bytes(self.retriever),
        }

    def _readers(self) -> dict[str, Callable[[bytes], None]]:
        def labels(data: bytes) -> None:
            used, before = recorded(srsly.msgpack_loads(data), self.configured)
            now = self.configured
            self.cfg["labels"] = dict(now) if changed(before, now) else used

        return {"labels": labels, "pool": lambda b: self.pool.from_bytes(b, self.retriever)}

    def _check(self) -> None:
        names = [b.name for b in self.backbones]
        if not names:
            raise ValueError(Errors.EL011)
        for wanted in (self.cfg["verifier"], getattr(self.vote, "backbone", None)):
            if wanted not in (None, *names):
                raise ValueError(Errors.EL009.format(name=wanted, known=", ".join(names)))
        check_policy(self.cfg["on_error"])
        check_sentences(self.cfg["max_sentences"])
        check_labels(self.cfg["labels"], self.name)
        for stage in self.cfg["stages"]:
            if stage not in STAGES:
                raise ValueError(
                    Errors.EL010.format(value=stage, setting="stages", known=", ".join(STAGES))
                )

    def _read_pool(self) -> list[Doc]:
        """The labelled documents of the corpus that the config names, if it names one."""
        if not self.cfg["pool"]:
            return []
        from spacy_el4ner.corpora import read_docs

        return read_docs(Path(self.cfg["pool"]), self.vocab)

    def _warn(self, results: Sequence[Result]) -> None:
        for backbone in self.backbones:
            n = sum(r.counts["split_by"].get(backbone.name, 0) for r in results)
            if n:
                total = sum(r.counts["windows"] for r in results)
                warnings.warn(Warnings.WL001.format(n=n, total=total, name=backbone.name), stacklevel=2)
        if n := sum(r.counts["tokens_unread"] for r in results):
            warnings.warn(Warnings.WL050.format(n=n, name=self.name), stacklevel=2)
        if n := sum(r.counts["unparsed"] for r in results):
            warnings.warn(Warnings.WL007.format(n=n, name=self.name), stacklevel=2)

    def _write(self, doc: Doc, result: Result) -> None:
        kept = [] if self.cfg["overwrite_ents"] else list(doc.ents)
        taken = [(span.start_char, span.end_char) for span in (*kept, *blocked(doc))]
        chosen = resolve(result.candidates, taken)
        self._annotate(
            doc,
            [*kept, *(_span(doc, c) for c in chosen)],
            [_span(doc, c) for c in result.candidates],
            [attributes.record(c) for c in result.candidates],
            {
                **result.counts,
                "entities": len(chosen),
                "warnings": attributes.warned(result.counts, WARNED),
            },
        )


def _span(doc: Doc, candidate: Candidate) -> Span:
    span = doc.char_span(candidate.start, candidate.end, label=candidate.label, alignment_mode="expand")
    assert span is not None, "candidates come from this document"
    return span
