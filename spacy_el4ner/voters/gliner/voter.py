"""A GLiNER model as a voter."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spacy_el4ner.backends.device import spacy_device
from spacy_el4ner.errors import EL4NERSetupError, EL4NERValueError, Errors
from spacy_el4ner.storage import bundle, manifest
from spacy_el4ner.text.windows import part_around, split
from spacy_el4ner.types import Window
from spacy_el4ner.voters.base import ABSTAIN, Ballot, Coverage, Demonstrations, Labels, Span, Spans
from spacy_el4ner.voters.finding import FindingVoter, LabelMap, TypedSpan, ballot
from spacy_el4ner.voters.gliner import files
from spacy_el4ner.voters.gliner.model import GLiNERModel, load
from spacy_el4ner.voters.gliner.reader import GLiNERReader

Fits = Callable[[Window], bool]
"""Whether the model reads all of a window."""


class GLiNERVoter(FindingVoter):
    """A voter that runs a GLiNER model: an encoder that finds spans of the labels it is given in words.

    It proposes the spans of its best reading, which do not overlap, and scores any span that begins and
    ends with its own words; on other spans it abstains. Its score is the probability. Windows that are
    too long for it are read in parts.

    model (str): A name on the hub, a local directory, or "bundled:" and the name of a model in the
        folder of the component. It must be complete, with weights in safetensors.
    label_names (dict[str, str] | None): Label -> its name for the model, such as {"GPE": "place"}. By
        default a label is called by its description, or as it is where it has none.
    label_map (dict[str, str | None] | None): What else the model is asked for -> the label of the
        ensemble, such as {"city": "LOC", "river": "LOC", "nationality": null}; null to leave out what
        is found. A label to which names lead here is asked for by these alone, unless `label_names`
        names it too.
    threshold (float): The lowest score of a span that is proposed, 0 to 1.
    revision (str | None): Branch, tag or commit of the model on the hub.
    device (str | None): The device, such as "cuda:0"; None for that of spaCy (`--gpu-id`).
    batch_size (int): Windows a pass.
    local_files_only (bool): Never use the network.
    """

    def __init__(
        self,
        model: str,
        label_names: dict[str, str] | None = None,
        label_map: dict[str, str | None] | None = None,
        threshold: float = 0.5,
        *,
        revision: str | None = None,
        device: str | None = None,
        batch_size: int = 8,
        local_files_only: bool = False,
    ):
        super().__init__(label_map)
        self.model = model
        self.label_names = dict(label_names or {})
        self.threshold = threshold
        self.revision = revision
        self.device = device
        self.batch_size = batch_size
        self.local_files_only = local_files_only
        self.bundle: Path | None = None
        self._model: GLiNERModel | None = None
        self._reader: GLiNERReader | None = None

    @property
    def sources(self) -> tuple[str | None, ...]:
        """RETURNS (tuple[str | None, ...]): The model, as the config names it."""
        return (self.model,)

    @property
    def place(self) -> str:
        """RETURNS (str): The device that the model runs on."""
        return self.device or spacy_device()

    @property
    def identity(self) -> str:
        """RETURNS (str): The model, and a digest of all that the answers depend on."""
        names = [self.label_names, self.label_map]
        settings = [self._version(), self.revision, *names, self.threshold]
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        return f"{self.model}#{digest[:12]}"

    def check(self, labels: Labels) -> None:
        """Refuse labels that the model cannot be asked for; see `Voter.check`.

        labels (Mapping[str, str]): Label -> description.
        RAISES (EL4NERValueError): EL340, `label_map` leads to a label that the ensemble lacks; EL380,
            two labels have one name.
        """
        super().check(labels)
        self._names(labels)

    def find(self, windows: Sequence[Window], labels: Labels) -> list[list[TypedSpan]]:
        """windows (Sequence[Window]): The windows.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[list[TypedSpan]]): The spans in each, labelled by the names of the labels.
        RAISES (ValueError): The model cannot be loaded, or has no room for the names of the labels.
        """
        fits = self._fits(labels)
        parts = [(n, p) for n, w in enumerate(windows) for p in split(w, fits) if fits(p)]
        texts = [part.text for _, part in parts]
        answers = self._loaded().find(texts, self._names(labels), self.threshold)
        found: list[list[TypedSpan]] = [[] for _ in windows]
        for (n, part), spans in zip(parts, answers, strict=True):
            by = part.start - windows[n].start
            found[n] += [replace(span, start=span.start + by, end=span.end + by) for span in spans]
        return found

    def classify(
        self,
        windows: Sequence[Window],
        spans: Spans,
        demonstrations: Demonstrations,
        labels: Labels,
    ) -> list[list[Ballot]]:
        """Score spans as each of the labels; see `Voter.classify` for the parameters.

        windows (Sequence[Window]): The windows.
        spans (Sequence[Sequence[Span]]): The spans of each window.
        demonstrations (Sequence[Sequence[Demonstration]]): Not used.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[list[Ballot]]): One per span of each window, in order.
        """
        names, fits = self._names(labels), self._fits(labels)
        asked: dict[Window, list[Span]] = defaultdict(list)
        places: list[tuple[Window, Span]] = []
        for window, wanted in zip(windows, spans, strict=True):
            parts = [part for part in split(window, fits) if fits(part)]
            for span in wanted:
                places.append(_place(window, parts, span, fits))
                part, inside = places[-1]
                if fits(part):
                    asked[part].append(inside)
        texts = [part.text for part in asked]
        scores = self._loaded().score(texts, list(asked.values()), names)
        scored = dict(zip(asked, scores, strict=True))
        ballots = (_vote(scored.get(part, {}).get(inside), names) for part, inside in places)
        return [[next(ballots) for _ in wanted] for wanted in spans]

    def coverage(
        self, windows: Sequence[Window], demonstrations: Demonstrations, labels: Labels
    ) -> list[Coverage]:
        """Say what there is room for; see `Voter.coverage` for the parameters.

        windows (Sequence[Window]): The windows.
        demonstrations (Sequence[Sequence[Demonstration]]): Not used.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[Coverage]): One per window, in order.
        """
        fits = self._fits(labels)
        covered = []
        for window in windows:
            parts = split(window, fits)
            unread = (p for p in parts if not fits(p))
            stretches = ((p.start - window.start, p.end - window.start) for p in unread)
            covered.append(Coverage(parts=len(parts), unread=tuple(stretches)))
        return covered

    def unload(self) -> None:
        """Free the model's memory; the next call that needs it loads it again."""
        self._model = None

    def _names(self, labels: Labels) -> dict[str, str | None]:
        """What the model is asked for -> the label of the ensemble; None for what is left out."""
        names = dict(self.label_map)
        mapped = set(names.values())
        for label, description in labels.items():
            if label in mapped and label not in self.label_names:
                continue
            name = self.label_names.get(label) or description or label
            if names.get(name, label) != label:
                problem = f"that is also the name of {names[name] or 'what is left out'}"
                raise self._unusable(label, name, problem)
            names[name] = label
        return names

    def _mapped(self, label: str, labels: Labels) -> str | None:
        return self._names(labels).get(label)

    def _fits(self, labels: Labels) -> Fits:
        """A test of windows: whether the model reads all of one."""
        reader, names = self._reading(), self._names(labels)
        for name, label in names.items():
            if not reader.count([name]):
                raise self._unusable(label or name, name, "the model's tokenizer reads nothing of it")
        prompt = reader.prompt(names)
        if prompt >= reader.context:
            raise EL4NERSetupError(
                Errors.EL005.format(name=self.model, context=reader.context, needed=prompt + 1)
            )
        return lambda window: reader.fits(window.text, prompt)

    def _unusable(self, label: str, name: str, problem: str) -> EL4NERValueError:
        return EL4NERValueError(
            Errors.EL380.format(voter=self.identity, label=label, name=name, problem=problem)
        )

    def _loaded(self) -> GLiNERModel:
        if self._model is None:
            located = bundle.located(self.model, self.bundle)
            folder = files.fetched(
                located, self.model, revision=self.revision, local_only=self.local_files_only
            )
            files.check(folder, self.model)
            self._model = load(folder, self.model, self.place, self.batch_size)
            self._reader = self._model.reader
        return self._model

    def _reading(self) -> GLiNERReader:
        """The model's reader, which stays when the model is unloaded."""
        return self._reader or self._loaded().reader

    def _version(self) -> str:
        """A fingerprint of a local folder."""
        if bundle.name_of(self.model) is not None and self.bundle is None:
            return ""  # not there before the component is loaded
        folder = Path(bundle.located(self.model, self.bundle))
        return manifest.folder_fingerprint(folder) if folder.is_dir() else ""

    def __getstate__(self) -> dict[str, Any]:
        """The model, its reader and the memory of a batch stay behind."""
        return {**self.__dict__, "_model": None, "_reader": None, "_memory": {}}


def _place(window: Window, parts: Iterable[Window], span: Span, fits: Fits) -> tuple[Window, Span]:
    """The part of a window in which a span is scored, and the span in that part."""
    start, end = window.start + span[0], window.start + span[1]
    holding = (part for part in parts if part.start <= start and end <= part.end)
    part = next(holding, None) or part_around(window, *span, fits)
    return part, (start - part.start, end - part.start)


def _vote(scores: Mapping[str, float] | None, names: LabelMap) -> Ballot:
    """The ballot for the score of each name; an abstention where there are none."""
    if scores is None:
        return ABSTAIN
    by_label: dict[str, float] = {}
    for name, score in scores.items():
        if (label := names[name]) is not None:
            by_label[label] = max(score, by_label.get(label, 0.0))
    return ballot(by_label)
