"""Texts of Parquet files through a pipeline on Ray, which reads, schedules and writes.

    python examples/bulk_ray.py /data/pipeline /data/texts /data/entities

The files in /data/texts have a column `text`, and a column `id` whose values are unique. Ray notes the
ids of what it has written in /data/entities.checkpoint, and the same command continues from there.
Paths are absolute, because the processes of Ray work elsewhere. The script needs the extra `ray`. For a
cluster, call `ray.init(address=...)` first, and have all paths on shared storage.
"""

import sys

import ray.data

from spacy_el4ner.api import Annotator

ACTORS = 2


def annotate(pipeline: str, source: str, out: str) -> None:
    """pipeline (str): A pipeline's folder, or an installed package.
    source (str): A folder of Parquet files.
    out (str): The folder for the annotated files.
    """
    context = ray.data.DataContext.get_current()
    if hasattr(context, "checkpoint_config"):  # in recent versions of Ray
        context.checkpoint_config = {
            "id_column": "id",
            "checkpoint_path": f"{out}.checkpoint",
            "delete_checkpoint_on_success": False,  # so that to repeat the command does no harm
        }
    texts = ray.data.read_parquet(source)
    annotated = texts.map_batches(
        Annotator,
        fn_constructor_args=(pipeline,),  # with a GPU for each: fn_constructor_kwargs={"gpu_id": 0}
        batch_format="pyarrow",
        batch_size=128,
        compute=ray.data.ActorPoolStrategy(size=ACTORS),
        num_cpus=1,  # or num_gpus=1
        max_restarts=-1,  # an actor that dies is started again,
        max_task_retries=-1,  # and its batch is repeated
    )
    annotated.write_parquet(out)


if __name__ == "__main__":
    annotate(*sys.argv[1:])
