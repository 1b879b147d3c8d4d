"""The choice of a retriever, by how well voters find mentions with the demonstrations of each."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import mean
from typing import Any

from spacy.language import Language

from spacy_el4ner.backends.base import takes_offsets
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.registry import registry
from spacy_el4ner.retrieval.base import Retriever
from spacy_el4ner.tuning.extraction import GAIN, fit_offsets
from spacy_el4ner.tuning.measuring import Measurer
from spacy_el4ner.tuning.steps import Step
from spacy_el4ner.voters.base import Voter
from spacy_el4ner.voters.prompted.voter import PromptedVoter

SHARE = 0.25
"""Share of the time that the comparison may take."""
KIND = "@el4ner_retrievers"
MEASURE = "F1 of starts, with offsets"


def choose_retriever(
    nlp: Language,
    component: LLMEnsembleNER,
    measurer: Measurer,
    voters: Mapping[str, Voter],
    names: Sequence[str],
) -> list[Step]:
    """Compare retrievers with that of the ensemble, and let the best take its place, in the config too.

    nlp (Language): The pipeline.
    component (LLMEnsembleNER): Its ensemble.
    measurer (Measurer): Has the sentences to compare on.
    voters (Mapping[str, Voter]): The voters of the ensemble, uncalibrated.
    names (Sequence[str]): Registered names of the retrievers. They get the settings of the present one
        that they have as well, such as `encoder`.
    RETURNS (list[Step]): What each would bring.
    RAISES (EL4NERValueError): EL364, there is no such retriever; EL365, it needs spans of the pool.
    """
    config = nlp.get_pipe_config(component.name)
    now = config["retriever"][KIND]
    others = [name for name in dict.fromkeys(names) if name != now]
    blocks = {name: retriever_block(name, config["retriever"]) for name in others}
    candidates = {now: component.retriever}
    candidates |= {name: indexed(component, block) for name, block in blocks.items()}
    f1 = starts(component, measurer, voters, candidates)
    best = max(f1, key=lambda name: f1[name], default=now)
    if f1 and f1[best] <= f1[now] + GAIN:
        best = now
    if best != now:
        component.retriever, config["retriever"] = candidates[best], blocks[best]
    return [
        Step(
            "retriever", "", MEASURE, f1.get(now), f1.get(name), f"{name}{': chosen' * (name == best)}"
        )
        for name in others
    ]


def starts(
    component: LLMEnsembleNER,
    measurer: Measurer,
    voters: Mapping[str, Voter],
    retrievers: Mapping[str, Retriever],
) -> dict[str, float]:
    """component (LLMEnsembleNER): The ensemble.
    measurer (Measurer): Has the sentences to compare on.
    voters (Mapping[str, Voter]): Its voters; those whose backend takes no offsets are not asked, and
        those that list mentions do not count, because they decide on no starts.
    retrievers (Mapping[str, Retriever]): Retrievers with an index of its pool.
    RETURNS (dict[str, float]): Name -> cross-validated F1 of opening a mention at the right places,
        with offsets, the mean of the voters, 0 to 1; empty if no voter is asked.
    """
    budget, method = measurer.budget, replace(component.method(), voters=voters, cascade=None)
    tasks = [
        measurer.with_demonstrations(replace(method, retriever=retriever), SHARE / 2 / len(retrievers))
        for retriever in retrievers.values()
    ]
    able = {
        n: v for n, v in voters.items() if isinstance(v, PromptedVoter) and takes_offsets(v.backend)
    }
    f1: dict[str, list[float]] = {retriever: [] for retriever in retrievers} if able else {}
    for name, voter in able.items():
        decisions: dict[str, list[Any]] = {retriever: [] for retriever in retrievers}
        rows = list(zip(*tasks, strict=False))  # as many as there was time for with each
        for block in budget.blocks(rows, f"{name}: retrievers", SHARE / 2 / len(able)):
            for retriever, column in zip(retrievers, zip(*block, strict=True), strict=True):
                windows = [task.window for task in column]
                gold = [sorted(measurer.sample[window.document].gold) for window in windows]
                shown = [task.demonstrations for task in column]
                decisions[retriever] += voter.decisions(windows, shown, measurer.labels, gold)
            voter.forget()
        if not measurer.keep_loaded:
            voter.unload()
        found = {one: fit_offsets(name, decisions[one]).starts for one in retrievers}
        for retriever, of_voter in found.items() if any(found.values()) else ():
            f1[retriever].append(of_voter)
    return {retriever: mean(of_voters) for retriever, of_voters in f1.items() if of_voters}


def retriever_block(name: str, present: Mapping[str, Any]) -> dict[str, Any]:
    """name (str): Registered name of a retriever.
    present (Mapping[str, Any]): The config block of the present one.
    RETURNS (dict[str, Any]): The config block of the other, with the settings that both have.
    RAISES (EL4NERValueError): EL364, there is no such retriever.
    """
    known = sorted(registry.el4ner_retrievers.get_all())
    if name not in known:
        raise EL4NERValueError(Errors.EL364.format(name=name, known=", ".join(known)))
    parameters = inspect.signature(registry.get("el4ner_retrievers", name)).parameters
    return {KIND: name, **{key: value for key, value in present.items() if key in parameters}}


def indexed(component: LLMEnsembleNER, block: Mapping[str, Any]) -> Retriever:
    """component (LLMEnsembleNER): The ensemble.
    block (Mapping[str, Any]): The config block of a retriever.
    RETURNS (Retriever): The retriever with an index of the pool, and the encoder of the present one.
    RAISES (EL4NERValueError): EL365, it needs spans of the pool, which the present one does not.
    """
    make = registry.get("el4ner_retrievers", block[KIND])
    settings = {key: value for key, value in block.items() if key != KIND}
    encoder = getattr(component.retriever, "encoder", None)
    if encoder is not None and "encoder" in inspect.signature(make).parameters:
        settings["encoder"] = encoder
    retriever: Retriever = make(**settings)
    if retriever.needs_spans and not component.retriever.needs_spans:
        raise EL4NERValueError(Errors.EL365.format(name=block[KIND]))
    retriever.index(component.pool.entries)
    return retriever
