"""How well voters find mentions with the demonstrations of each retriever.

    python docs/measure_retrievers.py training/sample_en/in_context corpus/sample_en/dev.spacy \\
        docs/results/sample_en/retrieval.json

The pipeline is one that `index` made of language models that take offsets, such as that of
configs/voters/in_context_ensemble.cfg. For each of three draws of sentences, the measure is that by
which `tune --retrievers` chooses: the cross-validated F1 of opening a mention at the right places,
along the right answers, with the best offset. The same command continues an interrupted run.
quality-ensemble.md has the table.
"""

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.api import LLMEnsembleNER, find_component, read_docs
from spacy_el4ner.evaluation.machine import machine
from spacy_el4ner.evaluation.unfinished import UnfinishedRows
from spacy_el4ner.progress import Progress
from spacy_el4ner.tuning.budget import BLOCK, Budget
from spacy_el4ner.tuning.measuring import Measurer
from spacy_el4ner.tuning.retrievers import indexed, retriever_block, starts
from spacy_el4ner.tuning.sample import draw
from spacy_el4ner.tuning.voters import uncalibrated

NAMES = ("RandomDemonstrations", "BM25", "SentenceSimilarity", "LabelGuided", "Diverse")
FOREVER = 1e9
"""Minutes of a budget that never ends."""


def measure(nlp: Language, docs: Sequence[Doc], voter: str, limit: int, seed: int) -> dict[str, Any]:
    """nlp (Language): The pipeline.
    docs (Sequence[Doc]): Labelled documents.
    voter (str): The voter to ask.
    limit (int): Number of sentences, drawn by seed.
    seed (int): The seed.
    RETURNS (dict[str, Any]): A row, with the F1 of each retriever.
    """
    component = find_component(nlp, LLMEnsembleNER)
    component.prepare()
    sample = draw(nlp, component, docs, limit, seed)
    present = nlp.get_pipe_config(component.name)["retriever"]
    names = [f"spacy-el4ner.{name}.v1" for name in NAMES]
    retrievers = {name: indexed(component, retriever_block(name, present)) for name in names}
    asked = uncalibrated({voter: component.voters[voter]}, None)
    with Progress(f"{voter}, seed {seed}", len(sample) * (len(names) + 1), unit="sentences") as bar:
        budget = Budget(FOREVER, lambda *_: bar.update(BLOCK))
        measurer = Measurer(sample, component.cfg["labels"], budget)
        f1 = starts(component, measurer, asked, retrievers)
    return {"voter": voter, "seed": seed, "sentences": len(sample), "f1": f1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pipeline", type=Path)
    parser.add_argument("dev", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--voters", default="smollm2-135m,gemma3-270m")
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    nlp = spacy.load(given.pipeline)
    docs = read_docs(given.dev, nlp.vocab, nlp=nlp)
    about = {"corpus": given.dev.parent.name, "limit": given.limit, "retrievers": list(NAMES)}
    once = UnfinishedRows(given.out.with_suffix(".unfinished.json"), about)
    rows = [
        once(f"{voter} {seed}", partial(measure, nlp, docs, voter, given.limit, seed))
        for seed in range(given.seeds)
        for voter in given.voters.split(",")
    ]
    record = {**machine(), **about, "rows": rows}
    given.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf8")
    once.finish()


if __name__ == "__main__":
    main()
