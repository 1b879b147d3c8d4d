"""The component `slm_llm_fusion`: a supervised tagger fused with a fine-tuned language model."""

import json
import warnings
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Model
from thinc.types import Floats2d

from spacy_el4ner.errors import EL4NERSetupError, EL4NERValueError, Errors, Warnings
from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.fuse import FusedMention
from spacy_el4ner.fusion.llm import FusionLLM
from spacy_el4ner.fusion.rules.base import FusionRule
from spacy_el4ner.fusion.two_models import FusionResult, FusionTrace, Logits, TwoModels
from spacy_el4ner.pipeline import attributes
from spacy_el4ner.pipeline.checks import check_confidence, check_labels, check_policy, check_sentences
from spacy_el4ner.pipeline.component import Annotation, blocked
from spacy_el4ner.pipeline.fusion_setup import UNCERTAIN, FusionSetup, check_route
from spacy_el4ner.pipeline.labels import described, record, recorded
from spacy_el4ner.retrieval.base import PoolEntry, Retriever
from spacy_el4ner.retrieval.gold import Gold, gold_demonstrations, is_annotated
from spacy_el4ner.retrieval.pool import Pool
from spacy_el4ner.slm.loss import cross_entropy
from spacy_el4ner.slm.tags import Scheme

WARNED = {"windows_split": "WL011", "unparsed": "WL007"}
"""Count of a document -> code of the warning about it."""


