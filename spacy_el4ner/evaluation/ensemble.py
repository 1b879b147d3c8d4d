"""The rows of `metrics/<name>/ensemble.json`: the ensemble, each voter alone, and ablations.

All rows see the same documents and the same pool. Nothing is chosen on the test split in the method's
favour: `no_vote` is the classifier that happens to be best *on the test split*, the strongest opponent
of the vote that there is.
"""

import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_el4ner.ensemble.vote import MajorityVote, SingleVote
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.evaluation.ensemble_tables import ENSEMBLE
from spacy_el4ner.evaluation.memo import Account, remembering
from spacy_el4ner.evaluation.unfinished import Once, always
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.upstream import before
from spacy_el4ner.progress import track
from spacy_el4ner.retrieval.base import Retriever
from spacy_el4ner.retrieval.random import RandomDemonstrations
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from spacy_el4ner.scorer import annotated, score
from spacy_el4ner.scores import prf
from spacy_el4ner.voters.base import Verifier

Row = dict[str, Any]
DEMONSTRATIONS = (0, 1, 3, 5)


@dataclass
class Bench:
    """A pipeline, the backends of its ensemble remembered, and the documents to measure on.

    nlp (Language): The pipeline.
    gold (Sequence[Doc]): Labelled documents.
    """

    nlp: Language
    gold: Sequence[Doc]

    def __post_init__(self) -> None:
        self.component = find_component(self.nlp, LLMEnsembleNER)
        self.component.prepare()
        start = time.perf_counter()
        self.docs = before(self.nlp, self.component, self.gold)
        self.seconds = time.perf_counter() - start
        self.account = Account()
        self.members = {
            name: remembering(voter, self.account) for name, voter in self.component.voters.items()
        }

    def variant(self, **changes: Any) -> LLMEnsembleNER:
        """**changes (Any): Settings that differ, and `voters`, `retriever` or `vote`.
        RETURNS (LLMEnsembleNER): The component with these settings; its backends are shared. If
            anything but `min_confidence` differs, its confidence is raw, because a calibration holds
            for what it was fitted to, and no entity is left out for its confidence. With other voters
            or another vote, all are asked about everything.
        """
        if changes.keys() - {"min_confidence"}:
            tuned = changes.get("tuned", self.component.cfg["tuned"])
            others = {"confidence": False}
            if changes.keys() & {"voters", "vote"}:
                others["cascade"] = False
            changes |= {"min_confidence": 0.0, "tuned": {**tuned, **others}}
        variant = copy(self.component)
        variant.cfg = {**self.component.cfg}
        variant.voters = changes.pop("voters", self.members)
        if variant.cfg["verifier"] not in (None, *variant.voters):
            variant.cfg["verifier"] = None
        for attribute in ("retriever", "vote"):
            if attribute in changes:
                setattr(variant, attribute, changes.pop(attribute))
        stages = {**variant.cfg["stages"], **changes.pop("stages", {})}
        variant.cfg.update(changes, stages=stages, on_error="raise")
        return variant

    @property
    def all_vote(self) -> dict[str, bool]:
        """RETURNS (dict[str, bool]): The setting `tuned` under which voters that tuning left out vote
        as well.
        """
        return {**self.component.cfg["tuned"], "votes": False}

    def row(self, **changes: Any) -> Row:
        """**changes (Any): As for `variant`.
        RETURNS (Row): Scores and cost of the variant over all documents.
        """
        component = self.variant(**changes)
        self.account.reset()
        start = time.perf_counter()
        stream = component.pipe((doc.copy() for doc in self.docs), batch_size=256)
        predicted = list(track(stream, "Measuring", len(self.docs)))
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
            "tokens": self.account.tokens,
            "expected_calibration_error": scores["el4ner_calibration_error"],
            "error_by_chance": scores["el4ner_error_by_chance"],
            "brier_score": scores["el4ner_brier_score"],
            "aurc": scores["el4ner_aurc"],
        }

    def extraction(self) -> dict[str, Row]:
        """RETURNS (dict[str, Row]): Precision, recall and F1 of the spans of each voter and of the
        union, without labels, 0 to 1; only over tokens whose gold entities are known.
        """
        stages = {"classification": False, "verification": False}
        component = self.variant(stages=stages, voters=self.members, tuned=self.all_vote)
        results = component.predict(self.docs)
        gold = {(n, e.start_char, e.end_char) for n, d in enumerate(self.gold) for e in d.ents}
        by_name: dict[str, set[tuple[int, int, int]]] = {name: set() for name in self.members}
        by_name["union"] = set()
        for n, result in enumerate(results):
            for c in result.candidates:
                if not annotated(self.gold[n], c.start, c.end):
                    continue
                by_name["union"].add((n, c.start, c.end))
                for name in c.proposals:
                    by_name[name].add((n, c.start, c.end))
        return {name: prf(spans, gold).to_dict("ents_") for name, spans in by_name.items()}


Say = Callable[[str], None]


