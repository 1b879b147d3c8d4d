"""A GLiNER model in memory."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import EL4NERImportError, EL4NERSetupError, Errors
from spacy_el4ner.voters.base import Span, Spans
from spacy_el4ner.voters.finding import TypedSpan
from spacy_el4ner.voters.gliner.files import WEIGHTS
from spacy_el4ner.voters.gliner.reader import GLiNERReader

LEAST = 0.001
"""Scores up to this are taken for 0: the library goes through all that are higher one by one."""


class GLiNERModel:
    """Finds and scores spans.

    gliner (BaseGLiNER): The model of the library.
    batch_size (int): Texts a pass.
    """

    def __init__(self, gliner: Any, batch_size: int):
        self.gliner = gliner
        self.batch_size = batch_size
        self.reader = GLiNERReader(gliner.data_processor, gliner.config)

    def find(
        self, texts: Sequence[str], names: Iterable[str], threshold: float
    ) -> list[list[TypedSpan]]:
        """texts (Sequence[str]): Texts that the reader has room for.
        names (Iterable[str]): What to find.
        threshold (float): The lowest score of a span that is found, 0 to 1.
        RETURNS (list[list[TypedSpan]]): The spans of each text, labelled by the names. They do not
            overlap.
        """
        found: list[list[TypedSpan]] = [[] for _ in texts]
        read = [n for n, text in enumerate(texts) if self.reader.words(text)]
        answers = self._infer([texts[n] for n in read], names, threshold=threshold)
        for n, answer in zip(read, answers, strict=True):
            found[n] = [TypedSpan(a["start"], a["end"], a["label"], a["score"]) for a in answer]
        return found

    def score(
        self, texts: Sequence[str], spans: Spans, names: Iterable[str]
    ) -> list[dict[Span, dict[str, float]]]:
        """texts (Sequence[str]): Texts that the reader has room for.
        spans (Sequence[Sequence[Span]]): Spans of each.
        names (Iterable[str]): What they may be.
        RETURNS (list[dict[Span, dict[str, float]]]): For each text, span -> name -> score, 0 to 1.
            Spans that the model cannot score are left out, and so are names with a score next to 0.
        """
        judged = [self.reader.judged(text, of) for text, of in zip(texts, spans, strict=True)]
        scores: list[dict[Span, dict[str, float]]] = [{span: {} for span in of} for of in judged]
        asked = [(n, layer) for n, of in enumerate(judged) for layer in _layers(of)]
        answers = self._infer(
            [texts[n] for n, _ in asked],
            names,
            threshold=LEAST,
            flat_ner=False,
            multi_label=True,
            input_spans=[[{"start": s, "end": e} for s, e in layer] for _, layer in asked],
        )
        for (n, _), answer in zip(asked, answers, strict=True):
            for a in answer:
                scores[n][a["start"], a["end"]][a["label"]] = a["score"]
        return scores

    def _infer(self, texts: list[str], names: Iterable[str], **settings: Any) -> list[Any]:
        if not texts:
            return []
        answers: list[Any] = self.gliner.inference(
            texts, list(names), batch_size=self.batch_size, **settings
        )
        return answers


def load(folder: Path, name: str, device: str, batch_size: int) -> GLiNERModel:
    """folder (Path): The folder of a model, checked.
    name (str): The model, as the config names it.
    device (str): The device to run on.
    batch_size (int): Texts a pass.
    RETURNS (GLiNERModel): The model.
    RAISES (ImportError): EL377, the extra `gliner` is not installed.
    RAISES (ValueError): EL378, the model cannot be loaded; EL114, it lacks weights.
    """
    try:
        from gliner import GLiNER
    except ImportError as error:
        raise EL4NERImportError(Errors.EL377.format(name=name)) from error
    from safetensors import SafetensorError, safe_open

    failures = (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, SafetensorError)
    try:
        with warnings.catch_warnings():
            # It tries to, although the model has been saved with all of its embeddings.
            warnings.filterwarnings("ignore", "Resizing embeddings is not supported")
            model = GLiNER.from_pretrained(str(folder), local_files_only=True, map_location=device)
    except failures as error:
        raise EL4NERSetupError(Errors.EL378.format(name=name, problem=error)) from error
    with safe_open(folder / WEIGHTS, "pt") as file:
        saved = {*file.keys(), *(file.metadata() or {})}
    # GLiNER would leave them as they are initialized, at random.
    if missing := [weight for weight, _ in model.model.named_parameters() if weight not in saved]:
        problem = f"it lacks {len(missing)} weights ({missing[0]}, …)"
        raise EL4NERSetupError(Errors.EL114.format(name=name, problem=problem))
    return GLiNERModel(model, batch_size)


def _layers(spans: Iterable[Span]) -> list[list[Span]]:
    """The spans in lists in each of which no two cross: of two that do, the library drops one."""
    layers: list[list[Span]] = []
    for span in dict.fromkeys(spans):
        free = (layer for layer in layers if not any(_cross(span, other) for other in layer))
        layer = next(free, None)
        if layer is None:
            layers.append([span])
        else:
            layer.append(span)
    return layers


def _cross(one: Span, other: Span) -> bool:
    (start, end), (later, last) = sorted((one, other))
    return start < later < end < last