class SLMLLMFusion(FusionSetup, TrainablePipe):  # type: ignore[misc]
    """Named entity recognition by a supervised tagger, fused with a fine-tuned language model
    (Xu et al. 2025).

    Training trains the tagger. Only `predict` asks the language model, so `update` neither loads nor
    asks it. Evaluation during training calls `predict`, so leave `llm` null while training.

    vocab (Vocab): The pipeline's vocabulary.
    model (Model[list[Doc], list[Floats2d]]): The tagger; scores each tag at each token.
    name (str): The component's name.
    llm (FusionLLM | None): The language model; None for the tagger alone.
    retriever (Retriever): Finds demonstrations in the pool.
    rule (FusionRule): Decides where the models disagree, before any calibration.
    scorer (Callable | None): Scores `nlp.evaluate`.
    cfg (Any): The other settings, see `fusion_defaults.DEFAULT_CONFIG`.
    RAISES (ValueError): A setting is invalid.
    """

    factory = "slm_llm_fusion"

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], list[Floats2d]],
        name: str = "slm_llm_fusion",
        *,
        llm: FusionLLM | None,
        retriever: Retriever,
        rule: FusionRule,
        scorer: Callable[..., dict[str, Any]] | None = None,
        **cfg: Any,
    ):
        attributes.register()
        self.vocab = vocab
        self.model = model
        self.name = name
        self.llm = llm
        self.retriever = retriever
        self.rule = rule
        self.scorer = scorer
        self.cfg = {**cfg, "labels": dict(cfg["labels"])}
        self.configured = dict(cfg["labels"])
        self.pool = Pool()
        self.calibration = Calibration()
        self._warned: set[str] = set()
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

    @property
    def fitted_rule(self) -> FusionRule:
        """RETURNS (FusionRule): The rule with the calibration's parameters.
        RAISES (ValueError): The rule has to be fitted first.
        """
        rule = self.calibration.fitted(self.rule)
        if not rule.is_fitted:
            raise EL4NERValueError(Errors.EL040.format(name=rule.name))
        return rule

    def method(self) -> TwoModels:
        """RETURNS (TwoModels): The method with the component's current settings."""
        return TwoModels(
            self.llm,
            self.retriever,
            self.pool,
            self.fitted_rule,
            self.cfg["labels"],
            k=self.cfg["k"],
            max_sentences=self.cfg["max_sentences"],
            threshold=self.calibration.threshold if self.cfg["route"] == UNCERTAIN else None,
            weights=self.calibration.confidence,
        )

    def add_label(self, label: str, description: str = "") -> int:
        """label (str): The label.
        description (str): Its description in the language model's prompts.
        RETURNS (int): 1, or 0 if the component has the label already.
        RAISES (ValueError): The tagger's tags are fixed already, or the label is invalid.
        """
        if label in self.cfg["labels"]:
            return 0
        if self.model.get_ref("output_layer").has_dim("nO"):
            raise EL4NERValueError(Errors.EL030.format(name=self.name, label=label))
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
        """Take the labels from examples and size the tagger. If there is a language model, the examples
        also become its demonstrations.

        get_examples (Callable): Returns the labelled examples.
        nlp (Language | None): The pipeline.
        labels (Mapping | Sequence | None): Labels with or without descriptions; None for those of the
            config, or else those that occur in the examples.
        RAISES (ValueError): There are no labels, or the tagger already has a different number of tags.
        """
        validate_get_examples(get_examples, "SLMLLMFusion.initialize")
        occurring = {ent.label_ for eg in get_examples() for ent in eg.reference.ents}
        if labels is None:
            new = occurring and not self.configured
            labels = sorted(occurring) if new else self.cfg["labels"]
        given = dict(labels if isinstance(labels, Mapping) else dict.fromkeys(labels, ""))
        if not given:
            raise EL4NERSetupError(Errors.EL001.format(name=self.name))
        check_labels(given, self.name)
        tags, output = Scheme(tuple(given)).tags, self.model.get_ref("output_layer")
        if output.has_param("W") and output.get_dim("nO") != len(tags):
            known, others = ", ".join(self.labels), ", ".join(given)
            raise EL4NERValueError(Errors.EL134.format(name=self.name, known=known, labels=others))
        self.cfg["labels"] = given
        self._warn_of_others(occurring)
        for label in self.labels:
            self.vocab.strings.add(label)
        output.set_dim("nO", len(tags), force=True)
        self.model.initialize(X=[eg.predicted for eg in islice(get_examples(), 10)])
        if self.llm is not None:
            self.set_pool(eg.reference for eg in get_examples())

    def set_pool(self, docs: Iterable[Doc]) -> None:
        """Replace the language model's demonstrations.

        docs (Iterable[Doc]): Documents with gold entities.
        """
        self.pool.take([d for d in gold_demonstrations(docs) if d.window.tokens], self.retriever)

    def add_demonstrations(self, docs: Iterable[Doc], instead_of: Container[str] = ()) -> int:
        """Add demonstrations, which replace those with the same sentence.

        docs (Iterable[Doc]): Documents with gold entities.
        instead_of (Container[str]): Ids of further demonstrations to replace.
        RETURNS (int): How many were replaced.
        """
        entries = [
            PoolEntry(demonstration)
            for demonstration in gold_demonstrations(docs, self.pool.documents)
            if demonstration.window.tokens
        ]
        return self.pool.merge(entries, self.retriever, instead_of)

    def get_loss(
        self, examples: Iterable[Example], scores: list[Floats2d]
    ) -> tuple[float, list[Floats2d]]:
        """Cross-entropy of the tags, summed over the tokens whose tag is known. Labels for which the
        tagger has no tags are reported once, in a warning.

        examples (Iterable[Example]): The batch.
        scores (list[Floats2d]): The tagger's scores, (tokens, tags) each.
        RETURNS (tuple[float, list[Floats2d]]): The loss in nats, and its gradient by the scores.
        """
        examples = list(examples)
        self._warn_of_others({ent.label_ for eg in examples for ent in eg.reference.ents})
        judged = [
            cross_entropy(self.model.ops, rows, self.scheme.ids(example.get_aligned_ner()))
            for example, rows in zip(examples, scores, strict=True)
        ]
        return sum(loss for loss, _ in judged), [gradient for _, gradient in judged]

    def predict(self, docs: Sequence[Doc]) -> list[FusionResult]:
        """docs (Sequence[Doc]): The documents; they are not changed.
        RETURNS (list[FusionResult]): The fused entities of each document.
        """
        return self.trace(docs).results

    def trace(self, docs: Sequence[Doc]) -> FusionTrace:
        """docs (Sequence[Doc]): The documents; they are not changed.
        RETURNS (FusionTrace): The fused entities of each document, and the steps that led to them.
        """
        return self.method().trace(docs, self.logits(docs))

    def cases(self, examples: Sequence[Example]) -> list[Case]:
        """examples (Sequence[Example]): Documents with gold entities.
        RETURNS (list[Case]): Both models' readings of all windows whose entities are known, with the
            gold entities: the data of a calibration. The language model is asked about every window,
            whatever rule and route are.
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
        """docs (Sequence[Doc]): The documents.
        RETURNS (list[ndarray]): The tagger's scores of each document, (tokens, tags).
        RAISES (ValueError): The tagger has not been initialized.
        """
        if not self.model.get_ref("output_layer").has_dim("nO"):
            raise EL4NERSetupError(Errors.EL031.format(name=self.name))
        if not any(len(doc) for doc in docs):
            return [np.zeros((0, len(self.scheme.tags)), np.float32) for _ in docs]
        to_numpy: Callable[[Floats2d], Logits] = self.model.ops.to_numpy
        return [to_numpy(rows) for rows in self.model.predict(list(docs))]

    def _models(self) -> list[Any]:
        """The parts that may use models in the component's folder."""
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
            # The tagger is made for these labels in this order: only their descriptions may change.
            current = described(before, self.configured)
            if others := [label for label in current if label not in used]:
                raise EL4NERValueError(Errors.EL030.format(name=self.name, label=others[0]))
            self.cfg["labels"] = {label: current.get(label, text) for label, text in used.items()}

        def calibration(data: bytes) -> None:
            self.calibration = Calibration.from_dict(json.loads(data))

        return {
            "labels.json": labels,
            "calibration.json": calibration,
            "model": self.model.from_bytes,
            "pool": lambda data: self.pool.from_bytes(data, self.retriever),
        }

    def _warn_of_others(self, occurring: set[str]) -> None:
        """Warn once of labels of examples for which the tagger has no tags."""
        if others := occurring - set(self.labels) - self._warned:
            self._warned |= others
            labels = ", ".join(sorted(others))
            warnings.warn(Warnings.WL010.format(name=self.name, labels=labels), stacklevel=3)

    def _check(self) -> None:
        check_policy(self.cfg["on_error"])
        check_sentences(self.cfg["max_sentences"])
        check_labels(self.cfg["labels"], self.name)
        check_confidence(self.cfg.get("min_confidence", 0.0))
        check_route(self.cfg["route"])
        if self.retriever.needs_spans:
            raise EL4NERValueError(
                Errors.EL032.format(name=self.name, kind=type(self.retriever).__name__)
            )

    def _warnings(self, results: Sequence[FusionResult]) -> Iterator[str]:
        if n := sum(r.counts["windows_split"] for r in results):
            total = sum(r.counts["windows"] for r in results)
            yield Warnings.WL011.format(n=n, total=total, name=self.name)
        if n := sum(r.counts["unparsed"] for r in results):
            yield Warnings.WL007.format(n=n, name=self.name)

    def annotation(self, doc: Doc, result: FusionResult) -> Annotation:
        """doc (Doc): A document. It is only read.
        result (FusionResult): What `predict` returned for it.
        RETURNS (Annotation): Its entities, both models' mentions and the counts.
        """
        kept = [] if self.cfg["overwrite_ents"] else list(doc.ents)
        taken = {t.i for span in (*kept, *blocked(doc)) for t in span}
        chosen = [
            m
            for m in result.entities
            if taken.isdisjoint(t.i for t in _span(doc, m)) and self.is_sure(m.label, m.confidence)
        ]
        mentions = sorted([*result.entities, *result.rejected], key=lambda m: (m.start, m.end, m.label))
        return Annotation(
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
    assert span is not None, "mentions begin and end at token boundaries"
    return span


def _json(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=2).encode("utf8")
