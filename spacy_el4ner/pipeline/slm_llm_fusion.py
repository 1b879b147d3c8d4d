"""The component `slm_llm_fusion`: a supervised tagger, and a language model that it is fused with."""

import json
import warnings
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Model
from thinc.types import Floats2d

from spacy_el4ner.errors import Errors, Warnings
from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.fuse import FusedMention
from spacy_el4ner.fusion.readings import Case
from spacy_el4ner.fusion.rules import RULES, make_rule
from spacy_el4ner.fusion.tags import Scheme
from spacy_el4ner.models.tag_loss import cross_entropy
from spacy_el4ner.pipeline import attributes
from spacy_el4ner.pipeline.checks import check_block, check_labels, check_policy, check_sentences
from spacy_el4ner.pipeline.component import Component, blocked
from spacy_el4ner.pipeline.fusion_defaults import DEFAULT_CONFIG
from spacy_el4ner.pipeline.labels import described, record, recorded
from spacy_el4ner.pipeline.pool import Gold, Pool, demonstrations, is_annotated
from spacy_el4ner.pipeline.tagger_vectors import TaggerVectors
from spacy_el4ner.pipeline.two_models import Logits, Reader, Result, Trace, TwoModels
from spacy_el4ner.retrieval.base import PoolEntry, Retriever

ROUTES = ("always", "uncertain")


WARNED = {"windows_split": "WL011", "unparsed": "WL007"}
"""Counts of a document -> the warning that tells of them."""


@Language.factory(
    "slm_llm_fusion",
    default_config=Config().from_str(DEFAULT_CONFIG)["slm_llm_fusion"],
    assigns=["doc.ents", "doc.spans", "doc._.el4ner", "span._.confidence", "span._.provenance"],
    default_score_weights={
        "ents_f": 1.0,
        "ents_p": 0.0,
        "ents_r": 0.0,
        "ents_per_type": None,
        "el4ner_calibration_error": None,
    },
)
def make_slm_llm_fusion(
    nlp: Language,
    name: str,
    model: Model[list[Doc], list[Floats2d]],
    labels: dict[str, str],
    llm: Reader | None,
    retriever: Retriever,
    rule: str,
    route: str,
    k: int,
    max_sentences: int,
    spans_key: str,
    overwrite_ents: bool,
    on_error: str,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "SLMLLMFusion":
    check_block(retriever, "retrieve", "retriever", name, "spacy-el4ner.SentenceSimilarity.v1")
    if llm is not None:
        check_block(llm, "read", "llm", name, "spacy-el4ner.Tagger.v1")
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
        on_error=on_error,
    )


