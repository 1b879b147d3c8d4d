"""The file of metrics of an ensemble: its rows, and what they were measured on."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.corpora.sampling import sample_by_sentences
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.evaluation import ensemble
from spacy_el4ner.evaluation.machine import machine, portable_name
from spacy_el4ner.evaluation.unfinished import UnfinishedRows, always
from spacy_el4ner.pipeline.trust import trust
from spacy_el4ner.storage.model_record import record_of
from spacy_el4ner.voters.base import Voter
from spacy_el4ner.voters.prompted.voter import PromptedVoter


def ensemble_metrics(
    nlp: Language,
    docs: Sequence[Doc],
    name: str,
    *,
    limit: int = 0,
    seed: int = 0,
    earlier: dict[str, Any] | None = None,
    ablations: bool = True,
    unfinished: Path | None = None,
    say: Callable[[str], Any] = print,
) -> dict[str, Any]:
    """Measure a pipeline on a labelled corpus: scores, speed and calibration.

    nlp (Language): A pipeline with the ensemble.
    docs (Sequence[Doc]): The labelled documents.
    name (str): Name of the corpus, for the report.
    limit (int): Approximate number of sentences to measure on, drawn by `seed`; 0 for all.
    seed (int): Seed of that choice.
    earlier (dict[str, Any] | None): The metrics of an earlier measurement on the same documents, to
        which the further ablations are added; None to measure the main rows.
    ablations (bool): Whether to measure the ablations too; the further ones only with `earlier`.
    unfinished (Path | None): A file in which finished rows are kept until all are measured, for an
        evaluation that is interrupted; None to keep none.
    say (Callable[[str], Any]): Called with what is measured next.
    RETURNS (dict[str, Any]): The metrics; plain data.
    RAISES (ValueError): EL014, the pipeline has no ensemble; EL260, the earlier metrics are of other
        documents.
    """
    drawn, sentences = sample_by_sentences(docs, limit, seed)
    bench = ensemble.Bench(nlp, drawn)
    say(f"Measuring on {len(drawn)} of {len(docs)} documents, {sentences} sentences")
    about = {"documents": len(drawn), "sentences": sentences, "seed": seed, "texts": _hash(drawn)}
    if earlier is not None:
        # Metrics of an earlier version do not record the texts.
        if about != {key: earlier.get(key, value) for key, value in about.items()}:
            raise EL4NERValueError(Errors.EL260)
        rows = {**earlier["ablations"], **ensemble.ablate(bench, say)}
        return {**earlier, "ablations": rows, "ablated": machine()}
    once = UnfinishedRows(unfinished, {**about, **_settings(bench)}) if unfinished else always
    metrics = {
        "name": name,
        "documents_in_split": len(docs),
        **about,
        "voter_models": {n: portable_name(_model(v)) for n, v in bench.members.items()},
        "pool_sentences": len(bench.component.pool.entries),
        "training_steps": _training_steps(bench.members),
        "tuning": dict(bench.component.tuning.report),
        "trust": trust(bench.component),
        **machine(),
        **ensemble.evaluate(bench, say, ablations=ablations, once=once),
    }
    if isinstance(once, UnfinishedRows):
        once.finish()
    return metrics


def _settings(bench: ensemble.Bench) -> dict[str, Any]:
    """What else the rows of an evaluation depend on, as plain data."""
    component = bench.component
    return {
        "voters": {name: voter.identity for name, voter in component.voters.items()},
        "settings": json.loads(json.dumps(component.cfg, default=str)),
        "tuning": json.loads(component.tuning.to_bytes()),
        "pool": [len(component.pool.entries), type(component.retriever).__name__],
        "vote": [type(component.vote).__name__, str(vars(component.vote))],
    }


def _hash(docs: Sequence[Doc]) -> str:
    """The sha256 of texts and entities: another corpus can have as many documents and sentences, and
    the entities of this one may have been corrected.
    """
    texts = json.dumps([[doc.text, [(t.ent_iob_, t.ent_type_) for t in doc]] for doc in docs])
    return hashlib.sha256(texts.encode()).hexdigest()


def _model(voter: Voter) -> str:
    """The model of a voter that prompts one, else its identity."""
    return voter.backend.model if isinstance(voter, PromptedVoter) else voter.identity


def _training_steps(voters: Mapping[str, Voter]) -> dict[str, int]:
    """The training steps of the compact backbones; those of a model on the hub are unknown."""
    plans = {name: record_of(Path(_model(v))).get("plan", {}) for name, v in voters.items()}
    return {name: plan["steps"] for name, plan in plans.items() if "steps" in plan}
