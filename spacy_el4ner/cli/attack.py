"""`python -m spacy el4ner attack`: whether instructions in a text change its entities."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from spacy_el4ner.cli import app
from spacy_el4ner.cli.options import load_pipeline, telling_mistakes, use_gpu
from spacy_el4ner.errors import EL4NERError


@app.command("attack")
def attack(
    pipeline: Annotated[Path, typer.Argument(help="A pipeline, as made by `index`")],
    corpus: Annotated[
        Path, typer.Argument(help="Attacks as JSONL, such as assets/injection, or one file of it")
    ],
    out: Annotated[Path, typer.Argument(help="The JSON file to write; the table is saved next to it")],
    voter: Annotated[
        str | None, typer.Option(help="Voter whose extraction to measure; the first by default")
    ] = None,
    free: Annotated[bool, typer.Option(help="Also measure free decoding")] = True,
    free_limit: Annotated[
        int, typer.Option(help="Attacks on free decoding, drawn by seed, as it is slow; 0 for all")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Seed of that choice")] = 0,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU; -1 for the CPU")] = -1,
) -> None:
    """Count the entities that a pipeline gains or loses because of instructions in a text. The same
    command continues an interrupted run.

    Example: python -m spacy el4ner attack training/sample_en/pipeline assets/injection \\
    metrics/sample_en/injection.json
    """
    from spacy_el4ner.bulk.manifest import pipeline_fingerprint
    from spacy_el4ner.evaluation.injection.corpus import read_attacks
    from spacy_el4ner.evaluation.injection.run import measure_attacks
    from spacy_el4ner.evaluation.injection.tables import markdown, totals
    from spacy_el4ner.evaluation.machine import portable_name
    from spacy_el4ner.storage.manifest import fingerprint

    use_gpu(gpu_id)
    with telling_mistakes():
        attacks = read_attacks(corpus)
        nlp = load_pipeline(pipeline)
        files = sorted(corpus.glob("*.jsonl")) if corpus.is_dir() else [corpus]
        about = {
            "pipeline": portable_name(str(pipeline)),
            "pipeline_digest": pipeline_fingerprint(str(pipeline)),
            "corpus": portable_name(str(corpus)),
            "corpus_digest": fingerprint((file.name, file) for file in files),
        }
    try:
        data = measure_attacks(
            nlp,
            attacks,
            out,
            about=about,
            voter=voter,
            free=free,
            free_limit=free_limit,
            seed=seed,
            warn=msg.warn,
        )
    except KeyboardInterrupt:
        msg.warn("Stopped.", f"What was measured is in {out}; the same command continues from there.")
        raise typer.Exit(130) from None
    except EL4NERError as error:
        msg.fail(str(error), exits=1)
    out.with_suffix(".md").write_text(markdown(data), encoding="utf8")
    for name, rows in data["rows"].items():
        msg.info(f"{name}: " + ", ".join(f"{n} {what}" for what, n in totals(rows).items()))
    msg.good(f"{out} and {out.with_suffix('.md')}")
