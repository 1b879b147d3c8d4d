"""What the tagger (SLM) and the language model (LLM) said of one text, and who was believed.

The keys beside those of `structure`:

    models       slm: the components that make the tagger; llm: the language model, null for none
    settings     rule, lam (its λ; null where it has none), route, threshold in nats, retriever
    windows      start, end, text of each, and
        uncertainty     the sum of the tagger's entropies, in nats
        asked, why      whether the language model was asked, and the reason
        demonstrations  id, text, entities, similarity, and whether there was room to show it
        answer          error, estimated, unaligned, unparsed, parts of the language model's reading;
                        null where it was not asked
        slm             the tagger's entities, with probability and mean entropy in nats
        llm             the language model's, with category and boundary probability
        disagreements   start, end, text of each, and
            kind            "boundary" or "category"
            slm, llm        the entities of each side there, and of each also
                seen            how often the labelled sentences have it so, and otherwise
            entropy         the tagger's mean entropy there, in nats
            copied          mean probability of "no entity" of the language model, where it has none
            scores          what the rule compared, by side
            compared        the same in words
            winner          "slm" or "llm"
    candidates   start, end, text, label, window (an index) of every mention of either model, and
        how             agreement, decision, alone (one reading only) or rejected
        side            whose it is: "both", "slm" or "llm"
        raw             the confidence before calibration; null where it was rejected
        confidence      0 to 1
        outcome         kept; else also stage, reason and by (the side, or the entities in the way)
"""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from spacy.tokens import Doc

from spacy_el4ner.explain.plain import (
    Plain,
    demonstration,
    dropped,
    in_the_way,
    kept,
    overlapping,
    stretch,
)
from spacy_el4ner.fusion.disagreements import Disagreement, tokens_of
from spacy_el4ner.fusion.evidence import copying, entropy
from spacy_el4ner.fusion.fuse import FusedMention
from spacy_el4ner.fusion.readings import Case, LLMMention
from spacy_el4ner.fusion.rejected import REJECTED, decisions
from spacy_el4ner.fusion.routing import uncertainty
from spacy_el4ner.fusion.rules import LLM, SLM, Decision, LearnedRule, PaperRule, Rule, ScaledRule
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion
from spacy_el4ner.retrieval.base import Hit
from spacy_el4ner.types import Mention

ANSWER = ("error", "estimated", "unaligned", "unparsed", "parts")
"""What is told of the language model's reading beside its entities."""


def explain(component: SLMLLMFusion, doc: Doc, before: Sequence[str]) -> Plain:
    """component (SLMLLMFusion): The fusion.
    doc (Doc): A document as the component gets it; it is annotated.
    before (Sequence[str]): Names of the components before it.
    RETURNS (dict[str, Any]): What both models said, as above.
    """
    trace, rule = component.trace([doc]), component.method().rule
    component.set_annotations([doc], trace.results)
    windows = [
        _window(component, doc, case, hits, rule)
        for case, hits in zip(trace.cases, trace.hits, strict=True)
    ]
    (result,) = trace.results
    mentions = sorted([*result.entities, *result.rejected], key=lambda m: (m.start, m.end, m.label))
    return {
        "models": {"slm": " + ".join([*before, component.name]), "llm": _model(component.llm)},
        "settings": {
            "rule": rule.name,
            "lam": _lam(rule),
            "route": component.cfg["route"],
            "threshold": component.calibration.threshold,
            "retriever": type(component.retriever).__name__,
        },
        "windows": windows,
        "candidates": [_candidate(doc, windows, mention) for mention in mentions],
    }


def _window(component: SLMLLMFusion, doc: Doc, case: Case, hits: Sequence[Hit], rule: Rule) -> Plain:
    window, llm = case.window, case.llm
    unsure = uncertainty(case.slm)
    shown = len(hits) - (llm.dropped if llm is not None else 0)
    tagged = list(zip(case.slm.mentions, case.slm.probabilities, strict=True))
    return {
        **stretch(doc, window.start, window.end),
        "uncertainty": unsure,
        "asked": llm is not None,
        "why": _why(component, unsure, llm is not None),
        "demonstrations": [
            {
                **demonstration(hit.demonstration),
                "similarity": hit.similarity,
                "shown": n < shown,  # the least similar ones go first
            }
            for n, hit in enumerate(hits)
        ],
        "answer": None if llm is None else {key: getattr(llm, key) for key in ANSWER},
        "slm": [{**_slm(doc, case, m, p), "entropy": _entropy(case, m)} for m, p in tagged],
        "llm": [_llm(doc, case, m) for m in llm.mentions] if llm is not None else [],
        "disagreements": [
            _disagreement(doc, case, group, decision, rule) for group, decision in decisions(case, rule)
        ],
    }


