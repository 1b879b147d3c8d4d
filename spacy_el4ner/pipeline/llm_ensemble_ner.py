"""The component `llm_ensemble_ner`: EL4NER in a spaCy pipeline."""

import warnings
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import srsly
from spacy.language import Language
from spacy.pipeline.pipe import Pipe
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_el4ner.ensemble.four_stages import STAGES, FourStages
from spacy_el4ner.ensemble.panel import RETRY_AFTER, Absences
from spacy_el4ner.ensemble.resolve import resolve
from spacy_el4ner.ensemble.trace import EnsembleResult, EnsembleTrace
from spacy_el4ner.ensemble.vote import VoteRule
from spacy_el4ner.errors import EL4NERSetupError, Errors, Warnings
from spacy_el4ner.pipeline import attributes, checks
from spacy_el4ner.pipeline.component import Annotation, Component, blocked
from spacy_el4ner.pipeline.default_voters import default_voters
from spacy_el4ner.pipeline.labels import changed, record, recorded
from spacy_el4ner.pipeline.tuned import CHOICES, Tuning
from spacy_el4ner.pipeline.turns import Turn
from spacy_el4ner.retrieval.base import Retriever
from spacy_el4ner.retrieval.gold import gold_demonstrations
from spacy_el4ner.retrieval.pool import Pool, progress
from spacy_el4ner.types import Candidate
from spacy_el4ner.voters.base import Verifier, Voter

WARNED = {"split_by": "WL001", "tokens_unread": "WL050", "unparsed": "WL007", "unavailable": "WL248"}
"""Counts of a document -> the warning that tells of them."""