class SLMLLMFusion(Component, TrainablePipe):  # type: ignore[misc]
    """Named entity recognition by a supervised tagger, and by a language model where it knows better.

    Training trains the tagger. The language model is asked by `predict` alone, so `update` neither
    loads nor asks it; evaluation during training calls `predict`, so leave `llm` null while training.

    vocab (Vocab): The pipeline's vocabulary.
    model (Model[list[Doc], list[Floats2d]]): The tagger; gives each token a score of each tag.
    name (str): The component's name.
    llm (Reader | None): The language model.
    retriever (Retriever): Finds demonstrations in the pool.
    The other settings are those of the config; see `DEFAULT_CONFIG`.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], list[Floats2d]],
        name: str = "slm_llm_fusion",
        *,
        llm: Reader | None,
        retriever: Retriever,
        scorer: Callable[..., dict[str, Any]] | None = None,
        **cfg: Any,
    ):
        attributes.register()
        self.vocab = vocab
        self.model = model
        self.name = name
        self.llm = llm
        self.retriever = retriever
        self.scorer = scorer
        self.cfg = {**cfg, "labels": dict(cfg["labels"])}
        self.configured = dict(cfg["labels"])
        self.pool = Pool()
        self.calibration = Calibration()
        self._told: set[str] = set()
        self._check()

    @property
    def labels(self) -> tuple[str, ...]:
        """RETURNS (tuple[str, ...]): The labels, in the order of their tags."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> dict[str, str]:
        """RETURNS (dict[str, str]): The labels with their descriptions, as `initialize` takes them."""
        return dict(self.cfg["labels"])

    @property
    def scheme(self) -> Scheme:
        """RETURNS (Scheme): The tags of the labels."""
        return Scheme(self.labels)

    def method(self) -> TwoModels:
        """RETURNS (TwoModels): The two models as they are set now."""
        return TwoModels(
            self.llm,
            self.retriever,
            self.pool,
            make_rule(self.cfg["rule"], self.calibration),
            self.cfg["labels"],
            k=self.cfg["k"],
            max_sentences=self.cfg["max_sentences"],
            only_uncertain=self.cfg["route"] == "uncertain",
        )

    def add_label(self, label: str, description: str = "") -> int:
        """label (str): A type.
        description (str): What the language model is told about it.
        RETURNS (int): 1, or 0 where the label was there before.
        RAISES (ValueError): The tagger has its tags already.
        """
        if label in self.cfg["labels"]:
            return 0
        if self.model.get_ref("output_layer").has_dim("nO"):
            raise ValueError(Errors.EL030.format(name=self.name, label=label))
        check_labels([label], self.name)
        self.cfg["labels"][label] = self.configured[label] = description
        self.vocab.strings.add(label)
        return 1

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Mapping[str, str] | Sequence[str] | None = None,
    ) -> None:
        """Take the labels from examples, and size the tagger. Where there is a language model, the
        examples become its demonstrations, too.

        get_examples (Callable): Returns the labelled examples.
        nlp (Language): The pipeline.
        labels (Mapping | Sequence | None): Labels, with descriptions or without; None for those of the
            config, or else those that occur in the examples.
        RAISES (ValueError): There are none, or the tagger has tags already, and not as many.
        """
        validate_get_examples(get_examples, "SLMLLMFusion.initialize")
        occurring = {ent.label_ for eg in get_examples() for ent in eg.reference.ents}
        if labels is None:
            new = occurring and not self.configured
            labels = sorted(occurring) if new else self.cfg["labels"]
        given = dict(labels if isinstance(labels, Mapping) else dict.fromkeys(labels, ""))
        if not given:
            raise ValueError(Errors.EL001.format(name=self.name))
        check_labels(given, self.name)
        tags, output = Scheme(tuple(given)).tags, self.model.get_ref("output_layer")
        if output.has_param("W") and output.get_dim("nO") != len(tags):
            known, others = ", ".join(self.labels), ", ".join(given)
            raise ValueError(Errors.EL134.format(name=self.name, known=known, labels=others))
        self.cfg["labels"] = given
        self._tell_of_others(occurring)
        for label in self.labels:
            self.vocab.strings.add(label)
        output.set_dim("nO", len(tags), force=True)
        self.model.initialize(X=[eg.predicted for eg in islice(get_examples(), 10)])
        if self.llm is not None:
            self.set_pool(eg.reference for eg in get_examples())

    def set_pool(self, docs: Iterable[Doc]) -> None:
        """docs (Iterable[Doc]): Documents with gold entities, the language model's demonstrations from
        now on.
        """
        self.pool.take([d for d in demonstrations(docs) if d.window.tokens], self.retriever)

    def add_demonstrations(self, docs: Iterable[Doc], instead_of: Container[str] = ()) -> int:
        """docs (Iterable[Doc]): Documents with gold entities, more demonstrations.
        instead_of (Container[str]): Ids of demonstrations that they replace, beside those with the same
            sentence.
        RETURNS (int): How many were replaced.
        """
        entries = [PoolEntry(shot) for shot in demonstrations(docs) if shot.window.tokens]
        return self.pool.merge(entries, self.retriever, instead_of)

    def get_loss(
        self, examples: Iterable[Example], scores: list[Floats2d]
    ) -> tuple[float, list[Floats2d]]:
        """Cross-entropy of the tags, summed over the tokens whose tag is known. Of labels that the
        tagger has no tags for, it is warned once.

        examples (Iterable[Example]): The batch.
        scores (list[Floats2d]): The tagger's scores, (tokens, tags) each.
        RETURNS (tuple[float, list[Floats2d]]): The loss in nats, and its gradient by the scores.
        """
        examples = list(examples)
        self._tell_of_others({ent.label_ for eg in examples for ent in eg.reference.ents})
        judged = [
            cross_entropy(self.model.ops, rows, self.scheme.ids(example.get_aligned_ner()))
            for example, rows in zip(examples, scores, strict=True)
        ]
        return sum(loss for loss, _ in judged), [gradient for _, gradient in judged]

    def predict(self, docs: Sequence[Doc]) -> list[Result]:
        """docs (Sequence[Doc]): The documents. They are only read.
        RETURNS (list[Result]): What both models found in each.
        """
        return self.trace(docs).results

    def trace(self, docs: Sequence[Doc]) -> Trace:
        """docs (Sequence[Doc]): The documents. They are only read.
        RETURNS (Trace): What both models found in each, and what they said on the way to it.
        """
        return self.method().trace(docs, self.logits(docs))

    def cases(self, examples: Sequence[Example]) -> list[Case]:
        """examples (Sequence[Example]): Documents with gold entities.
        RETURNS (list[Case]): Both models' readings of all their windows whose entities are known, the
            language model's whatever `rule` and `route` are, and the gold entities of each window: what
            a calibration is made of.
        """
        method, docs = self.method(), [eg.predicted for eg in examples]
        references = [eg.reference for eg in examples]
        gold = [Gold(reference) for reference in references]
        tagged = [
            case
            for case in method.tagged(docs, self.logits(docs))
            if is_annotated(references[case.window.document], case.window)
        ]
        return [
            replace(case, gold=gold[case.window.document].mentions(case.window))
            for case in method.ask(docs, tagged, everywhere=True)
        ]

    def logits(self, docs: Sequence[Doc]) -> list[Logits]:
        """RETURNS (list[ndarray]): The tagger's scores, (tokens, tags) a document."""
        if not self.model.get_ref("output_layer").has_dim("nO"):
            raise ValueError(Errors.EL031.format(name=self.name))
        if not any(len(doc) for doc in docs):
            return [np.zeros((0, len(self.scheme.tags)), np.float32) for _ in docs]
        to_numpy: Callable[[Floats2d], Logits] = self.model.ops.to_numpy
        return [to_numpy(rows) for rows in self.model.predict(list(docs))]

    def _models(self) -> list[Any]:
        """What may use models that lie within the component's folder."""
        return [self.llm, getattr(self.retriever, "encoder", None)]

    def _writers(self) -> dict[str, Callable[[], bytes]]:
        return {
            "labels.json": lambda: _json(record(self.cfg["labels"], self.configured)),
            "calibration.json": lambda: _json(self.calibration.to_dict()),
            "model": self.model.to_bytes,
            "pool": lambda: self.pool.to_bytes(self.retriever),
        }

    def _readers(self) -> dict[str, Callable[[bytes], Any]]:
        def labels(data: bytes) -> None:
            used, before = recorded(json.loads(data), self.configured)
            # The tagger is made for these labels, in this order: only what is said of them may change.
            told = described(before, self.configured)
            if others := [label for label in told if label not in used]:
                raise ValueError(Errors.EL030.format(name=self.name, label=others[0]))
            self.cfg["labels"] = {label: told.get(label, text) for label, text in used.items()}

        def calibration(data: bytes) -> None:
            self.calibration = Calibration.from_dict(json.loads(data))

        return {
            "labels.json": labels,
            "calibration.json": calibration,
            "model": self.model.from_bytes,
            "pool": lambda data: self.pool.from_bytes(data, self.retriever),
        }

    def _tell_of_others(self, occurring: set[str]) -> None:
        """occurring (set[str]): Labels of examples. Warn of those that are not the tagger's, once."""
        if others := occurring - set(self.labels) - self._told:
            self._told |= others
            labels = ", ".join(sorted(others))
            warnings.warn(Warnings.WL010.format(name=self.name, labels=labels), stacklevel=3)

    def _check(self) -> None:
        check_policy(self.cfg["on_error"])
        check_sentences(self.cfg["max_sentences"])
        check_labels(self.cfg["labels"], self.name)
        for setting, known in (("route", ROUTES), ("rule", tuple(RULES))):
            if (value := self.cfg[setting]) not in known:
                message = Errors.EL010.format(value=value, setting=setting, known=", ".join(known))
                raise ValueError(message)
        if self.retriever.needs_spans:
            raise ValueError(Errors.EL032.format(name=self.name, kind=type(self.retriever).__name__))

    def _warn(self, results: Sequence[Result]) -> None:
        if n := sum(r.counts["windows_split"] for r in results):
            total = sum(r.counts["windows"] for r in results)
            warnings.warn(Warnings.WL011.format(n=n, total=total, name=self.name), stacklevel=2)
        if n := sum(r.counts["unparsed"] for r in results):
            warnings.warn(Warnings.WL007.format(n=n, name=self.name), stacklevel=2)

    def _write(self, doc: Doc, result: Result) -> None:
        kept = [] if self.cfg["overwrite_ents"] else list(doc.ents)
        taken = {t.i for span in (*kept, *blocked(doc)) for t in span}
        chosen = [m for m in result.entities if taken.isdisjoint(t.i for t in _span(doc, m))]
        mentions = sorted([*result.entities, *result.rejected], key=lambda m: (m.start, m.end, m.label))
        self._annotate(
            doc,
            [*kept, *(_span(doc, m) for m in chosen)],
            [_span(doc, m) for m in mentions],
            [{"confidence": m.confidence, "provenance": m.provenance} for m in mentions],
            {
                **result.counts,
                "entities": len(chosen),
                "warnings": attributes.warned(result.counts, WARNED),
            },
        )


def _span(doc: Doc, mention: FusedMention) -> Span:
    span = doc.char_span(mention.start, mention.end, label=mention.label)
    assert span is not None, "mentions begin and end at tokens"
    return span


def _json(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=2).encode("utf8")
