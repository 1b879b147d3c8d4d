"""Many texts through a pipeline on Ray, in shards that survive an interruption.

    python examples/bulk_ray.py training/sample_en/fusion texts.jsonl entities.jsonl

Each line of texts.jsonl is an object with `text` and, if you like, `id`. The script needs the extra
`ray`. Run it again after an interruption: finished shards are kept. For a cluster, call
`ray.init(address=...)` first.
"""

import sys
from functools import partial
from pathlib import Path

from tqdm import tqdm

from spacy_el4ner.api import AnnotationJob, BulkRun, Engine, Share, on_ray

WORKERS = 2


def annotate(pipeline: str, source: Path, out: Path, engine: Engine) -> None:
    """pipeline (str): A pipeline's folder, or an installed package.
    source (Path): The texts.
    out (Path): The annotated texts.
    engine (Engine): Where shards are annotated.
    """
    run = BulkRun(AnnotationJob(pipeline, source, out.suffix, shard_size=100), out)
    shards = run.todo(Share())
    with tqdm(total=run.size(shards), unit="documents") as progress:
        run.annotate(engine, shards, progress.update)
    summary = run.finish()
    print(f"{summary.documents} documents, {summary.failed} of them failed: {out}")


if __name__ == "__main__":
    on_workers = partial(on_ray, workers=WORKERS)
    annotate(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), on_workers)
