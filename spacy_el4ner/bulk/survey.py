"""The survey of an input: what has to be read as a whole, once for all commands that share the work."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spacy_el4ner.bulk.files import open_source
from spacy_el4ner.bulk.files.places import Place, SourceIndex
from spacy_el4ner.bulk.manifest import Stamp, input_fingerprint, stamp
from spacy_el4ner.bulk.settings import AnnotationSettings
from spacy_el4ner.storage.atomic import replacing


@dataclass(frozen=True)
class Survey:
    """The content of an input.

    stamp (Stamp): Names, sizes and times of its files, as long as which it holds.
    shard_size (int): Documents per shard.
    fingerprint (str): A hash of the content.
    index (SourceIndex): The number of documents, and where each shard begins.
    """

    stamp: Stamp
    shard_size: int
    fingerprint: str
    index: SourceIndex

    @classmethod
    def of(cls, source: Path, settings: AnnotationSettings) -> "Survey":
        """source (Path): An input, which is read twice.
        settings (AnnotationSettings): Its keys, and the size of the shards.
        RETURNS (Survey): Its survey.
        """
        at_first = stamp(source)
        index = open_source(source, settings.keys).index(settings.shard_size)
        return cls(at_first, settings.shard_size, input_fingerprint(source), index)

    @classmethod
    def saved(cls, path: Path, source: Path, settings: AnnotationSettings) -> "Survey | None":
        """path (Path): Where a survey may be saved.
        source (Path): An input.
        settings (AnnotationSettings): Settings of its annotation.
        RETURNS (Survey | None): The saved survey, if it is one of this input as it is now, divided like
            this.
        """
        try:
            survey = _from_data(json.loads(path.read_bytes()))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None  # It is made again.
        same = (survey.stamp, survey.shard_size) == (stamp(source), settings.shard_size)
        return survey if same else None

    def save(self, path: Path) -> None:
        """path (Path): The file to write."""
        with replacing(path) as file:
            file.write(json.dumps(asdict(self)).encode("utf8"))


def _from_data(data: dict[str, Any]) -> Survey:
    places = tuple(Place(**place) for place in data["index"]["places"])
    return Survey(
        tuple((name, size, time) for name, size, time in data["stamp"]),
        data["shard_size"],
        data["fingerprint"],
        SourceIndex(data["index"]["documents"], places),
    )
