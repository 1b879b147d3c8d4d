"""The readings of the tagger (SLM) and the language model (LLM) of one text, and their fusion.

The keys in addition to those of `structure`:

    models       slm: the components that make the tagger; llm: the language model, null for none
    settings     rule (its name), title and description of the rule, route, threshold in nats, retriever
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
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import Disagreement, tokens_of
from spacy_el4ner.fusion.evidence import copying, entropy
from spacy_el4ner.fusion.fuse import REJECTED, FusedMention, FusedWindow
from spacy_el4ner.fusion.readings import LLMMention
from spacy_el4ner.fusion.routing import uncertainty
from spacy_el4ner.fusion.rules.base import LLM, SLM, FusionRule, RuleDecision
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion
from spacy_el4ner.retrieval.base import Hit
from spacy_el4ner.types import Mention

ANSWER = ("error", "estimated", "unaligned", "unparsed", "parts")
"""The fields of the language model's reading that an explanation includes with its entities."""


def explain(component: SLMLLMFusion, doc: Doc, before: Sequence[str]) -> Plain:
    """component (SLMLLMFusion): The fusion.
    doc (Doc): A document as the component receives it; it is annotated.
    before (Sequence[str]): Names of the components before it.
    RETURNS (dict[str, Any]): The readings of both models and their fusion, as above.
    """
    trace, rule = component.trace([doc]), component.fitted_rule
    component.set_annotations([doc], trace.results)
    windows = [
        _window(component, doc, fused, hits, rule)
        for fused, hits in zip(trace.windows, trace.hits, strict=True)
    ]
    (result,) = trace.results
    mentions = sorted([*result.entities, *result.rejected], key=lambda m: (m.start, m.end, m.label))
    return {
        "models": {"slm": " + ".join([*before, component.name]), "llm": _model(component.llm)},
        "settings": {
            "rule": rule.name,
            "title": rule.title,
            "description": rule.description,
            "route": component.cfg["route"],
            "threshold": component.calibration.threshold,
            "retriever": type(component.retriever).__name__,
        },
        "windows": windows,
        "candidates": [_candidate(doc, windows, mention) for mention in mentions],
    }


def _window(
    component: SLMLLMFusion, doc: Doc, fused: FusedWindow, hits: Sequence[Hit], rule: FusionRule
) -> Plain:
    case = fused.case
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
            _disagreement(doc, case, group, decision, rule) for group, decision in fused.decisions
        ],
    }


def _why(component: SLMLLMFusion, unsure: float, llm_asked: bool) -> str:
    if component.llm is None:
        return "there is no language model"
    if component.rule.always == SLM:
        return f'by the rule "{component.rule.name}" the tagger always wins'
    if component.cfg["route"] != "uncertain":
        return "it is asked about every sentence"
    relation = "above" if llm_asked else "not above"
    threshold = component.calibration.threshold
    bound = f"{relation} the threshold of {threshold:.2f}"
    return f"the tagger's uncertainty of {unsure:.2f} nats is {bound}"


def _disagreement(
    doc: Doc, case: Case, group: Disagreement, decision: RuleDecision, rule: FusionRule
) -> Plain:
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
        "compared": rule.describe(case, group, decision),
        "winner": decision.side,
    }


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


def _llm(doc: Doc, case: Case, entity: LLMMention) -> Plain:
    where = _place(doc, case, entity.mention)
    return {**where, "category": entity.category, "boundary": entity.boundary}


def _place(doc: Doc, case: Case, mention: Mention) -> Plain:
    at = case.window.start
    return {**stretch(doc, at + mention.start, at + mention.end), "label": mention.label}


def _entropy(case: Case, mention: Mention) -> float:
    return entropy(case, tokens_of(case.window, mention.start, mention.end))


def _model(llm: Any) -> str | None:
    """The model's name; a reader of another kind has none, and is named by its class."""
    backend = getattr(llm, "backend", None)
    return None if llm is None else str(getattr(backend, "model", type(llm).__name__))
