"""`python -m spacy el4ner explain`: how a pipeline came to its entities in one text."""

import json
import shutil
from pathlib import Path
from typing import Annotated

import spacy
import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import use_gpu
from spacy_el4ner.errors import EL4NERValueError, Errors

NARROWEST, WIDEST = 60, 120


@app.command("explain")
def explain(
    pipeline: Annotated[str, typer.Argument(help="Folder of a pipeline, or an installed package")],
    text: Annotated[str, typer.Argument(help="The text")],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write it as one HTML file, to read on any device")
    ] = None,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Explain the entities of a text. For an ensemble: the demonstrations and their similarity, each
    voter's proposals and votes, the verifier's answers, and what was dropped, where and by which voter.
    For a fusion: the tagger's entities and their entropy, the routing, the language model's entities,
    and the rule's decision where the two disagree.

    Example: python -m spacy el4ner explain training/sample_en/pipeline \\
    "Georgia Marsh left Georgia for Milan." --html explained.html
    """
    from spacy_el4ner.explain.page import page
    from spacy_el4ner.explain.structure import explain as explanation
    from spacy_el4ner.explain.terminal import terminal
    from spacy_el4ner.pipeline.finding import find_component

    try:
        if not text.strip():
            raise EL4NERValueError(Errors.EL075)
        use_gpu(gpu_id)
        nlp = spacy.load(pipeline)
        data = explanation(nlp, find_component(nlp), text)
        if html is not None:
            html.parent.mkdir(parents=True, exist_ok=True)
            html.write_text(page(data), encoding="utf8")
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        msg.fail(str(error), exits=1)
        raise  # Not reached: the line above ends the command.
    if as_json:
        print(json.dumps(data, indent=2, ensure_ascii=False))
    elif html is not None:
        msg.good(str(html))
    else:
        columns = shutil.get_terminal_size((WIDEST, 0)).columns
        print(terminal(data, min(WIDEST, max(NARROWEST, columns))))
