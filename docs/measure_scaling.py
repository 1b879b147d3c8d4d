"""How the cost of `llm_ensemble_ner` grows with the text, the labels and the voters, zero-shot.

    python docs/measure_scaling.py corpus/sample_en/test.spacy docs/results/real/scaling.json

Each point is one text, of which nothing is known from before: no demonstrations, and no prefixes of
prompts. All voters ask one model, whose weights they share, in the same words but for the names of the
labels. The entities of the corpus are proposed beside them, so that as many questions are asked as
there are entities, whatever an untuned model finds. The same command continues an interrupted run.
speed.md has the tables.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import partial
from itertools import islice
from math import exp, log
from pathlib import Path
from statistics import linear_regression, median
from typing import Any

import spacy
from spacy.tokens import Doc

from spacy_el4ner.api import (
    ABSTAIN,
    Ballot,
    Demonstrations,
    FindingVoter,
    Labels,
    LLMEnsembleNER,
    Spans,
    TypedSpan,
    Window,
    find_component,
    read_docs,
    unannotated,
)
from spacy_el4ner.evaluation.bench.backends import SharedModelBackend
from spacy_el4ner.evaluation.bench.ensemble import variant
from spacy_el4ner.evaluation.bench.memory import PeakMemory
from spacy_el4ner.evaluation.machine import machine, portable_name
from spacy_el4ner.evaluation.unfinished import Once, UnfinishedRows
from spacy_el4ner.plots import BLUE, GREY, saved_figure
from spacy_el4ner.storage.atomic import replacing
from spacy_el4ner.text.windows import sentences

SERIES: Mapping[str, Sequence[int]] = {
    "tokens": (10, 30, 100, 300, 1000, 2000),
    "labels": (2, 5, 10, 20, 50),
    "voters": (1, 2, 3, 4, 5),
}
"""What varies -> its sizes."""
USUAL: Mapping[str, int] = {"tokens": 100, "labels": 5, "voters": 2}
"""The size of what does not vary."""
COSTS = ("seconds", "tokens_read")
"""What is fitted."""
TEMPLATE = "en"
WORDINGS: tuple[Callable[[str], str], ...] = (
    *(str.lower, str.upper, str.title),
    *("{} name".format, "named {}".format),
)
"""What each voter makes of the names of the labels, so that no two ask alike."""
KNOWN = {
    "PERSON": "people, real or invented",
    "ORG": "companies, agencies, clubs and other organizations",
    "GPE": "countries, states and cities",
    "LOC": "mountains, rivers, seas and other places",
    "PRODUCT": "things that are made and sold",
    "WORK_OF_ART": "titles of books, films, songs and paintings",
    "EVENT": "battles, festivals, matches and storms",
}
"""Labels of corpora, with descriptions; one that is missing here is described by its name."""
OTHERS = {
    "vehicle": "cars, ships, trains and aircraft",
    "animal": "kinds of animals",
    "plant": "trees, flowers and crops",
    "disease": "illnesses and disorders",
    "symptom": "signs of an illness",
    "drug": "medicines and their substances",
    "chemical": "chemical elements and compounds",
    "gene": "genes of any organism",
    "protein": "proteins and enzymes",
    "organ": "parts of the body",
    "food": "dishes and what they are made of",
    "drink": "beverages of all kinds",
    "garment": "clothes and shoes",
    "instrument": "musical instruments",
    "tool": "what is worked with by hand",
    "weapon": "arms and ammunition",
    "material": "metals, fabrics and other materials",
    "mineral": "rocks, ores and gems",
    "building": "houses, towers, bridges and stadiums",
    "room": "parts of a building",
    "street": "roads, squares and their numbers",
    "planet": "planets, moons and stars",
    "language": "spoken and written languages",
    "religion": "faiths and churches",
    "nationality": "peoples and citizens of countries",
    "profession": "occupations and trades",
    "title": "ranks and forms of address",
    "family": "relatives of a person",
    "party": "political parties",
    "law": "acts, treaties and constitutions",
    "court": "courts and tribunals",
    "crime": "offences against the law",
    "school": "schools and universities",
    "subject": "fields of study",
    "theory": "scientific theories and laws",
    "award": "prizes and medals",
    "sport": "games and disciplines",
    "team": "clubs that play together",
    "band": "groups of musicians",
    "genre": "kinds of music, film or writing",
    "newspaper": "papers and magazines",
    "website": "sites and services of the internet",
    "software": "programs and operating systems",
    "device": "machines and electronic equipment",
    "algorithm": "methods of computation",
    "currency": "kinds of money",
    "money": "amounts of money",
    "quantity": "measures with their units",
    "percentage": "shares of a hundred",
    "date": "days, months and years",
    "time": "hours and parts of the day",
    "holiday": "days that are celebrated",
    "color": "colors and shades",
    "emotion": "feelings and moods",
}
"""Further labels, with descriptions, for more than a corpus has."""
Row = dict[str, Any]
Point = Mapping[str, int]


class Entities(FindingVoter):
    """Proposes the entities of a text, and abstains from the vote on their labels.

    text (Doc): The text with its entities.
    """

    identity = "entities"

    def __init__(self, text: Doc):
        super().__init__()
        self.spans = [(ent.start_char, ent.end_char) for ent in text.ents]

    def find(self, windows: Sequence[Window], labels: Labels) -> list[list[TypedSpan]]:
        """windows (Sequence[Window]): Windows of the text.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[list[TypedSpan]]): The entities in each, with any label.
        """
        label = next(iter(labels))
        return [
            [
                TypedSpan(start - window.start, end - window.start, label, 1.0)
                for start, end in self.spans
                if window.start <= start and end <= window.end
            ]
            for window in windows
        ]

    def classify(
        self, windows: Sequence[Window], spans: Spans, demonstrations: Demonstrations, labels: Labels
    ) -> list[list[Ballot]]:
        """Abstain; see `Voter.classify` for the parameters.

        windows (Sequence[Window]): The windows.
        spans (Sequence[Sequence[Span]]): The spans of each window.
        demonstrations (Sequence[Sequence[Demonstration]]): Not used.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[list[Ballot]]): One per span of each window, in order.
        """
        return [[ABSTAIN for _ in wanted] for wanted in spans]


def ensemble(model: str, labels: Mapping[str, str], dtype: str = "fast") -> LLMEnsembleNER:
    """model (str): A model, as `HFBackend` takes it.
    labels (Mapping[str, str]): All labels, with descriptions.
    dtype (str): The type to compute in.
    RETURNS (LLMEnsembleNER): An ensemble of as many voters as there are wordings, which has nothing to
        show them.
    """
    backend = {"@el4ner_backends": "spacy-el4ner.HFBackend.v1", "model": model, "dtype": dtype}
    plain = {label: label.replace("_", " ") for label in labels}
    voters = {
        f"voter {number}": {
            "@el4ner_voters": "spacy-el4ner.PromptedVoter.v1",
            "template": TEMPLATE,
            "label_names": {label: worded(name) for label, name in plain.items()},
            "backend": backend,
        }
        for number, worded in enumerate(WORDINGS, 1)
    }
    nlp = spacy.blank("en")
    nlp.add_pipe("llm_ensemble_ner", config={"labels": dict(labels), "voters": voters})
    return variant(find_component(nlp, LLMEnsembleNER), SharedModelBackend.twin)


def described(docs: Sequence[Doc]) -> dict[str, str]:
    """docs (Sequence[Doc]): The corpus.
    RETURNS (dict[str, str]): Its labels, the most frequent first, and then the others, with
        descriptions.
    """
    frequent = Counter(ent.label_ for doc in docs for ent in doc.ents).most_common()
    own = {label: KNOWN.get(label, label.replace("_", " ").lower()) for label, _ in frequent}
    taken = {label.lower() for label in own}
    return {**own, **{label: text for label, text in OTHERS.items() if label not in taken}}


def joined(docs: Sequence[Doc], tokens: int) -> Doc:
    """docs (Sequence[Doc]): The corpus.
    tokens (int): Length of the text.
    RETURNS (Doc): Its first sentences as one text with their entities, the last one cut where the text
        is full.
    """
    words, spaces, tags, starts = [], [], [], list[bool | int | None]()
    for doc in docs:
        for sentence in sentences(doc):
            seen = [token for token in sentence if not token.is_space]
            words += [token.text for token in seen]
            # Sentences of different documents are set off by a space, too.
            spaces += [bool(t.whitespace_) or n == len(seen) for n, t in enumerate(seen, 1)]
            tags += [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else "O" for t in seen]
            starts += [n == 0 for n in range(len(seen))]
    kept = slice(tokens)
    parts = {"words": words, "spaces": spaces, "ents": tags, "sent_starts": starts}
    return Doc(docs[0].vocab, **{name: part[kept] for name, part in parts.items()})


def points(series: Mapping[str, Sequence[int]]) -> dict[str, Point]:
    """series (Mapping[str, Sequence[int]]): What varies -> its sizes.
    RETURNS (dict[str, Point]): Name -> all sizes of each point of each series.
    """
    return {
        f"{name}: {size}": {**USUAL, name: size} for name, sizes in series.items() for size in sizes
    }


def measure(whole: LLMEnsembleNER, docs: Sequence[Doc], point: Point, repeats: int) -> Row:
    """whole (LLMEnsembleNER): An ensemble of all voters and labels.
    docs (Sequence[Doc]): The corpus.
    point (Point): Number of tokens, labels and voters.
    repeats (int): Number of repetitions.
    RETURNS (Row): The point, its sentences and candidates, the seconds of the median repetition and of
        the fastest and the slowest, the tokens that the voters read together, and the peak memory.
    """
    text = joined(docs, point["tokens"])
    component = copy(whole)
    labels = dict(islice(whole.cfg["labels"].items(), point["labels"]))
    component.cfg = {**whole.cfg, "labels": labels}
    models = dict(islice(whole.voters.items(), point["voters"]))
    component.voters = {**models, "entities": Entities(text)}
    backends = [voter.backend for voter in models.values()]
    memory, seconds, peaks, read = PeakMemory("cpu"), [], [], 0
    for _ in range(repeats):
        for backend in backends:
            backend.restart()
        memory.reset()
        before = sum(backend.tokens_read for backend in backends)
        doc, began = unannotated(text), time.perf_counter()
        component(doc)
        seconds.append(time.perf_counter() - began)
        read = sum(backend.tokens_read for backend in backends) - before
        peaks.append(memory.read())
    counts = doc._.el4ner["counts"]
    return {
        **point,
        "sentences": counts["windows"],
        "candidates": counts["union"],
        "seconds": median(seconds),
        "seconds_min": min(seconds),
        "seconds_max": max(seconds),
        "tokens_read": read,
        "peak_mb": max(peaks),
    }


def rows(
    whole: LLMEnsembleNER,
    docs: Sequence[Doc],
    series: Mapping[str, Sequence[int]],
    repeats: int,
    once: Once,
) -> list[Row]:
    """whole (LLMEnsembleNER): An ensemble of all voters and labels.
    docs (Sequence[Doc]): The corpus.
    series (Mapping[str, Sequence[int]]): What varies -> its sizes.
    repeats (int): Number of repetitions.
    once (Once): Measures a point, or takes it from an earlier run.
    RETURNS (list[Row]): A row for each point, with what varies as its `series`.
    """
    found = []
    for name, point in points(series).items():
        row = once(name, partial(measure, whole, docs, point, repeats))
        print(f"{name}, {row['seconds']:.2f} s, {row['tokens_read']} tokens read", flush=True)
        found.append({"series": name.partition(":")[0], **row})
    return found


def fit(sizes: Sequence[float], costs: Sequence[float]) -> dict[str, float]:
    """sizes (Sequence[float]): At least two sizes.
    costs (Sequence[float]): The cost of each.
    RETURNS (dict[str, float]): `exponent` and `factor` of the power of the size that is nearest to the
        costs: least squares of the logarithms.
    """
    slope, intercept = linear_regression([*map(log, sizes)], [*map(log, costs)])
    return {"exponent": slope, "factor": exp(intercept)}


def fits(measured: Sequence[Row]) -> list[Row]:
    """measured (Sequence[Row]): The rows.
    RETURNS (list[Row]): The fit of each cost in each series.
    """
    series = dict.fromkeys(row["series"] for row in measured)
    return [
        {"series": name, **{cost: _fit_of(measured, name, cost) for cost in COSTS}} for name in series
    ]


def _fit_of(measured: Sequence[Row], series: str, cost: str) -> dict[str, float]:
    """The fit of one cost in one series."""
    of = [row for row in measured if row["series"] == series]
    return fit([row[series] for row in of], [row[cost] for row in of])


def plot(record: dict[str, Any], out: Path) -> None:
    """record (dict[str, Any]): The measurement.
    out (Path): The PNG file to write: seconds over size in each series, with the fits.
    """
    with saved_figure(out, 10, 3.4, columns=len(record["fits"]), sharey=True, squeeze=False) as axes:
        for panel, fitted in zip(axes.flat, record["fits"], strict=True):
            name, power = fitted["series"], fitted["seconds"]
            of = [row for row in record["rows"] if row["series"] == name]
            sizes = [row[name] for row in of]
            line = [power["factor"] * size ** power["exponent"] for size in sizes]
            panel.loglog(
                sizes, line, color=GREY, linestyle=":", label=f"∝ size^{power['exponent']:.2f}"
            )
            low, high = (
                [abs(row[key] - row["seconds"]) for row in of] for key in ("seconds_min", "seconds_max")
            )
            panel.errorbar(sizes, [row["seconds"] for row in of], (low, high), color=BLUE, marker="o")
            panel.set_xticks(sizes, [str(size) for size in sizes], fontsize="small")
            panel.minorticks_off()
            panel.set_xlabel(name)
            panel.legend(frameon=False)
        axes.flat[0].set_ylabel("seconds a text")


def main() -> None:
    """Measure all series, and write the file and the plot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    docs = read_docs(args.corpus)
    longest = max(SERIES["tokens"])
    if len(joined(docs, longest)) < longest:
        parser.error(f"{args.corpus} has fewer than {longest} tokens")
    whole = ensemble(args.model, described(docs))
    about = {
        **machine(),
        "model": portable_name(args.model),
        "precision": next(iter(whole.voters.values())).backend.precision,
        "template": TEMPLATE,
        "corpus": args.corpus.name,
        "usual": dict(USUAL),
        "repeats": args.repeats,
        "peak_memory": PeakMemory("cpu").kind,
    }
    once = UnfinishedRows(
        args.out.with_name(f"{args.out.name}.unfinished"),
        {key: value for key, value in about.items() if key != "date"},
    )
    # Load the model first: the time it takes is not part of the cost of a text.
    measure(whole, docs, {"tokens": 10, "labels": 2, "voters": len(WORDINGS)}, 1)
    measured = rows(whole, docs, SERIES, args.repeats, once)
    record = {**about, "rows": measured, "fits": fits(measured)}
    with replacing(args.out) as file:
        file.write(f"{json.dumps(record, indent=2)}\n".encode())
    once.finish()
    plot(record, args.out.with_suffix(".png"))


if __name__ == "__main__":
    main()
