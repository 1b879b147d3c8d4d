"""Label Studio's JSON and JSON-MIN (https://labelstud.io/guide/export).

Its offsets are code points, as Python counts them; older versions counted units of UTF-16. An export
repeats the text of each region, which tells the one from the other.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.documents import NOWHERE, Entity, LabelledText
from spacy_el4ner.corpora.formats.objects import JsonObject, TextObjects, document_id
from spacy_el4ner.corpora.source import CorpusFile
from spacy_el4ner.text.utf16 import Units

ID = "el4ner_id"
"""Key of the id that this project gave a document."""
_ANNOTATIONS = ("annotations", "completions")
_LABELS = ("labels", "hypertextlabels")


class LabelStudioTasks(TextObjects):
    """Tasks with `data` and `annotations` (`completions` in old versions), of which the last that was
    not cancelled counts; or JSON-MIN, whose regions stand next to the text. Predictions are not read.
    """

    title = "Label Studio JSON"
    unit_is_certain = True
    weight = 0.95

    def fits(self, value: Any, file: CorpusFile) -> bool:
        """value (Any): A JSON object or list.
        file (CorpusFile): The file it stands in.
        RETURNS (bool): Whether it is a task.
        """
        return is_task(value) or any(_is_regions(regions) for regions in _lists(value))

    def parse(self, value: Any, file: CorpusFile) -> LabelledText:
        """value (Any): A JSON object or list.
        file (CorpusFile): The file it stands in.
        RETURNS (LabelledText): The task; not accepted if no annotation is left.
        """
        value = value if isinstance(value, dict) else {}
        if not is_task(value):
            regions = next(filter(_is_regions, _lists(value)), [])
            return _labelled(value, document_id(value), [{"value": r} for r in regions], file)
        data = value["data"]
        own = str(data[ID]) if data.get(ID) is not None else document_id(value)
        annotation = _last_annotation(value)
        if annotation is None:
            return _unannotated(value, own, _text(data, [], file))
        result = annotation.get("result")
        regions = [region for region in result or [] if isinstance(region, dict)]
        return _labelled(data, own, regions, file)


def is_task(value: Any) -> bool:
    """value (Any): A JSON object or list.
    RETURNS (bool): Whether it is a task of the full export.
    """
    keys = ("annotations", "completions", "predictions")
    return (
        isinstance(value, dict)
        and isinstance(value.get("data"), dict)
        and any(isinstance(value.get(key), list) for key in keys)
    )


def _unannotated(task: JsonObject, own: str, text: str) -> LabelledText:
    """A task that was cancelled, or that has no annotation but predictions or the ids of drafts."""
    annotations = [one for key in _ANNOTATIONS for one in task.get(key) or ()]
    cancelled = any(isinstance(one, dict) for one in annotations)
    problems = {} if cancelled else {reasons.NO_ANNOTATION: 1}
    return LabelledText(own, text, (), accepted=False, problems=problems)


def _last_annotation(task: JsonObject) -> JsonObject | None:
    """The last annotation that was not cancelled; of several without a date, the last in the file. The
    id of a draft is none.
    """
    annotations = [
        annotation
        for key in _ANNOTATIONS
        for annotation in task.get(key) or ()
        if isinstance(annotation, dict) and not annotation.get("was_cancelled")
    ]
    return max(reversed(annotations), key=lambda a: str(a.get("updated_at") or ""), default=None)


def _labelled(
    data: Mapping[str, Any], own: str, regions: list[JsonObject], file: CorpusFile
) -> LabelledText:
    values = [region.get("value") for region in regions if _is_labelling(region)]
    regions_with_value = [value for value in values if isinstance(value, dict)]
    text = _text(data, regions_with_value, file)
    entities: list[Entity] = []
    problems = Counter({reasons.ENTITY_MISMATCH: len(values) - len(regions_with_value)})
    for value in regions_with_value:
        labels = [label for label in _region_labels(value) if isinstance(label, str)]
        problems[reasons.ENTITY_UNLABELLED] += not labels
        place = _place(text, value)
        problems[reasons.ENTITY_MISMATCH] += bool(labels) and place is None
        if place is not None:
            entities += [(*place, label) for label in labels]
    return LabelledText(own, text, tuple(entities), problems=+problems)


def _is_labelling(region: JsonObject) -> bool:
    """Whether a region labels text; free text, choices and relations do not."""
    return region.get("type", "labels") in _LABELS


def _region_labels(value: JsonObject) -> list[Any]:
    labels = next((value[key] for key in _LABELS if isinstance(value.get(key), list)), None)
    return labels or []


def _text(data: Mapping[str, Any], regions: list[JsonObject], file: CorpusFile) -> str:
    """The text of a task: under the key that the user names, under `text`, or the only string in which
    every region has its place.
    """
    key = file.options.text_key or "text"
    if isinstance(data.get(key), str):
        return str(data[key])
    strings = [v for k, v in data.items() if isinstance(v, str) and k not in (ID, "id")]
    fitting = [s for s in strings if regions and all(_place(s, r) is not None for r in regions)]
    return fitting[0] if len(fitting) == 1 else strings[0] if len(strings) == 1 else ""


def _place(text: str, value: JsonObject) -> tuple[int, int] | None:
    """RETURNS (tuple[int, int] | None): Start and end of a region in characters; None if its own text
    is not there, `NOWHERE` if it has no offsets.
    """
    surface = value.get("text")
    pairs = [pair for pair in _offsets(value) if all(type(offset) is int for offset in pair)]
    if not isinstance(surface, str):
        return pairs[0] if pairs else (NOWHERE, NOWHERE)
    units = Units(text)
    for start, end in pairs:
        # A browser shows a line break as \n, however the text has it.
        if start >= 0 and _even(text[start:end]) == _even(surface):
            return start, end
        first, last = units.character(start), units.character(end)
        if first is not None and last is not None and _even(text[first:last]) == _even(surface):
            return first, last
    return None


def _even(text: str) -> str:
    return text.replace("\\n", "\n").replace("\r\n", "\n").replace("\r", "\n")


def _offsets(value: JsonObject) -> Iterator[tuple[Any, Any]]:
    """YIELDS (tuple[Any, Any]): Start and end: first those in the source of an HTML text, if any."""
    whole = value.get("globalOffsets")
    if isinstance(whole, dict):
        yield whole.get("start"), whole.get("end")
    yield value.get("start"), value.get("end")


def _lists(value: Any) -> Iterator[list[Any]]:
    """YIELDS (list[Any]): The lists in an object, among which the regions of JSON-MIN are."""
    if isinstance(value, dict) and "data" not in value:
        yield from (item for item in value.values() if isinstance(item, list))


def _is_regions(raws: list[Any]) -> bool:
    return bool(raws) and all(
        isinstance(raw, dict) and "start" in raw and any(key in raw for key in _LABELS) for raw in raws
    )
