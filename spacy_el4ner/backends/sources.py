"""Locations of the models that a config names: the hub, a folder, a saved component, the catalogue, or
a GGUF file.
"""

from pathlib import Path

from spacy_el4ner import catalogue
from spacy_el4ner.backends.gguf import convert
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage import bundle, manifest

SIXTEEN_BITS = ("bfloat16", "float16", "auto")
"""Types to compute in for which weights of 16 bits are read."""


def in_catalogue(source: str) -> bool:
    """source (str): A model as the config names it.
    RETURNS (bool): Whether it is a model of the catalogue. A folder of that name takes precedence.
    """
    return source in catalogue.models() and not Path(source).exists()


def stored(source: str, folder: Path | None, *, local_only: bool = False, gguf: bool = False) -> str:
    """source (str): A model or an adapter as the config names it.
    folder (Path | None): The folder that bundled models are in.
    local_only (bool): Never ask the network.
    gguf (bool): Whether of a model of the catalogue only the GGUF file will do.
    RETURNS (str): A name on the hub, a folder, or a GGUF file. A model of the catalogue is fetched
        where it is not on this machine.
    RAISES (EL4NERValueError): The model is bundled and not there; or it is one of the catalogue, and
        was not fetched or has terms that were not accepted.
    """
    if in_catalogue(source):
        fetched = catalogue.find(source, gguf=gguf)
        if fetched is None and local_only:
            raise EL4NERValueError(Errors.EL271.format(name=source, root=catalogue.root()))
        return str(fetched or catalogue.fetch(source, gguf=gguf))
    located = bundle.located(source, folder)
    files = sorted(Path(located).glob(f"*{convert.SUFFIX}")) if Path(located).is_dir() else []
    single = len(files) == 1 and not (Path(located) / "config.json").exists()
    return str(files[0]) if single else located


def loadable(source: str, folder: Path | None, dtype: str, *, local_only: bool = False) -> str:
    """source (str), folder (Path | None), local_only (bool): As for `stored`.
    dtype (str): The type to compute in; "auto" where the weights decide.
    RETURNS (str): A name on the hub or a folder, as transformers takes it. A GGUF file is converted
        where that was not done before.
    """
    path = stored(source, folder, local_only=local_only)
    if not convert.is_gguf(path):
        return path
    return str(convert.converted(Path(path), "bfloat16" if dtype in SIXTEEN_BITS else "float32"))


def fingerprint(source: str, folder: Path | None, *, local_only: bool = False) -> str:
    """source (str), folder (Path | None), local_only (bool): As for `stored`.
    RETURNS (str): Identity of the model: the name on the hub, or a hash of its files.
    """
    path = stored(source, folder, local_only=local_only)
    if convert.is_gguf(path):
        return convert.fingerprint(Path(path))
    return manifest.folder_fingerprint(Path(path)) if Path(path).is_dir() else path