def evaluate(
    bench: Bench, say: Say = print, *, ablations: bool = True, once: Once = always
) -> dict[str, Any]:
    """bench (Bench): The ensemble and the documents.
    say (Callable[[str], None]): Called with the name of each row before it is measured.
    ablations (bool): Whether to measure the ablations too.
    once (Callable): Returns the row of a name, given a function that measures it.
    RETURNS (dict[str, Any]): `rows`, from "ensemble" and each voter to its scores; `extraction` and
        `ablations`; for a calibrated ensemble `confidence`, the quality of its confidences and of the
        raw ones; for one with a cascade `cascade`, what it saves and loses.
    RAISES (EL4NERValueError): EL317, a voter has the name of the row of the ensemble.
    """
    if ENSEMBLE in bench.members:
        raise EL4NERValueError(Errors.EL317.format(name=ENSEMBLE))

    def row(title: str, name: str, measure: Callable[[], Row]) -> Row:
        say(title)
        return once(name, measure)

    rows = {ENSEMBLE: row("the full ensemble", ENSEMBLE, bench.row)}
    for name, voter in bench.members.items():
        title = f"{name} alone, through the same stages"
        rows[name] = row(title, f"voter {name}", partial(bench.row, voters={name: voter}))
    title = "extraction by each voter and by the union"
    extraction = row(title, "extraction", bench.extraction)
    confidence: dict[str, dict[str, Any]] = {}
    if bench.component.method().confidence is not None:
        versions: dict[str, dict[str, Any]] = {
            "raw": {"tuned": bench.component.cfg["tuned"]},
            "calibrated": {"min_confidence": 0.0},
        }
        for name, changes in versions.items():
            title = f"the full ensemble with its {name} confidence"
            one = row(title, f"{name} confidence", partial(bench.row, **changes))
            confidence.setdefault("confidence", {})[name] = _quality(one)
    cascade: dict[str, Any] = {}
    if bench.component.method().cascade is not None:
        tuned = {**bench.component.cfg["tuned"], "cascade": False}
        every = row("with all voters asked", "no cascade", partial(bench.row, tuned=tuned))
        cascade["cascade"] = _saving(rows[ENSEMBLE], every)
    measured = {}
    for name, (title, measure) in (_ablations(bench) if ablations else {}).items():
        measured[name] = row(title, f"ablation {name}", measure)
    return {"rows": rows, "extraction": extraction, **confidence, **cascade, "ablations": measured}


def _saving(cascade: Row, every: Row) -> dict[str, Any]:
    """What a cascade saves and loses, and the row with all voters asked about everything."""
    return {
        "tokens_share": cascade["tokens"] / every["tokens"] if every["tokens"] else None,
        "f1_loss": every["ents_f"] - cascade["ents_f"],
        "all_voters": every,
    }


def _quality(row: Row) -> dict[str, float | None]:
    """The measures of the confidences in a row."""
    return {
        "ece": row["expected_calibration_error"],
        "by_chance": row["error_by_chance"],
        "brier": row["brier_score"],
        "aurc": row["aurc"],
    }


def _ablations(bench: Bench) -> dict[str, tuple[str, Callable[[], Row]]]:
    """The ablations that are measured unless they are left out: name -> title, and what measures it."""
    without = {"verification": False}
    ablations: dict[str, tuple[str, Callable[[], Row]]] = {
        "no_verification": ("without verification", partial(bench.row, stages=without)),
        "no_vote": ("without a vote", partial(_best_single, bench)),
    }
    if not isinstance(bench.component.vote, MajorityVote):
        ablations["majority_vote"] = ("with a majority vote", partial(bench.row, vote=MajorityVote()))
    if not bench.component.cfg["k"]:
        return ablations  # without demonstrations, other retrievers would give the same row again
    own, least = (getattr(bench.component.retriever, n, None) for n in ("encoder", "min_similarity"))
    others: dict[str, Retriever] = {
        "random_demonstrations": RandomDemonstrations(),
        "sentence_similarity": SentenceSimilarity(own, least),
    }
    for name, retriever in others.items():
        ablations[name] = f"with {name.replace('_', ' ')}", partial(_retrieving, bench, retriever)
    return ablations


def _retrieving(bench: Bench, retriever: Retriever) -> Row:
    retriever.index(bench.component.pool.entries)
    return bench.row(retriever=retriever)


def ablate(bench: Bench, say: Say = print) -> dict[str, Row]:
    """bench (Bench): The ensemble and the documents.
    say (Callable): Called with the name of each ablation before it is measured.
    RETURNS (dict[str, Row]): The further ablations: zero-shot, k, number of voters, verifier.
    """
    rows = {}
    say("zero-shot")
    rows["zero_shot"] = bench.row(stages={"demonstrations": False})
    retriever = any_similarity(bench.component)
    for k in DEMONSTRATIONS:
        say(f"k = {k}")
        rows[f"k={k}"] = bench.row(k=k, retriever=retriever)
    for n in range(1, len(bench.members) + 1):
        say(f"{n} voters")
        first = dict(islice(bench.members.items(), n))
        rows[f"n_voters={n}"] = bench.row(voters=first, tuned=bench.all_vote)
    for name, voter in bench.members.items():
        if isinstance(voter, Verifier):
            say(f"verifier = {name}")
            rows[f"verifier={name}"] = bench.row(verifier=name)
    return rows


def _best_single(bench: Bench) -> Row:
    rows = [
        {**bench.row(vote=SingleVote(name), tuned=bench.all_vote), "classifier": name}
        for name in bench.members
    ]
    return max(rows, key=lambda row: row["ents_f"])


def any_similarity(component: LLMEnsembleNER) -> Any:
    """component (LLMEnsembleNER): The ensemble.
    RETURNS (Retriever): Its retriever, or a copy of it, without a minimum similarity: it always finds k
        demonstrations.
    """
    retriever: Any = component.retriever
    if getattr(retriever, "min_similarity", None) is None:
        return retriever
    unlimited = type(retriever)(retriever.encoder)
    unlimited.from_dict(retriever.to_dict(), component.pool.entries)
    return unlimited
