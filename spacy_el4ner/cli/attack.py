"""`python -m spacy el4ner attack`: whether instructions in a text change its entities."""

import random
from pathlib import Path
from typing import Annotated, Any

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline, named, use_gpu


@app.command("attack")
def attack(
    pipeline: Annotated[Path, typer.Argument(help="A pipeline, as made by `index`")],
    corpus: Annotated[
        Path, typer.Argument(help="Attacks as JSONL, such as assets/injection, or one file of it")
    ],
    out: Annotated[Path, typer.Argument(help="The JSON file to write; the table goes beside it")],
    backbone: Annotated[
        str | None, typer.Option(help="Whose extraction to compare with free decoding; the first")
    ] = None,
    free: Annotated[bool, typer.Option(help="Measure free decoding, too")] = True,
    free_limit: Annotated[
        int, typer.Option(help="Attacks on free decoding, which is slow, drawn by seed; 0 for all")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Draws them")] = 0,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Read texts with instructions to the model in them, and without, and count the entities that were
    gained or lost. A run that was stopped goes on where it was.

    Example: python -m spacy el4ner attack training/sample_en/pipeline assets/injection \\
    metrics/sample_en/injection.json
    """
    from spacy_el4ner.bulk.manifest import pipeline_fingerprint
    from spacy_el4ner.evaluation.bench.run import progress
    from spacy_el4ner.evaluation.injection.corpus import read_attacks
    from spacy_el4ner.evaluation.injection.record import Record
    from spacy_el4ner.evaluation.injection.report import markdown, totals
    from spacy_el4ner.evaluation.machine import machine
    from spacy_el4ner.storage.manifest import fingerprint

    use_gpu(gpu_id)
    try:
        attacks = read_attacks(corpus)
        nlp = load_pipeline(pipeline)
        chosen, readers = _readers(nlp, backbone, free)
    except (OSError, ValueError) as error:
        msg.fail(str(error), exits=1)
    files = sorted(corpus.glob("*.jsonl")) if corpus.is_dir() else [corpus]
    settings = {
        "pipeline": named(str(pipeline)),
        "pipeline_digest": pipeline_fingerprint(str(pipeline)),
        "corpus": named(str(corpus)),
        "corpus_digest": fingerprint((file.name, file) for file in files),
        "attacks": len(attacks),
        "backbone": chosen,
        "seed": seed,
    }
    record = Record(out, {**machine(), "settings": settings})
    if record.changed:
        msg.warn(f"{out} is of another pipeline, corpus or version: everything is measured anew.")
    drawn = (
        random.Random(seed).sample(attacks, free_limit) if 0 < free_limit < len(attacks) else attacks
    )
    work = [(reader, drawn if reader.name == "free" else attacks) for reader in readers]
    try:
        with progress(sum(len(some) for _, some in work)) as tick:
            for reader, some in work:
                record.measure(reader, some, tick)
    except KeyboardInterrupt:
        msg.warn("Stopped.", f"What was measured is in {out}; the same command goes on from there.")
        raise typer.Exit(130) from None
    out.with_suffix(".md").write_text(markdown(record.data), encoding="utf8")
    for name, rows in record.data["rows"].items():
        msg.info(f"{name}: " + ", ".join(f"{n} {what}" for what, n in totals(rows).items()))
    msg.good(f"{out} and {out.with_suffix('.md')}")


def _readers(nlp: Any, backbone: str | None, free: bool) -> tuple[str, list[Any]]:
    """The name of the backbone that is asked, and who reads."""
    from spacy_el4ner.errors import Errors
    from spacy_el4ner.evaluation.ensemble import load_component
    from spacy_el4ner.evaluation.injection.readers import Extraction, WholePipeline

    component = load_component(nlp)
    members = {b.name: b for b in component.backbones}
    name = backbone or next(iter(members))
    if name not in members:
        known = ", ".join(members)
        raise ValueError(Errors.EL010.format(value=name, setting="--backbone", known=known))
    one = [
        Extraction(nlp, component, members[name], free=f) for f in ((False, True) if free else (False,))
    ]
    return name, [WholePipeline(nlp), *one]