class LLMEnsembleNER(Component, Pipe):
    """Named entity recognition by several voters together, such as small language models.

    vocab (Vocab): The pipeline's vocabulary.
    voters (Mapping[str, Voter] | None): Name -> voter; None to choose default ones on first use.
    retriever (Retriever): Finds demonstrations in the pool.
    name (str): The component's name.
    vote (VoteRule): Makes one label of the votes.
    scorer (Callable | None): Scores `nlp.evaluate`.
    **cfg (Any): The other settings, as in the config; see `ensemble_defaults.DEFAULT_CONFIG`.
    """

    factory = "llm_ensemble_ner"

    def __init__(
        self,
        vocab: Vocab,
        voters: Mapping[str, Voter] | None,
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
        self._voters = None if voters is None else dict(voters)
        self.retriever = retriever
        self.vote = vote
        self.scorer = scorer
        self.cfg = cfg
        self.configured = dict(cfg["labels"])
        self.pool = Pool()
        self.tuning = Tuning()
        self.absences = Absences(cfg.get("retry_after", RETRY_AFTER))
        self._turn = Turn()
        self._check()

    @property
    def labels(self) -> tuple[str, ...]:
        """RETURNS (tuple[str, ...]): The labels, in the order of the config or of the alphabet."""
        return tuple(self.cfg["labels"])

    @property
    def voters(self) -> dict[str, Voter]:
        """RETURNS (dict[str, Voter]): The ensemble: name -> voter.
        RAISES (OSError): EL330, the config names none, and the default models cannot be had.
        """
        if self._voters is None:
            chosen = default_voters(self.name)
            checks.check_voters(chosen, self.cfg, self.vote, self.name)
            self.tuning.apply(chosen, self.cfg["tuned"])
            self._voters = chosen
        return self._voters

    @voters.setter
    def voters(self, voters: Mapping[str, Voter]) -> None:
        """voters (Mapping[str, Voter]): The ensemble: name -> voter."""
        self._voters = dict(voters)

    @property
    def verifier(self) -> str | None:
        """RETURNS (str | None): Name of the voter that verifies: the one of the config, the one that
        tuning chose, or the first that can and is of use; None if there is none.
        """
        if named := self.cfg["verifier"]:
            return str(named)
        able = [name for name, voter in self.voters.items() if isinstance(voter, Verifier)]
        useful = [n for n in able if getattr(self.voters[n], "verifies", True)]
        chosen = self.tuning.verifier if self.cfg["tuned"].get("verification", True) else None
        return chosen if chosen in useful else next(iter(useful), None)

    @property
    def verification(self) -> bool:
        """RETURNS (bool): Whether candidates are verified: if the stage is on, tuning found it useful,
        and there is a voter for it.
        """
        useful = self.tuning.verification or not self.cfg["tuned"].get("verification", True)
        return bool(self.cfg["stages"]["verification"] and useful and self.verifier)

    @property
    def fitted_vote(self) -> VoteRule:
        """RETURNS (VoteRule): The vote rule, with what tuning fitted for it."""
        return self.tuning.fitted(self.vote, self.cfg["tuned"])

    def apply(self, tuning: Tuning) -> None:
        """Follow the choices of tuning, as far as the setting `tuned` allows.

        tuning (Tuning): The choices, which replace those before.
        RAISES (ValueError): EL293, they hold parameters that do not fit the vote rule.
        """
        tuning.fitted(self.vote, self.cfg["tuned"])
        self.tuning = tuning
        tuning.apply(self._voters or {}, self.cfg["tuned"])

    def method(self) -> FourStages:
        """RETURNS (FourStages): The stages as they are set now; zero-shot while the pool is empty."""
        return self._method(self.retriever if self.pool.entries else None)

    def _method(self, retriever: Retriever | None) -> FourStages:
        keys = ("labels", "k", "pos_weights", "max_sentences", "keep_loaded")
        tuning, parts, min_voters = self.tuning, self.cfg["tuned"], self.cfg["min_voters"]
        voting = tuning.voting(self.voters, parts)
        return FourStages(
            {name: self.voters[name] for name in voting},
            retriever,
            self.verifier or "",
            stages={**self.cfg["stages"], "verification": self.verification},
            vote=self.fitted_vote,
            confidence=tuning.confidence if parts.get("confidence", True) else None,
            cascade=tuning.cascade if parts.get("cascade", True) else None,
            own=self.pool.own,
            absences=self.absences,
            # Tuning may have left voters out, which are not missing.
            min_voters=None if min_voters is None else min(min_voters, len(voting)),
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
        pool = gold_demonstrations(docs)
        occurring = sorted({m.label for d in pool for m in d.mentions})
        if labels is not None:
            self.cfg["labels"] = {**labels} if isinstance(labels, dict) else dict.fromkeys(labels, "")
        elif occurring and not self.configured:
            self.cfg["labels"] = dict.fromkeys(occurring, "")
        if not self.cfg["labels"]:
            raise EL4NERSetupError(Errors.EL001.format(name=self.name))
        checks.check_labels(self.labels, self.name)
        checks.check_voters(self.voters, self.cfg, self.vote, self.name)
        if others := [label for label in occurring if label not in self.labels]:
            warnings.warn(Warnings.WL006.format(name=self.name, labels=", ".join(others)), stacklevel=2)
        self.pool = Pool()
        self.apply(Tuning())
        if pool:
            self.pool.entries = self._method(self.retriever).index(pool, progress(True))
        else:
            warnings.warn(Warnings.WL003.format(name=self.name), stacklevel=2)

    def add_demonstrations(self, docs: Iterable[Doc], instead_of: Container[str] = ()) -> int:
        """docs (Iterable[Doc]): Documents with gold entities, whose sentences join the pool.
        instead_of (Container[str]): Ids of demonstrations that they replace, in addition to those
            with the same sentence.
        RETURNS (int): How many were replaced.
        """
        self.prepare()
        added = gold_demonstrations(docs, self.pool.documents)
        entries = self._method(self.retriever).entries(added, progress(True))
        return self.pool.merge(entries, self.retriever, instead_of)

    def prepare(self) -> None:
        """Choose voters where the config names none, and index the corpus that `pool` names, once."""
        if self._voters is None:
            checks.check_process([*self.voters.values()])
        if self.cfg["pool"] and not self.pool.entries:
            self.initialize()

    def __call__(self, doc: Doc) -> Doc:
        """doc (Doc): The document.
        RETURNS (Doc): The same, annotated. Where too few voters are left, all are tried again.
        """
        panel = self.method().panel()
        if len(panel.present) < panel.needed:
            self.absences.clear()
        return super().__call__(doc)

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """stream (Iterable[Doc]): The documents.
        batch_size (int): Documents over which prompts are pooled.
        YIELDS (Doc): Every document, in order. A voter that does not answer stays out until
            `retry_after` seconds have passed, or until another stream begins.
        """
        self.absences.clear()
        yield from super().pipe(stream, batch_size=batch_size)

    def predict(self, docs: Sequence[Doc]) -> list[EnsembleResult]:
        """docs (Sequence[Doc]): The documents. They are only read.
        RETURNS (list[EnsembleResult]): Candidates and counts of each.
        """
        return self.trace(docs).results

    def trace(self, docs: Sequence[Doc]) -> EnsembleTrace:
        """docs (Sequence[Doc]): The documents. They are only read.
        RETURNS (EnsembleTrace): Candidates and counts of each, and what each stage did and dropped.
        """
        if not self.cfg["labels"]:
            raise EL4NERSetupError(Errors.EL001.format(name=self.name))
        # Without keep_loaded, a thread would unload the voter that another one is asking.
        with nullcontext() if self.cfg["keep_loaded"] else self._turn:
            return self.method().trace(docs)

    def _models(self) -> list[Any]:
        return [*(self._voters or {}).values(), getattr(self.retriever, "encoder", None)]

    def _writers(self) -> dict[str, Callable[[], bytes]]:
        return {
            "labels": lambda: cast(
                bytes, srsly.msgpack_dumps(record(self.cfg["labels"], self.configured))
            ),
            "pool": lambda: self.pool.to_bytes(self.retriever),
            "tuning": self.tuning.to_bytes,
        }

    def _readers(self) -> dict[str, Callable[[bytes], None]]:
        def labels(data: bytes) -> None:
            used, before = recorded(srsly.msgpack_loads(data), self.configured)
            now = self.configured
            self.cfg["labels"] = dict(now) if changed(before, now) else used

        return {
            "labels": labels,
            "pool": lambda b: self.pool.from_bytes(b, self.retriever),
            "tuning": lambda b: self.apply(Tuning.from_bytes(b)),
        }

    def _check(self) -> None:
        if self._voters is not None:
            checks.check_voters(self._voters, self.cfg, self.vote, self.name)
        checks.check_policy(self.cfg["on_error"])
        checks.check_sentences(self.cfg["max_sentences"])
        checks.check_labels(self.cfg["labels"], self.name)
        checks.check_confidence(self.cfg.get("min_confidence", 0.0))
        checks.check_names("stages", self.cfg["stages"], STAGES)
        checks.check_names("tuned", self.cfg["tuned"], CHOICES)

    def _read_pool(self) -> list[Doc]:
        """The labelled documents of the corpus that the config names, if it names one."""
        if not self.cfg["pool"]:
            return []
        from spacy_el4ner.corpora import read_docs

        return read_docs(Path(self.cfg["pool"]), self.vocab)

    def _warnings(self, results: Sequence[EnsembleResult]) -> Iterator[str]:
        absent = {name: why for r in results for name, why in r.counts["unavailable"].items()}
        for voter, reason in absent.items():
            yield Warnings.WL248.format(voter=voter, name=self.name, reason=reason)
        for voter in self.voters:
            n = sum(r.counts["split_by"].get(voter, 0) for r in results)
            if n:
                total = sum(r.counts["windows"] for r in results)
                yield Warnings.WL001.format(n=n, total=total, name=voter)
        if n := sum(r.counts["tokens_unread"] for r in results):
            yield Warnings.WL050.format(n=n, name=self.name)
        if n := sum(r.counts["unparsed"] for r in results):
            yield Warnings.WL007.format(n=n, name=self.name)

    def annotation(self, doc: Doc, result: EnsembleResult) -> Annotation:
        """doc (Doc): A document. It is only read.
        result (EnsembleResult): What `predict` returned for it.
        RETURNS (Annotation): Its entities, all candidates and the counts.
        """
        kept = [] if self.cfg["overwrite_ents"] else list(doc.ents)
        taken = [(span.start_char, span.end_char) for span in (*kept, *blocked(doc))]
        chosen = [c for c in resolve(result.candidates, taken) if self.is_sure(c.label, c.confidence)]
        return Annotation(
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
