"""The settings of a distillation, which are also options of the command `distil`."""

from dataclasses import dataclass

from spacy_el4ner.bulk.settings import AnnotationSettings
from spacy_el4ner.settings import setting


@dataclass(frozen=True, kw_only=True)
class DistillationSettings(AnnotationSettings):
    """How the texts are annotated, which of the annotations are kept, and how the student is trained.

    text_key (str), id_key (str), keep_ents (bool), max_length (int | None): As for
        `AnnotationSettings`.
    shard_size (int), batch_size (int), gpu_id (int): As for `AnnotationSettings`; the student is
        trained on the same GPU.
    min_confidence (float): The least confidence of an entity that the student learns, 0 to 1.
    finetune (bool): Whether training goes on with the gold documents alone, after it has seen them
        together with those of the teacher.
    max_steps (int | None): Training steps of each student; None for those of the config.
    seed (int): Seed of the student's weights and of the order of its training data.
    """

    shard_size: int = setting(100, "Documents per shard, which is saved as a whole", min=1)
    min_confidence: float = setting(
        0.7, "Least confidence of an entity that the student learns", min=0, max=1
    )
    finetune: bool = setting(
        True,
        "Go on training with the gold documents alone, after all documents together",
        "--finetune/--mixed",
    )
    max_steps: int | None = setting(
        None, "Maximum number of training steps of each student; that of the config", min=1
    )
    seed: int = setting(0, "Seed of the weights, and of the order of the training data")
