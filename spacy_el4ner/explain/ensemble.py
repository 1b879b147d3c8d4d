"""What every stage of the ensemble did with one text.

The keys beside those of `structure`:

    backbones    name -> model
    settings     verifier, vote, retriever, and which stages run
    windows      start, end, text of each, and
        spans           pre-extracted without types, to find demonstrations by; with their weight
        demonstrations  id, text, entities, similarity, and which backbones were shown it
        cut_for         backbones to whose context the window had to be cut
        proposals       backbone -> the spans that it extracted, with their probability
        unaligned, unparsed   what its answers held beside that
    candidates   start, end, text, and window (an index) of every span that any backbone proposed, and
        proposed_by     backbone -> probability
        votes           of each backbone: label ("" is "no entity") and the probability of every option
        label           the type that won the vote, "" for none
        verification    the verifier's answer and its probability of "true"; null if it was not asked
        confidence      0 to 1
        outcome         kept; else also stage, reason and by (backbones, or the entity in the way)

A probability is null where a backbone's transport gives none.
"""

import math
from collections.abc import Sequence

from spacy.tokens import Doc

from spacy_el4ner.explain.plain import (
    Plain,
    demonstration,
    dropped,
    in_the_way,
    kept,
    number,
    overlapping,
    stretch,
)
from spacy_el4ner.pipeline.attributes import record
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.trace import Trace
from spacy_el4ner.retrieval.weights import span_weight
from spacy_el4ner.stages.reading import Task
from spacy_el4ner.types import Candidate, Vote


def explain(component: LLMEnsembleNER, doc: Doc) -> Plain:
    """component (LLMEnsembleNER): The ensemble.
    doc (Doc): A document as the component gets it; it is annotated.
    RETURNS (dict[str, Any]): Every stage, as above.
    """
    trace = component.trace([doc])
    component.set_annotations([doc], trace.results)
    verified = {(c.start, c.end): c for c in trace.verified}
    last = [verified.get((c.start, c.end), c) for c in trace.classified]
    return {
        "backbones": {b.name: b.backend.model for b in component.backbones},
        "settings": {
            "verifier": component.cfg["verifier"] or component.backbones[0].name,
            "vote": type(component.vote).__name__,
            "retriever": type(component.retriever).__name__,
            "stages": dict(component.cfg["stages"]),
        },
        "windows": [_window(component, doc, trace, task) for task in trace.tasks],
        "candidates": [_candidate(doc, trace.tasks, candidate) for candidate in last],
    }


def _window(component: LLMEnsembleNER, doc: Doc, trace: Trace, task: Task) -> Plain:
    window = task.window
    inside = {
        name: [r for r in readings if window.start <= r.window.start < window.end]
        for name, readings in trace.readings.items()
    }
    mine = [e for e in trace.extractions if window.start <= e.reading.window.start < window.end]
    spans = {
        (p.start, p.end)
        for e in trace.pre_extractions
        for p in e.proposals
        if window.start <= p.start < window.end
    }
    weights = component.cfg["pos_weights"]
    similar = zip(task.shots, task.similarities, strict=True)
    return {
        **stretch(doc, window.start, window.end),
        "spans": [
            {**stretch(doc, *span), "weight": span_weight(doc, *span, weights)}
            for span in sorted(spans)
        ],
        "demonstrations": [
            {
                **demonstration(shot),
                "similarity": similarity,
                "shown_to": [n for n, found in inside.items() if any(shot in r.shots for r in found)],
            }
            for shot, similarity in similar
        ],
        "cut_for": [name for name, found in inside.items() if any(r.cut for r in found)],
        "proposals": {
            b.name: [
                {**stretch(doc, p.start, p.end), "probability": number(p.probability)}
                for e in mine
                if e.reading.backbone.name == b.name
                for p in e.proposals
            ]
            for b in component.backbones
        },
        "unaligned": sum(e.unaligned for e in mine),
        "unparsed": sum(e.unparsed for e in mine),
    }


def _candidate(doc: Doc, tasks: Sequence[Task], candidate: Candidate) -> Plain:
    provenance = record(candidate)["provenance"]
    starts = [task.window.start for task in tasks]
    return {
        **stretch(doc, candidate.start, candidate.end),
        "window": sum(start <= candidate.start for start in starts) - 1,
        "proposed_by": provenance["proposed_by"],
        "votes": provenance["votes"],
        "label": candidate.label,
        "verification": provenance["verification"],
        "confidence": candidate.confidence,
        "outcome": _outcome(doc, candidate),
    }


def _outcome(doc: Doc, candidate: Candidate) -> Plain:
    if not candidate.label:
        against = [vote.backbone for vote in candidate.votes if not vote.label]
        return dropped("classification", _voted_down(candidate.votes), against)
    verdict = candidate.verdict
    if verdict is not None and not verdict.true:
        reason = f'{verdict.backbone} gives "true" a probability of only {verdict.probability:.2f}'
        return dropped("verification", reason, [verdict.backbone])
    if kept(doc, candidate.start, candidate.end, candidate.label):
        return {"kept": True}
    rivals = overlapping(doc, candidate.start, candidate.end)
    sure = candidate.confidence
    return in_the_way([e for e in rivals if e._.confidence is None or e._.confidence >= sure])


def _voted_down(votes: Sequence[Vote]) -> str:
    none = sum(not vote.label for vote in votes)
    mean = math.fsum(vote.probabilities[""] for vote in votes) / len(votes)
    return f'"no entity" won the vote: {none} of {len(votes)} votes, mean probability {mean:.2f}'