def _why(component: SLMLLMFusion, unsure: float, asked: bool) -> str:
    if component.llm is None:
        return "there is no language model"
    if component.cfg["rule"] == SLM:
        return 'the rule "slm" never believes it'
    if component.cfg["route"] != "uncertain":
        return "it is asked about every sentence"
    relation = "above" if asked else "not above"
    threshold = component.calibration.threshold
    bound = f"{relation} the threshold of {threshold:.2f}"
    return f"the tagger's uncertainty of {unsure:.2f} nats is {bound}"


def _disagreement(doc: Doc, case: Case, group: Disagreement, decision: Decision, rule: Rule) -> Plain:
    tokens, at = group.tokens, case.window.start
    start, end = case.window.tokens[tokens[0]][0], case.window.tokens[tokens[-1]][1]
    tagged = zip(group.slm, group.probabilities, strict=True)
    return {
        **stretch(doc, at + start, at + end),
        "kind": group.kind,
        "slm": [{**_slm(doc, case, m, p), "seen": asdict(case.seen[m])} for m, p in tagged],
        "llm": [{**_llm(doc, case, m), "seen": asdict(case.seen[m.mention])} for m in group.llm],
        "entropy": entropy(case, tokens),
        "copied": None if group.llm else copying(case, tokens),
        "scores": {SLM: decision.slm_score, LLM: decision.llm_score},
        "compared": _compared(group, decision, rule),
        "winner": decision.side,
    }


def _compared(group: Disagreement, decision: Decision, rule: Rule) -> str:
    """What the rule compared, with the numbers that it did so with."""
    slm, llm, lam = decision.slm_score, decision.llm_score, _lam(rule)
    relation = "≥" if decision.side == SLM else "<"
    if lam is not None:
        p, prime = math.log(llm / lam), "′" if isinstance(rule, ScaledRule) else ""
        doubt = f"1 − H{prime} = 1 − {1 - slm:.2f} = {slm:.2f}"
        return f"{doubt} {relation} λ·e^P{prime} = {lam:g}·e^{p:.2f} = {llm:.2f}"
    if rule.name in (SLM, LLM):
        return f'the rule "{rule.name}" believes nobody else'
    if isinstance(rule, LearnedRule) and not rule.knows(group):
        return "the rule was not fitted to such types, which are the tagger's"
    return f"the tagger is right with probability {slm:.2f} {relation} {llm:.2f}"


def _lam(rule: Rule) -> float | None:
    if isinstance(rule, PaperRule):
        return rule.calibration.lam
    return rule.calibration.scaled_lam if isinstance(rule, ScaledRule) else None


def _candidate(doc: Doc, windows: Sequence[Plain], mention: FusedMention) -> Plain:
    where = sum(window["start"] <= mention.start for window in windows) - 1
    provenance = mention.provenance
    return {
        **stretch(doc, mention.start, mention.end),
        "label": mention.label,
        "window": where,
        "how": provenance["how"],
        "side": provenance["side"],
        "raw": provenance.get("raw"),
        "confidence": mention.confidence,
        "outcome": _outcome(doc, mention, windows[where]["disagreements"]),
    }


def _outcome(doc: Doc, mention: FusedMention, disagreements: Sequence[Plain]) -> Plain:
    if mention.provenance["how"] == REJECTED:
        place = next(d for d in disagreements if d["start"] <= mention.start < d["end"])
        return dropped("decision", place["compared"], [place["winner"]])
    if kept(doc, mention.start, mention.end, mention.label):
        return {"kept": True}
    return in_the_way(overlapping(doc, mention.start, mention.end))


def _slm(doc: Doc, case: Case, mention: Mention, probability: float) -> Plain:
    return {**_place(doc, case, mention), "probability": probability}


def _llm(doc: Doc, case: Case, found: LLMMention) -> Plain:
    where = _place(doc, case, found.mention)
    return {**where, "category": found.category, "boundary": found.boundary}


def _place(doc: Doc, case: Case, mention: Mention) -> Plain:
    at = case.window.start
    return {**stretch(doc, at + mention.start, at + mention.end), "label": mention.label}


def _entropy(case: Case, mention: Mention) -> float:
    return entropy(case, tokens_of(case.window, mention.start, mention.end))


def _model(llm: Any) -> str | None:
    """The model's name; a reader of another kind has none, and is named by its class."""
    backend = getattr(llm, "backend", None)
    return None if llm is None else str(getattr(backend, "model", type(llm).__name__))
