"""`python -m spacy el4ner review`: the documents most worth labelling, for an annotation tool."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline
from spacy_el4ner.cli.outputs import check_file


@app.command("review")
def review(
    docs: Annotated[Path, typer.Argument(help="Annotated documents, .spacy, from `annotate`")],
    out: Annotated[Path, typer.Argument(help="The file to write; the tool imports it")],
    format: Annotated[
        str,
        typer.Option("--format", "-f", help="prodigy, label-studio, doccano, or the tool of a plug-in"),
    ] = "prodigy",
    limit: Annotated[int, typer.Option(min=0, help="How many documents; 0 for all")] = 100,
    strategy: Annotated[
        str,
        typer.Option(
            help="value (disputed, and each unlike those before), disputed (the most disputed first), "
            "or random"
        ),
    ] = "value",
    pipeline: Annotated[
        Path | None,
        typer.Option(
            help="The pipeline that annotated the documents: its encoder compares names, and the "
            "reliability of its voters, if it knows it, weighs their votes"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of `--strategy random`")] = 0,
) -> None:
    """Choose the documents whose correction teaches most, for Prodigy, Label Studio or doccano, their
    entities as suggestions: those with disputed names that are unlike the names chosen before. Disputed
    is what the votes of an ensemble are divided about (their entropy), and what the two models of a
    fusion disagree about, the nearer their scores, the more. `review-import` reads the corrections.

    Example: python -m spacy el4ner review entities.spacy tasks.jsonl --format prodigy --limit 50
    """
    from spacy_el4ner.html_report.inputs import read_annotated
    from spacy_el4ner.pipeline.attributes import records
    from spacy_el4ner.review.choice import choose_documents
    from spacy_el4ner.review.tools import find_tool
    from spacy_el4ner.storage.atomic import replacing

    check_file(out, docs)
    nlp = None if pipeline is None else load_pipeline(pipeline)
    try:
        tool = find_tool(format)
        annotated = read_annotated(docs)
        chosen = choose_documents(annotated, limit, strategy, nlp=nlp, seed=seed)
        if chosen:
            with replacing(out) as file:
                file.write(tool.write(chosen).encode("utf8", "replace"))
    except (OSError, ValueError) as error:
        msg.fail(str(error), exits=1)
        raise  # Not reached: the line above ends the command.
    if not chosen:
        said = "Annotate with a pipeline of this package, and keep .spacy files."
        msg.fail(
            f"None of the {len(annotated)} documents in {docs} has votes to judge by.", said, exits=1
        )
    labels = sorted({mention.label for doc in annotated for mention in records(doc)})
    disputes = [one.dispute for one in chosen]
    msg.good(
        f"{out}: {len(chosen)} of {len(annotated)} documents for {tool.title}, dispute "
        f"{max(disputes):.2f} to {min(disputes):.2f}",
    )
    typer.echo(tool.advice(labels))
