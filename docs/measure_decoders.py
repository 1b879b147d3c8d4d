"""Whether verified drafts change any answer of the catalogue's models.

    python docs/measure_decoders.py corpus/sample_en docs/results/real/decoders.json

Both decoders answer the same prompts. The sentences are those of test.spacy, dev.spacy and train.spacy,
in this order. A third of them is asked about without demonstrations, a third after three, a third after
so many that a sliding window of 512 tokens does not reach their beginning. The draft is the gold
annotation; with an offset on opening a mention, the models find more mentions. speed.md has the table.
"""

import argparse
import json
import warnings
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import spacy

from spacy_el4ner.api import (
    Answer,
    DecodeRequest,
    Demonstration,
    Window,
    read_docs,
)
from spacy_el4ner.backends.grammars import simplest
from spacy_el4ner.evaluation.bench.backends import SharedModelBackend
from spacy_el4ner.evaluation.machine import machine
from spacy_el4ner.progress import Progress
from spacy_el4ner.retrieval.gold import Gold
from spacy_el4ner.text.windows import cut
from spacy_el4ner.voters.prompted.voter import PromptedVoter

MODELS = ("smollm2-135m", "gemma3-270m")
SHOWN = (0, 3, 12)
"""Demonstrations, in turn."""
OFFSETS = {"as it is": 0.0, "calibrated": 4.0}
"""The offset on opening a mention, in nats; `tune` fits offsets of this size."""
BATCH = 24
Sentence = tuple[Window, list[Any]]
"""A window and its gold mentions."""


def sentences(corpus: Path, splits: Sequence[str], language: str) -> list[Sentence]:
    """corpus (Path): A folder with .spacy files.
    splits (Sequence[str]): Their names.
    language (str): Code of the language.
    RETURNS (list[tuple[Window, list[Mention]]]): The sentences with their mentions.
    """
    nlp, found = spacy.blank(language), []
    for split in splits:
        for doc in read_docs(corpus / f"{split}.spacy", nlp.vocab, nlp=nlp):
            gold = Gold(doc)
            found += [(window, list(gold.mentions(window))) for window in cut(doc, 1)]
    return found


def requests(
    voter: PromptedVoter, asked: Sequence[Sentence], shown: Sequence[Demonstration], offset: float
) -> list[DecodeRequest]:
    """voter (PromptedVoter): Has the template.
    asked (Sequence[tuple[Window, list[Mention]]]): The sentences to ask about.
    shown (Sequence[Demonstration]): The demonstrations.
    offset (float): On opening a mention, in nats.
    RETURNS (list[DecodeRequest]): A request for each sentence, sorted by the number of demonstrations.
    """
    made = []
    for turn, number in enumerate(SHOWN):
        for window, mentions in asked[turn :: len(SHOWN)]:
            prompt = voter.template.extraction(window, shown[:number], {})
            grammar = voter.template.format.grammar(window)
            guess = tuple(voter.template.format.path(window, mentions))
            made.append(DecodeRequest(prompt, grammar, guess, (("open", offset),) if offset else ()))
    return made


def compare(drafted: Sequence[Answer], plain: Sequence[Answer]) -> tuple[int, float]:
    """drafted (Sequence[Answer]): Answers by verified drafts.
    plain (Sequence[Answer]): The same, one token at a time.
    RETURNS (tuple[int, float]): How many have the same text, and the largest difference of the
        log-probability of any token of these, in nats.
    """
    same = [(a, b) for a, b in zip(drafted, plain, strict=True) if a.text == b.text and not a.error]
    pairs = ((x, y) for a, b in same for x, y in zip(a.logprobs, b.logprobs, strict=True))
    return len(same), max((abs(x - y) for x, y in pairs), default=0.0)


def measure(
    model: str, asked: Sequence[Sentence], shown: Sequence[Demonstration]
) -> list[dict[str, Any]]:
    """model (str): A model.
    asked (Sequence[tuple[Window, list[Mention]]]): The sentences to ask about.
    shown (Sequence[Demonstration]): The demonstrations.
    RETURNS (list[dict[str, Any]]): A row for each offset.
    """
    backend = SharedModelBackend(model, dtype="float32")
    backends = [backend, SharedModelBackend.twin(backend, decoder="constrained")]
    voter, rows = PromptedVoter(backend, "completion"), []
    for name, offset in OFFSETS.items():
        made = requests(voter, asked, shown, offset)
        answers: list[list[Answer]] = [[], []]
        with Progress(f"{model}, {name}", len(made), unit="sentences") as bar:
            waiting = iter(made)
            while batch := list(islice(waiting, BATCH)):
                for one, given in zip(backends, answers, strict=True):
                    given += one.decode(batch)
                bar.update(len(batch))
        same, apart = compare(*answers)
        rows.append(
            {
                "model": model,
                "offset": offset,
                "sentences": len(made),
                "same": same,
                "apart": apart,
                "tokens": max(backend.count_prompt(request.prompt) for request in made),
                "marked": sum(
                    answer.text != simplest(request.grammar)
                    for answer, request in zip(answers[1], made, strict=True)
                ),
                "confirmed": sum(
                    answer.text == "".join(request.guess)
                    for answer, request in zip(answers[1], made, strict=True)
                ),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--sentences", type=int, default=500)
    parser.add_argument("--lang", default="en")
    given = parser.parse_args()
    asked = sentences(given.corpus, ("test", "dev", "train"), given.lang)[: given.sentences]
    examples = sentences(given.corpus, ("train",), given.lang)[-SHOWN[-1] :]
    shown = [Demonstration(str(n), window, tuple(m)) for n, (window, m) in enumerate(examples)]
    # The plain decoder in place of the fast one would prove nothing.
    warnings.filterwarnings("error", message=r".*WL00[48]")
    rows = [row for model in given.models.split(",") for row in measure(model, asked, shown)]
    record = {**machine(), "corpus": given.corpus.name, "dtype": "float32", "rows": rows}
    given.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf8")
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
