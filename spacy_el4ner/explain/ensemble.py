"""The explanation of one text by the ensemble, stage by stage.

Its keys, in addition to those of `structure`:

    voters       name -> identity, such as its model
    settings     verifier, vote, retriever, and which stages run
    trust        voter -> what the vote rule learnt about it, in words; empty if it learnt nothing
    windows      start, end, text of each, and
        spans           pre-extracted without labels, to find demonstrations by; with their weight
        demonstrations  id, text, entities, similarity, and which voters were shown it
        cut_for         voters to whose context the window had to be cut
        proposals       voter -> the spans that it extracted, with their probability
        unaligned, unparsed   what else its answers held
    candidates   start, end, text, and window (an index) of every span that any voter proposed, and
        proposed_by     voter -> probability
        proposed_by_raw the same without calibration, of calibrated voters
        votes           of each voter: label ("" is "no entity"), probability of every option,
                        abstained, raw (the probabilities without calibration)
        label           the label that won the vote, "" for none
        verification    the verifier's answer and its probability of "true"; null if it was not asked
        confidence      0 to 1
        outcome         kept; else also stage, reason and by (voters, or the entity in the way)

A probability is null where a voter gives none.
"""

import math
from collections.abc import Sequence

from spacy.tokens import Doc

from spacy_el4ner.ensemble.proposing import spans_of
from spacy_el4ner.ensemble.tasks import Task
from spacy_el4ner.ensemble.trace import EnsembleTrace
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
from spacy_el4ner.pipeline.attributes import confidence, record
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.trust import trust
from spacy_el4ner.retrieval.weights import span_weight
from spacy_el4ner.types import Candidate, Vote
from spacy_el4ner.voters.base import Proposals


def explain(component: LLMEnsembleNER, doc: Doc) -> Plain:
    """component (LLMEnsembleNER): The ensemble.
    doc (Doc): A document as the component gets it; it is annotated.
    RETURNS (dict[str, Any]): Every stage, as above.
    """
    component.prepare()
    trace = component.trace([doc])
    component.set_annotations([doc], trace.results)
    verified = {(c.start, c.end): c for c in trace.verified}
    last = [verified.get((c.start, c.end), c) for c in trace.classified]
    return {
        "voters": {name: voter.identity for name, voter in component.voters.items()},
        "settings": {
            "verifier": component.verifier,
            "vote": type(component.vote).__name__,
            "retriever": type(component.retriever).__name__,
            "stages": dict(component.cfg["stages"]),
        },
        "trust": trust(component),
        "windows": [_window(component, doc, trace, index) for index in range(len(trace.tasks))],
        "candidates": [_candidate(doc, trace.tasks, candidate) for candidate in last],
    }


def _window(component: LLMEnsembleNER, doc: Doc, trace: EnsembleTrace, index: int) -> Plain:
    task, weights = trace.tasks[index], component.cfg["pos_weights"]
    offset = task.window.start
    coverage = {name: covered[index] for name, covered in trace.coverage.items()}
    proposed = {name: answer[index] for name, answer in trace.proposed.items()}
    spans = [(offset + s, offset + e) for s, e in spans_of(trace.pre_extracted, index)]
    similarities = zip(task.demonstrations, task.similarities, strict=True)
    return {
        **stretch(doc, task.window.start, task.window.end),
        "spans": [
            {**stretch(doc, *span), "weight": span_weight(doc, *span, weights)} for span in spans
        ],
        "demonstrations": [
            {
                **demonstration(similar),
                "similarity": similarity,
                "shown_to": [name for name, cover in coverage.items() if similar in cover.shown],
            }
            for similar, similarity in similarities
        ],
        "cut_for": [name for name, cover in coverage.items() if cover.parts > 1],
        "proposals": {
            name: [
                {**stretch(doc, offset + s, offset + e), "probability": number(p)}
                for (s, e), p in proposed.get(name, Proposals()).spans.items()
            ]
            for name in component.voters
        },
        "unaligned": sum(answer.unaligned for answer in proposed.values()),
        "unparsed": sum(answer.unparsed for answer in proposed.values()),
    }


def _candidate(doc: Doc, tasks: Sequence[Task], candidate: Candidate) -> Plain:
    provenance = record(candidate)["provenance"]
    starts = [task.window.start for task in tasks]
    return {
        **stretch(doc, candidate.start, candidate.end),
        "window": sum(start <= candidate.start for start in starts) - 1,
        "proposed_by": provenance["proposed_by"],
        "proposed_by_raw": provenance["proposed_by_raw"],
        "votes": provenance["votes"],
        "label": candidate.label,
        "verification": provenance["verification"],
        "confidence": candidate.confidence,
        "outcome": _outcome(doc, candidate),
    }


def _outcome(doc: Doc, candidate: Candidate) -> Plain:
    if not candidate.label:
        cast = [vote for vote in candidate.votes if not vote.abstained]
        against = [vote.voter for vote in cast if not vote.label]
        return dropped("classification", _voted_down(cast), against)
    verdict = candidate.verdict
    if verdict is not None and not verdict.true:
        reason = f'{verdict.voter} gives "true" a probability of only {verdict.probability:.2f}'
        return dropped("verification", reason, [verdict.voter])
    if kept(doc, candidate.start, candidate.end, candidate.label):
        return {"kept": True}
    rivals = overlapping(doc, candidate.start, candidate.end)
    sure = candidate.confidence
    return in_the_way([e for e in rivals if (own := confidence(e)) is None or own >= sure])


def _voted_down(votes: Sequence[Vote]) -> str:
    if not votes:
        return "all voters abstain"
    none = sum(not vote.label for vote in votes)
    mean = math.fsum(vote.probabilities[""] for vote in votes) / len(votes)
    return f'"no entity" won the vote: {none} of {len(votes)} votes, mean probability {mean:.2f}'
