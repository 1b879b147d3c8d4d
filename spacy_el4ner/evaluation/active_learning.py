"""The labels that a pipeline needs when a strategy chooses the sentences to label next.

Active learning is simulated on labelled sentences: train on a few of them, let the strategy choose more
among those that the pipeline annotated, add their gold labels, and train again, until F1 is close to
that of training on all.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import fix_random_seed

from spacy_el4ner.corpora.examples import unannotated
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.evaluation.ensemble_tables import table
from spacy_el4ner.evaluation.machine import machine
from spacy_el4ner.evaluation.unfinished import UnfinishedRows, always
from spacy_el4ner.scorer import score
from spacy_el4ner.text.windows import cut

Row = dict[str, Any]
Trainer = Callable[[list[Example]], Language]
"""Trains a pipeline on labelled sentences."""
Choice = Callable[[Sequence[Doc], Language, int, int], Iterable[Doc]]
"""Given annotated sentences, the pipeline that annotated them, a number and a seed, returns so many of
the sentences at most."""

SHARE = 0.95
"""The share of the final F1 to be reached."""
RANDOM = "random"
"""The strategy that the others are compared with."""
HEADER = ("strategy", "sentences", "of random", "tokens", "of random")


def active_learning(
    pool: Sequence[Doc],
    test: Sequence[Doc],
    train: Trainer,
    strategies: Mapping[str, Choice],
    *,
    start: int = 40,
    batch: int = 40,
    seeds: Sequence[int] = (0, 1, 2),
    about: Mapping[str, Any] | None = None,
    unfinished: Path | None = None,
    say: Callable[[str], Any] = print,
) -> dict[str, Any]:
    """Measure how many labelled sentences each strategy needs for 95% of the final F1, which is that of
    training on the whole pool.

    pool (Sequence[Doc]): Labelled sentences to choose from, such as `labelled_sentences` returns.
    test (Sequence[Doc]): Labelled sentences to measure F1 on.
    train (Callable): Trains a pipeline on examples. A strategy that judges by votes needs one with a
        component of this package.
    strategies (Mapping[str, Callable]): Name -> the function that chooses among annotated sentences.
    start (int): Sentences that are labelled at first, drawn by seed and the same for all strategies.
    batch (int): Sentences that are labelled in a round. Where a strategy chooses fewer, the rest is
        drawn.
    seeds (Sequence[int]): Seeds of training and drawing, one run of each strategy for each.
    about (Mapping[str, Any] | None): What else the rows depend on, such as the settings of the
        training, as plain data for the record.
    unfinished (Path | None): A file in which finished rows are kept until all are measured, for a
        simulation that is interrupted; None to keep none.
    say (Callable[[str], Any]): Called with what is measured next.
    RETURNS (dict[str, Any]): `rows`, one for each strategy and seed, with the lists `labels`
        (sentences), `tokens` (their tokens) and `f1` of the rounds; `final`, the F1 of each seed;
        `labels_for_95` and `tokens_for_95`, with `mean`, `sd` and the values of all `seeds` of each
        strategy; the settings, the machine and the versions.
    RAISES (ValueError): EL374, the numbers do not fit the sentences; EL375, the final F1 is 0.
    """
    simulation = Simulation(pool, test, train, start, batch)
    texts = json.dumps([[doc.text for doc in docs] for docs in (pool, test)])
    settings = {
        **(about or {}),
        "sentences": len(pool),
        "test_sentences": len(test),
        "texts": hashlib.sha256(texts.encode()).hexdigest(),
        "start": start,
        "batch": batch,
    }
    once = UnfinishedRows(unfinished, settings) if unfinished else always
    final, rows = [], []
    for seed in seeds:
        say(f"All {len(pool)} sentences, seed {seed}")
        last = once(f"all {seed}", partial(simulation.final, seed))
        final.append(last)
        for name, choose in strategies.items():
            say(f"Strategy '{name}', seed {seed}")
            curve = once(f"{name} {seed}", partial(simulation.curve, choose, last))
            rows.append({"strategy": name, "seed": seed, **curve})
    record = {
        **settings,
        "seeds": list(seeds),
        **machine(),
        "final": final,
        "rows": rows,
        **{f"{unit}_for_95": _summary(rows, strategies, unit) for unit in ("labels", "tokens")},
    }
    if isinstance(once, UnfinishedRows):
        once.finish()
    return record


@dataclass(frozen=True)
class Simulation:
    """What all runs of a measurement have in common.

    pool (Sequence[Doc]), test (Sequence[Doc]): Labelled sentences.
    train (Callable): Trains a pipeline on examples.
    start (int), batch (int): Sentences that are labelled at first, and in a round.
    """

    pool: Sequence[Doc]
    test: Sequence[Doc]
    train: Trainer
    start: int
    batch: int

    def __post_init__(self) -> None:
        """RAISES (ValueError): EL374, the numbers do not fit the sentences."""
        if not (0 < self.start < len(self.pool) and self.batch > 0):
            message = Errors.EL374.format(start=self.start, batch=self.batch, pool=len(self.pool))
            raise EL4NERValueError(message)

    def final(self, seed: int) -> Row:
        """seed (int): Seed of the training.
        RETURNS (dict[str, Any]): `seed`, `labels`, `tokens` and `f1` of training on the whole pool.
        RAISES (ValueError): EL375, the F1 is 0.
        """
        f1 = self.f1(self.trained(range(len(self.pool)), seed))
        if not f1:
            raise EL4NERValueError(Errors.EL375.format(pool=len(self.pool), test=len(self.test)))
        return {"seed": seed, "labels": len(self.pool), "tokens": sum(map(len, self.pool)), "f1": f1}

    def curve(self, choose: Choice, final: Row) -> Row:
        """choose (Callable): Chooses among annotated sentences.
        final (dict[str, Any]): What `final` returned for the seed of the run.
        RETURNS (dict[str, Any]): `labels`, `tokens` and `f1` of each round; the last one reaches the
            share of the final F1, if only by labelling the whole pool.
        """
        rng = random.Random(final["seed"])
        labelled = rng.sample(range(len(self.pool)), self.start)
        rounds: list[tuple[int, int, float]] = []
        while len(labelled) < len(self.pool):
            nlp = self.trained(labelled, final["seed"])
            rounds.append((len(labelled), self._tokens(labelled), self.f1(nlp)))
            if rounds[-1][2] >= SHARE * final["f1"]:
                break
            labelled += self._chosen(choose, nlp, labelled, rng)
        else:
            rounds.append((final["labels"], final["tokens"], final["f1"]))
        return dict(zip(("labels", "tokens", "f1"), map(list, zip(*rounds, strict=True)), strict=True))

    def trained(self, labelled: Iterable[int], seed: int) -> Language:
        """labelled (Iterable[int]): Indices of sentences of the pool.
        seed (int): Seed of the training.
        RETURNS (Language): A pipeline that is trained on them.
        """
        fix_random_seed(seed)
        docs = [self.pool[n] for n in labelled]
        return self.train([Example(unannotated(doc), doc) for doc in docs])

    def f1(self, nlp: Language) -> float:
        """nlp (Language): A pipeline.
        RETURNS (float): F1 of its entities on the test sentences, 0 to 1.
        """
        pairs = zip(_annotated(nlp, self.test), self.test, strict=True)
        return score(Example(found, gold) for found, gold in pairs)["ents_f"] or 0.0

    def _chosen(
        self, choose: Choice, nlp: Language, labelled: Sequence[int], rng: random.Random
    ) -> list[int]:
        """Indices of the sentences to label next."""
        left = sorted(set(range(len(self.pool))) - set(labelled))
        wanted = min(self.batch, len(left))
        docs = _annotated(nlp, [self.pool[n] for n in left])
        number = {id(doc): n for doc, n in zip(docs, left, strict=True)}
        chosen = [number[id(doc)] for doc in choose(docs, nlp, wanted, rng.randrange(2**32))]
        others = sorted(set(left) - set(chosen))
        return chosen + rng.sample(others, wanted - len(chosen))

    def _tokens(self, labelled: Iterable[int]) -> int:
        return sum(len(self.pool[n]) for n in labelled)


def labelled_sentences(docs: Iterable[Doc]) -> list[Doc]:
    """docs (Iterable[Doc]): Documents with gold entities.
    RETURNS (list[Doc]): Each of their sentences as a document of its own.
    """
    spans = [doc.char_span(w.start, w.end) for doc in docs for w in cut(doc, 1)]
    return [span.as_doc() for span in spans if span is not None]


def markdown(record: Mapping[str, Any]) -> str:
    """record (Mapping[str, Any]): What `active_learning` returned.
    RETURNS (str): Sentences and tokens that each strategy needs, as a Markdown table: means over the
        seeds with their standard deviation, and the share of what a random choice needs.
    """
    units = [record["labels_for_95"], record["tokens_for_95"]]
    rows = []
    for name in units[0]:
        cells = []
        for unit in units:
            own, drawn = unit[name], unit.get(RANDOM)
            cells += [f"{own['mean']:.0f} ± {own['sd']:.0f}"]
            cells += [f"{own['mean'] / drawn['mean']:.0%}" if drawn else "–"]
        rows.append([name, *cells])
    return table(HEADER, rows)


def _annotated(nlp: Language, docs: Sequence[Doc]) -> list[Doc]:
    """The texts of documents, in the same tokens, as a pipeline annotates them."""
    bare = (
        Doc(nlp.vocab, words=[t.text for t in doc], spaces=[bool(t.whitespace_) for t in doc])
        for doc in docs
    )
    return list(nlp.pipe(bare))


def _summary(rows: Sequence[Row], strategies: Iterable[str], unit: str) -> dict[str, Row]:
    """What each strategy needed in the last round of each seed."""
    needed = {name: [r[unit][-1] for r in rows if r["strategy"] == name] for name in strategies}
    return {
        name: {"mean": mean(own), "sd": stdev(own) if len(own) > 1 else 0.0, "seeds": own}
        for name, own in needed.items()
    }
