"""A spaCy pipeline as a voter."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import spacy
from spacy import util
from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.errors import EL4NERSetupError, Errors
from spacy_el4ner.storage import bundle, manifest
from spacy_el4ner.types import Window
from spacy_el4ner.voters.base import Labels
from spacy_el4ner.voters.finding import FindingVoter, TypedSpan


class SpacyVoter(FindingVoter):
    """A voter that runs a spaCy pipeline: a trained one such as en_core_web_sm, an `entity_ruler`, or
    the tagger of `slm_llm_fusion`.

    The probability of an entity is its `ent._.confidence`, where a component sets it as those of this
    package do, and that of a span of `spans_key` its score. Other pipelines give none.

    pipeline (str): An installed pipeline, or the folder of one, loaded on first use. Like any spaCy
        pipeline it can run code that it registers: use one from a source that you trust.
    label_map (dict[str, str | None] | None): The pipeline's label -> the label of the ensemble, such as
        {"FAC": "LOC", "NORP": null}; null to leave the label out. A label that is not named stands for
        itself, and is left out if the ensemble lacks it.
    spans_key (str | None): The group of `doc.spans` to read, such as "sc"; None for `doc.ents`.
    exhaustive (bool): Whether a span that the pipeline did not find counts as "no entity", as it should
        for one that was trained on the labels of the ensemble. Otherwise the voter abstains.
    """

    def __init__(
        self,
        pipeline: str,
        label_map: dict[str, str | None] | None = None,
        spans_key: str | None = None,
        exhaustive: bool = False,
    ):
        super().__init__(label_map, exhaustive)
        self.pipeline = pipeline
        self.spans_key = spans_key
        self.bundle: Path | None = None
        self._nlp: Language | None = None

    @property
    def sources(self) -> tuple[str | None, ...]:
        """RETURNS (tuple[str | None, ...]): The pipeline, as the config names it."""
        return (self.pipeline,)

    @property
    def identity(self) -> str:
        """RETURNS (str): The pipeline, and a digest of all that the answers depend on."""
        settings = [self._version(), self.label_map, self.spans_key, self.exhaustive]
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        return f"{self.pipeline}#{digest[:12]}"

    def own_labels(self) -> Iterable[str]:
        """RETURNS (Iterable[str]): The labels of the components that find entities or spans, as far as
        the pipeline records them; empty if one of them records none.
        """
        folder = self._folder()
        if folder is None:
            return ()
        meta = util.load_meta(folder / "meta.json").get("labels", {})
        config = util.load_config(folder / "config.cfg", interpolate=False)
        finders = [n for n in config["nlp"]["pipeline"] if self._finds(config["components"][n])]
        labels = [meta.get(name) or [] for name in finders]
        return dict.fromkeys(label for found in labels for label in found) if all(labels) else ()

    def find(self, windows: Sequence[Window], labels: Labels) -> list[list[TypedSpan]]:
        """windows (Sequence[Window]): The windows.
        labels (Mapping[str, str]): Not used.
        RETURNS (list[list[TypedSpan]]): The entities of each, or the spans of the group.
        RAISES (EL4NERSetupError): EL343, the pipeline cannot be loaded.
        """
        docs = self._loaded().pipe(window.text for window in windows)
        return [list(self._spans(doc)) for doc in docs]

    def unload(self) -> None:
        """Free the pipeline; the next call loads it again."""
        self._nlp = None

    def _spans(self, doc: Doc) -> Iterator[TypedSpan]:
        if self.spans_key is None:
            for ent in doc.ents:
                probability = getattr(ent._, "confidence", None)
                yield TypedSpan(ent.start_char, ent.end_char, ent.label_, _probability(probability))
            return
        group = doc.spans.get(self.spans_key, ())
        scores = getattr(group, "attrs", {}).get("scores")
        for n, span in enumerate(group):
            score = None if scores is None else float(scores[n])
            yield TypedSpan(span.start_char, span.end_char, span.label_, _probability(score))

    def _loaded(self) -> Language:
        if self._nlp is None:
            try:
                self._nlp = spacy.load(self._located())
            except (OSError, ValueError, ImportError) as error:
                raise EL4NERSetupError(
                    Errors.EL343.format(pipeline=self.pipeline, problem=error)
                ) from error
        return self._nlp

    def _located(self) -> str:
        return bundle.located(self.pipeline, self.bundle)

    def _folder(self) -> Path | None:
        """The folder of the pipeline, which is not loaded; None if there is none (yet)."""
        if bundle.name_of(self.pipeline) is not None and self.bundle is None:
            return None
        source = self._located()
        if util.is_package(source):
            top = util.get_package_path(source)
            version = util.get_package_version(source)
            return next((f for f in (top / f"{source}-{version}", top) if _is_pipeline(f)), None)
        return Path(source) if _is_pipeline(Path(source)) else None

    def _version(self) -> str:
        """A fingerprint of a folder, or the version of a package."""
        folder = self._folder()
        if folder is None:
            return ""
        if util.is_package(self.pipeline):
            return str(util.get_package_version(self.pipeline))
        return manifest.folder_fingerprint(folder)

    def _finds(self, component: dict[str, Any]) -> bool:
        """Whether a component finds what is read here, as far as its factory says."""
        factory = component.get("factory", "")
        written = "doc.ents" if self.spans_key is None else "doc.spans"
        return Language.has_factory(factory) and written in Language.get_factory_meta(factory).assigns

    def __getstate__(self) -> dict[str, Any]:
        """The pipeline and the memory of a batch stay behind."""
        return {**self.__dict__, "_nlp": None, "_memory": {}}


def _probability(value: Any) -> float:
    """A score as a probability; NaN if it is none."""
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if usable else math.nan


def _is_pipeline(folder: Path) -> bool:
    return (folder / "meta.json").is_file() and (folder / "config.cfg").is_file()
