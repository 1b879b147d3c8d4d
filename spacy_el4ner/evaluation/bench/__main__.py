"""The benchmark without spaCy, for a machine that has torch and transformers only.

    python -m spacy_el4ner.evaluation.bench sentences.json bench.json --tokenizer DIR \\
        --random-model qwen2-7b --device cuda:0

The sentences are written by `python -m spacy el4ner bench … --export sentences.json` elsewhere.
"""

import argparse
import sys
from pathlib import Path

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.evaluation.bench.random_model import SHAPES, random_backend
from spacy_el4ner.evaluation.bench.record import BenchRecord
from spacy_el4ner.evaluation.bench.run import about, run_systems
from spacy_el4ner.evaluation.bench.sentences import read_sentences
from spacy_el4ner.evaluation.bench.system import AnswerRules
from spacy_el4ner.evaluation.bench.systems import SYSTEMS

WITHOUT_SPACY = ",".join(name for name in SYSTEMS if name != "spacy_llm")


def main(arguments: list[str] | None = None) -> None:
    """arguments (list[str] | None): The arguments; None for those of the command line."""
    parser = argparse.ArgumentParser(description="Measure decoding on exported sentences.")
    parser.add_argument("sentences", type=Path, help="the file that `el4ner bench --export` wrote")
    parser.add_argument("out", type=Path, help="the JSON file of rows")
    parser.add_argument("--model", help="name or folder of a model")
    parser.add_argument("--random-model", choices=SHAPES, help="a shape, with random weights")
    parser.add_argument("--tokenizer", help="for --random-model: the model whose tokenizer to use")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--systems", default=WITHOUT_SPACY)
    parser.add_argument("--batch-sizes", default="1,8,32")
    parser.add_argument(
        "--limit", type=int, default=0, help="number of sentences to measure on; 0 for all"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--full-length",
        action="store_true",
        help="make free answers at least as long as the gold answer",
    )
    parser.add_argument(
        "--margin",
        type=int,
        default=8,
        help="tokens by which a free answer may be longer than the gold answer",
    )
    parser.add_argument("--overwrite", action="store_true", help="measure the rows of the file again")
    given = parser.parse_args(arguments)
    sentences, format = read_sentences(given.sentences)
    sentences = sentences[: given.limit or None]
    backend: HFBackend
    if given.random_model:
        tokenizer = given.tokenizer or given.model
        if not tokenizer:
            parser.error("--random-model needs --tokenizer")
        backend = random_backend(given.random_model, tokenizer, given.device, sentences, format)
    elif given.model:
        backend = HFBackend(given.model, device=given.device)
    else:
        parser.error("give --model or --random-model")
    rules = AnswerRules(format, given.full_length, given.margin)
    settings = {"random_model": given.random_model}
    described = about(backend, sentences, given.device, given.repeats, rules, **settings)
    record = BenchRecord(given.out, described, given.overwrite)
    sizes = [int(size) for size in given.batch_sizes.split(",")]
    try:
        run_systems(record, given.systems.split(","), backend, rules, sentences, sizes)
    except KeyboardInterrupt:
        print(f"Stopped. The same command continues from what is in {given.out}.")
        sys.exit(130)
    print(f"{len(record.data['rows'])} rows in {given.out}")


if __name__ == "__main__":
    main()
