"""One measurement of a pipeline under attack, resumable."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.evaluation.bench.run import progress
from spacy_el4ner.evaluation.injection.corpus import Attack
from spacy_el4ner.evaluation.injection.record import InjectionRecord
from spacy_el4ner.evaluation.injection.targets import ExtractionTarget, PipelineTarget, Target
from spacy_el4ner.evaluation.machine import machine
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER


def measure_attacks(
    nlp: Language,
    attacks: Sequence[Attack],
    out: Path,
    *,
    about: dict[str, Any],
    voter: str | None = None,
    free: bool = True,
    free_limit: int = 0,
    seed: int = 0,
    warn: Callable[[str], Any] = print,
) -> dict[str, Any]:
    """Read texts with attacks and without, and record the entities that were gained or lost.

    nlp (Language): A pipeline with the ensemble.
    attacks (Sequence[Attack]): The attacks.
    out (Path): The JSON file of results. What it holds already is not measured again.
    about (dict[str, Any]): Further settings to record, such as where pipeline and attacks come from.
    voter (str | None): The voter whose extraction is measured; None for the first.
    free (bool): Also measure free decoding.
    free_limit (int): Attacks on free decoding, which is slow; 0 for all.
    seed (int): Seed of the choice of these attacks.
    warn (Callable[[str], Any]): Called if the file was written with other settings and is replaced.
    RETURNS (dict[str, Any]): The content of the file.
    RAISES (ValueError): EL010, the ensemble has no such voter.
    """
    name, targets = _targets(nlp, voter, free)
    settings = {**about, "attacks": len(attacks), "voter": name, "seed": seed}
    record = InjectionRecord(out, {**machine(), "settings": settings})
    if record.changed:
        warn(f"{out} is of another pipeline, corpus or version: everything is measured again.")
    attacks = list(attacks)
    drawn = attacks
    if 0 < free_limit < len(attacks):
        drawn = random.Random(seed).sample(attacks, free_limit)
    work = [(target, drawn if target.name == "free" else attacks) for target in targets]
    with progress(sum(len(chosen) for _, chosen in work)) as tick:
        for target, chosen in work:
            record.measure(target, chosen, tick)
    return record.data


def _targets(nlp: Language, voter: str | None, free: bool) -> tuple[str, list[Target]]:
    """The name of the voter, and the readers of the attacked texts."""
    component = find_component(nlp, LLMEnsembleNER)
    members = component.voters
    name = voter or next(iter(members))
    if name not in members:
        known = ", ".join(members)
        raise EL4NERValueError(Errors.EL010.format(value=name, setting="--voter", known=known))
    extractions = [
        ExtractionTarget(nlp, component, name, members[name], free=is_free)
        for is_free in ((False, True) if free else (False,))
    ]
    return name, [PipelineTarget(nlp), *extractions]
