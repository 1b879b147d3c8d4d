"""The ensemble that works where nothing is said: three ungated instruct models of 1 to 3 B.

The same three as in configs/backbones/small.cfg; in 16 bits they fit one 16 GB GPU together.
"""

from collections.abc import Callable
from functools import partial

from spacy_el4ner.backends.base import Backbone
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.prompts.wording import Wording

SMALL = {
    "qwen": "Qwen/Qwen2.5-1.5B-Instruct",
    "smollm": "HuggingFaceTB/SmolLM2-1.7B-Instruct",
    "granite": "ibm-granite/granite-3.3-2b-instruct",
}


def default_backbones() -> dict[str, Callable[[str], Backbone]]:
    """RETURNS (dict): Name -> a function that makes the backbone of that name."""
    return {name: partial(_hub_backbone, model=model) for name, model in SMALL.items()}


def _hub_backbone(name: str, model: str) -> Backbone:
    return Backbone(name, HFBackend(model), Wording("en"))
