"""Models of the catalogue as the hub has them: unquantized, in safetensors."""

import shutil
from pathlib import Path

from spacy_el4ner.catalogue.entries import CatalogueModel, models
from spacy_el4ner.errors import EL4NEROSError, Errors
from spacy_el4ner.storage.atomic import replacing_folder

PATTERNS = ("*.json", "*.safetensors", "*.txt", "*.jinja", "tokenizer.model", "LICENSE*", "README.md")
"""The files of a repository that a model needs; no code and no pickles."""
SECONDS = 10.0
"""How long the hub may take to answer before it counts as out of reach."""


def is_cached(name: str) -> bool:
    """name (str): A model on the hub.
    RETURNS (bool): Whether it is in the hub's cache on this machine.
    """
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(name, "config.json"), str)


def is_reachable() -> bool:
    """RETURNS (bool): Whether the hub answers. Where `HF_HUB_OFFLINE` is set, it is not tried."""
    from huggingface_hub import HfApi, constants

    if constants.HF_HUB_OFFLINE:
        return False
    probed = next(iter(models().values())).hub
    try:
        HfApi().model_info(probed, timeout=SECONDS)
    except _failures():
        return False
    return True


def _failures() -> tuple[type[BaseException], ...]:
    """The errors of the hub's client. The HTTP library under it differs from version to version."""
    from huggingface_hub.errors import HfHubHTTPError

    return OSError, *(cls for cls in HfHubHTTPError.__mro__ if cls.__name__ == "HTTPError")


def download(model: CatalogueModel, target: Path) -> str:
    """model (CatalogueModel): A model.
    target (Path): The folder to make.
    RETURNS (str): The commit of the hub's repository.
    RAISES (EL4NEROSError): The hub cannot be reached, or does not give the model to this user.
    """
    from huggingface_hub import HfApi, snapshot_download

    failures: tuple[type[BaseException], ...] = (ValueError, *_failures())
    try:
        commit = str(HfApi().model_info(model.hub).sha)
        with replacing_folder(target) as new:
            snapshot_download(model.hub, revision=commit, local_dir=new, allow_patterns=list(PATTERNS))
            shutil.rmtree(new / ".cache", ignore_errors=True)
    except failures as error:
        problem = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise EL4NEROSError(Errors.EL275.format(hub=model.hub, problem=problem)) from error
    return commit
