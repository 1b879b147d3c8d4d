"""The rows of `metrics/<name>/ensemble.json`: the ensemble, each backbone alone, and ablations.

All rows see the same documents and the same pool. Nothing is chosen on the test split in the method's
favour: `no_vote` is the classifier that happens to be best *on the test split*, the strongest opponent
of the vote that there is.
"""

import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_el4ner.ensemble.vote import MajorityVote, SingleVote
from spacy_el4ner.errors import Errors
from spacy_el4ner.evaluation.documents import before
from spacy_el4ner.evaluation.memo import Account, MemoBackend
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.retrieval.base import Retriever
from spacy_el4ner.retrieval.random import RandomDemonstrations
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from spacy_el4ner.scorer import annotated, score

Row = dict[str, Any]
SHOTS = (0, 1, 3, 5)


@dataclass
class Bench:
    """A pipeline, the backends of its ensemble remembered, and the documents to measure on.

    nlp (Language): The pipeline.
    gold (Sequence[Doc]): Labelled documents.
    """

    nlp: Language
    gold: Sequence[Doc]

    def __post_init__(self) -> None:
        self.component = load_component(self.nlp)
        start = time.perf_counter()
        self.docs = before(self.nlp, self.component, self.gold)
        self.seconds = time.perf_counter() - start
        self.account = Account()
        self.members = [
            replace(b, backend=MemoBackend(b.backend, self.account)) for b in self.component.backbones
        ]

    def variant(self, **changes: Any) -> LLMEnsembleNER:
        """RETURNS (LLMEnsembleNER): The component with other settings; its backends are shared."""
        variant = copy(self.component)
        variant.cfg = {**self.component.cfg}
        variant.backbones = changes.pop("backbones", self.members)
        if variant.cfg["verifier"] not in [None, *(b.name for b in variant.backbones)]:
            variant.cfg["verifier"] = None
        for attribute in ("retriever", "vote"):
            if attribute in changes:
                setattr(variant, attribute, changes.pop(attribute))
        stages = {**variant.cfg["stages"], **changes.pop("stages", {})}
        variant.cfg.update(changes, stages=stages, on_error="raise")
        return variant

    def row(self, **changes: Any) -> Row:
        """RETURNS (Row): Scores and cost of a variant over all documents."""
        component = self.variant(**changes)
        self.account.reset()
        start = time.perf_counter()
        predicted = list(component.pipe((doc.copy() for doc in self.docs), batch_size=256))
        wall = time.perf_counter() - start
        seconds = self.seconds + wall - self.account.spent + self.account.seconds
        examples = [Example(p, g) for p, g in zip(predicted, self.gold, strict=True)]
        scores = score(examples)
        return {
            "ents_p": scores["ents_p"] or 0.0,
            "ents_r": scores["ents_r"] or 0.0,
            "ents_f": scores["ents_f"] or 0.0,
            "ents_per_type": scores["ents_per_type"] or {},
            "docs_per_s": len(self.gold) / seconds,
            "forward_passes": round(self.account.passes),
            "expected_calibration_error": scores["el4ner_calibration_error"],
        }

    def extraction(self) -> dict[str, Row]:
        """RETURNS (dict[str, Row]): Untyped precision, recall and F1 of each backbone and the union, of
        what was found where the gold entities are known.
        """
        stages = {"classification": False, "verification": False}
        component = self.variant(stages=stages, backbones=self.members)
        results = component.predict(self.docs)
        gold = {(n, e.start_char, e.end_char) for n, d in enumerate(self.gold) for e in d.ents}
        by_name: dict[str, set[tuple[int, int, int]]] = {b.name: set() for b in self.members}
        by_name["union"] = set()
        for n, result in enumerate(results):
            for c in result.candidates:
                if not annotated(self.gold[n], c.start, c.end):
                    continue
                by_name["union"].add((n, c.start, c.end))
                for name in c.proposals:
                    by_name[name].add((n, c.start, c.end))
        return {name: _prf(found, gold) for name, found in by_name.items()}


Say = Callable[[str], None]


def evaluate(bench: Bench, say: Say = print) -> dict[str, Any]:
    """bench (Bench): What to measure, on what.
    say (Callable[[str], None]): Told of each row before it is measured.
    RETURNS (dict[str, Any]): `full`, `backbones`, `extraction` and `ablations`.
    """
    say("the full ensemble")
    full = bench.row()
    backbones = {}
    for member in bench.members:
        say(f"{member.name} alone, through the same stages")
        backbones[member.name] = bench.row(backbones=[member])
    say("extraction by each backbone and by the union")
    extraction = bench.extraction()
    say("without verification")
    ablations = {"no_verification": bench.row(stages={"verification": False})}
    say("without a vote")
    ablations["no_vote"] = _best_single(bench)
    if not isinstance(bench.component.vote, MajorityVote):
        say("with a majority vote")
        ablations["majority_vote"] = bench.row(vote=MajorityVote())
    own, least = (getattr(bench.component.retriever, n, None) for n in ("encoder", "min_similarity"))
    others: dict[str, Retriever] = {
        "random_demonstrations": RandomDemonstrations(),
        "sentence_similarity": SentenceSimilarity(own, least),
    }
    for name, retriever in others.items():
        say(f"with {name.replace('_', ' ')}")
        retriever.index(bench.component.pool.entries)
        ablations[name] = bench.row(retriever=retriever)
    return {
        "full": full,
        "backbones": backbones,
        "extraction": extraction,
        "ablations": ablations,
    }


def ablate(bench: Bench, say: Say = print) -> dict[str, Row]:
    """RETURNS (dict[str, Row]): The further ablations: zero-shot, k, number of backbones, verifier."""
    rows = {}
    say("zero-shot")
    rows["zero_shot"] = bench.row(stages={"demonstrations": False})
    retriever = any_similarity(bench.component)
    for k in SHOTS:
        say(f"k = {k}")
        rows[f"k={k}"] = bench.row(k=k, retriever=retriever)
    for n in range(1, len(bench.members) + 1):
        say(f"{n} backbones")
        rows[f"n_backbones={n}"] = bench.row(backbones=bench.members[:n])
    for member in bench.members:
        say(f"verifier = {member.name}")
        rows[f"verifier={member.name}"] = bench.row(verifier=member.name)
    return rows


def _best_single(bench: Bench) -> Row:
    rows = [
        {**bench.row(vote=SingleVote(member.name)), "classifier": member.name}
        for member in bench.members
    ]
    return max(rows, key=lambda row: row["ents_f"])


def _prf(found: set[Any], gold: set[Any]) -> Row:
    right = len(found & gold)
    p, r = right / max(1, len(found)), right / max(1, len(gold))
    return {"ents_p": p, "ents_r": r, "ents_f": 2 * p * r / (p + r) if right else 0.0}


def any_similarity(component: LLMEnsembleNER) -> Any:
    """RETURNS (Retriever): The component's, but that it finds the k most similar always."""
    retriever: Any = component.retriever
    if getattr(retriever, "min_similarity", None) is None:
        return retriever
    found = type(retriever)(retriever.encoder)
    found.from_dict(retriever.to_dict(), component.pool.entries)
    return found


def load_component(nlp: Language) -> LLMEnsembleNER:
    """RETURNS (LLMEnsembleNER): The pipeline's component.
    RAISES (ValueError): It has none.
    """
    for _, component in nlp.pipeline:
        if isinstance(component, LLMEnsembleNER):
            return component
    names = ", ".join(nlp.pipe_names)
    path = nlp.meta["name"]
    raise ValueError(Errors.EL014.format(path=path, factory="llm_ensemble_ner", names=names))
