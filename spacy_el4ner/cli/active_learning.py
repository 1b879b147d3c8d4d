"""`python -m spacy el4ner active-learning`: the labels that each strategy of `review` needs."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from spacy.language import Language
from spacy.tokens import Doc
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import telling_mistakes
from spacy_el4ner.cli.outputs import check_file, write
from spacy_el4ner.errors import EL4NERError


@app.command("active-learning")
def active_learning(
    corpus: Annotated[
        Path, typer.Argument(help="A folder with train.spacy and test.spacy, as made by `convert`")
    ],
    out: Annotated[Path, typer.Argument(help="The JSON file to write, such as labels.json")],
    strategies: Annotated[
        str, typer.Option(help="Strategies of `review`, separated by commas")
    ] = "value,disputed,random",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each strategy, with seeds from 0")] = 3,
    start: Annotated[int, typer.Option(help="Sentences that are labelled at first")] = 100,
    batch: Annotated[int, typer.Option(help="Sentences that are labelled in a round")] = 100,
    limit: Annotated[
        int, typer.Option(min=0, help="Sentences to choose from, the first ones; 0 for all")
    ] = 0,
    lang: Annotated[str, typer.Option(help="Code of the language")] = "en",
    members: Annotated[int, typer.Option(min=2, help="Voters of the ensemble")] = 3,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the sentences, at least")] = 10,
    updates: Annotated[int, typer.Option(min=1, help="Batches to train on, at least")] = 300,
    encoder: Annotated[
        str | None,
        typer.Option(help="A model of sentence-transformers that compares names; none by default"),
    ] = None,
) -> None:
    """Simulate on a labelled corpus how many sentences have to be labelled for 95% of the F1 of
    labelling all of them, if a strategy of `review` chooses which. Each round trains an ensemble of
    small spaCy taggers. The same command continues an interrupted simulation.

    Example: python -m spacy el4ner active-learning corpus/sample_en metrics/sample_en/labels.json
    """
    from spacy_el4ner.corpora import read_docs
    from spacy_el4ner.evaluation import active_learning as simulation
    from spacy_el4ner.evaluation.committee import Committee
    from spacy_el4ner.retrieval.encoders import SentenceTransformerEncoder

    train, test = corpus / "train.spacy", corpus / "test.spacy"
    check_file(out, train, test)
    with telling_mistakes():
        choices = {name: _choice(name) for name in strategies.split(",")}
        pool, gold = (
            simulation.labelled_sentences(read_docs(path, lang=lang)) for path in (train, test)
        )
    compares = None if encoder is None else SentenceTransformerEncoder(encoder)
    try:
        record = simulation.active_learning(
            pool[: limit or None],
            gold,
            Committee(lang, members, epochs, updates, compares),
            choices,
            start=start,
            batch=batch,
            seeds=range(seeds),
            about={
                "name": corpus.name,
                "committee": {"members": members, "epochs": epochs, "updates": updates},
                "encoder": encoder,
            },
            unfinished=out.with_name(f"{out.name}.unfinished"),
            say=msg.text,
        )
    except EL4NERError as error:
        msg.fail(str(error), exits=1)
    write(out, json.dumps(record, indent=2, ensure_ascii=False))
    print(simulation.markdown(record))
    msg.good(str(out))


def _choice(strategy: str) -> Callable[[Sequence[Doc], Language, int, int], list[Doc]]:
    """The choice of `review` among annotated sentences."""
    from spacy_el4ner.review.choice import choose_documents, find_strategy

    find_strategy(strategy)

    def choose(docs: Sequence[Doc], nlp: Language, number: int, seed: int) -> list[Doc]:
        return [one.doc for one in choose_documents(docs, number, strategy, nlp=nlp, seed=seed)]

    return choose
