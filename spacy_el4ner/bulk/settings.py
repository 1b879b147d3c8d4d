"""The settings of a bulk annotation, which are also options of the command `annotate`."""

from dataclasses import dataclass

from spacy_el4ner.bulk.files.base import Keys
from spacy_el4ner.settings import setting


@dataclass(frozen=True, kw_only=True)
class AnnotationSettings:
    """How texts are read, divided and annotated.

    text_key (str): Key or column of the text in the input.
    id_key (str): Key or column of the id; without one, the line number is the id.
    shard_size (int): Documents per shard.
    batch_size (int): Documents per batch. A batch never spans two shards, so that the result does not
        depend on which worker annotates which shard.
    max_length (int | None): Maximum number of characters of a text; None for the pipeline's own limit.
    keep_ents (bool): Whether to keep entities of the input, which the output does not distinguish from
        the pipeline's own.
    gpu_id (int): The GPU to use; below 0 for the CPU.
    """

    text_key: str = setting("text", "Key or column of the text")
    id_key: str = setting("id", "Key or column of the id; by default, the line number is the id")
    shard_size: int = setting(1000, "Documents per shard, which is saved as a whole", min=1)
    batch_size: int = setting(128, "Documents that go through the pipeline together", min=1)
    max_length: int | None = setting(
        None, "Maximum number of characters of a text; the pipeline's own limit"
    )
    keep_ents: bool = setting(False, "Keep the entities that documents of a .spacy input have")
    gpu_id: int = setting(-1, "GPU; -1 for the CPU", "--gpu-id", "-g")

    @property
    def keys(self) -> Keys:
        """RETURNS (Keys): Keys of text and id in the input."""
        return Keys(self.text_key, self.id_key)
