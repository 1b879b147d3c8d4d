"""The steps that turn a file of voters and labelled documents into an ensemble."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Config

from spacy_el4ner.errors import EL4NERValueError, Errors

PATHS = "paths"
"""Section of a file with the paths and models that commands may replace."""
VARIABLES = "variables"
"""Section of a file with other values that its blocks share. Neither section is a setting."""
SETTINGS = "settings"
"""Section of a file with the settings that are plain values, such as `k`."""


def read_voters(
    file: str | Path, backbones: str | Path | None = None, base: str | None = None
) -> dict[str, Any]:
    """file (str | Path): A file of voters, such as configs/voters/compact.cfg.
    backbones (str | Path | None): The folder of compact backbones or adapters, which replaces
        `paths.backbones` in the file; None for that of the file.
    base (str | None): The model of the adapters, which replaces `paths.base` in the file; None for that
        of the file.
    RETURNS (dict[str, Any]): Settings of `llm_ensemble_ner`: `voters`, and others that suit them.
    RAISES (EL4NERValueError): EL215, there is no such file; EL216, it is not a config; EL217, it has no
        voters.
    """
    file = Path(file)
    if not file.is_file():
        raise EL4NERValueError(Errors.EL215.format(path=file))
    try:
        raw = Config().from_disk(file, interpolate=False)
        replaced = {"backbones": backbones, "base": base}
        overrides = {
            f"{PATHS}.{name}": str(value)
            for name, value in replaced.items()
            if value is not None and name in raw.get(PATHS, {})
        }
        settings = Config().from_disk(file, overrides=overrides)
    except ValueError as error:
        raise EL4NERValueError(Errors.EL216.format(path=file, problem=str(error).strip())) from error
    if "voters" not in settings:
        raise EL4NERValueError(Errors.EL217.format(path=file))
    blocks = {
        name: block for name, block in settings.items() if name not in (PATHS, VARIABLES, SETTINGS)
    }
    return {**settings.get(SETTINGS, {}), **blocks}


def make_ensemble(
    file: str | Path,
    docs: Iterable[Doc] | None = None,
    *,
    lang: str = "en",
    backbones: str | Path | None = None,
    base: str | None = None,
    **settings: Any,
) -> Language:
    """Make a pipeline with the ensemble that a file describes. Its voters propose spans in every
    sentence of the documents, which are indexed as its demonstration pool.

    file (str | Path): A file of voters, such as configs/voters/compact.cfg.
    docs (Iterable[Doc] | None): Documents with gold entities, whose sentences become demonstrations;
        None for an ensemble without labels and demonstrations of its own.
    lang (str): Code of the pipeline's language.
    backbones (str | Path | None): The folder of compact backbones or adapters; None for that of the
        file.
    base (str | None): The model of the adapters; None for that of the file.
    **settings (Any): Further settings of `llm_ensemble_ner`, which replace those of the file.
    RETURNS (Language): The pipeline, to be used, measured or saved.
    RAISES (EL4NERValueError): The file cannot be used, or a setting is invalid.
    EXAMPLE:
        >>> docs = read_docs("corpus/sample_en/train.spacy")
        >>> nlp = make_ensemble("configs/voters/compact.cfg", docs, k=3)
        >>> nlp.to_disk("training/ensemble")
    """
    nlp = spacy.blank(lang)
    nlp.add_pipe("llm_ensemble_ner", config={**read_voters(file, backbones, base), **settings})
    if docs is not None:
        examples = [Example(doc, doc) for doc in docs]
        nlp.initialize(lambda: examples)
    return nlp
