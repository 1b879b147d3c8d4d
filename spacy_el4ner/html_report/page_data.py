"""The data of the page: annotated documents as plain data, with offsets in UTF-16 as in JavaScript.

The keys:

    labels      all labels, sorted
    gold        whether there are gold entities to compare with
    documents   of each: id, text, the `error` for which it was left without entities or "", the
                entities `found`, spans that were `considered` and not taken, and the gold entities
                that were `missed`; each with
        start, end, label
        inline          whether it can stand in the text, where the entities found stand already
    and those found or considered with
        confidence      0 to 1, or null
        disputed        whether any model says otherwise
        outcome         right, type, boundary, both, spurious; "" where gold is not known
        gold            the gold entities there: text and label
        opinions        of each model: by, label ("" is "no entity"), probability or null, the text
                        where it is another than the span's, and others: [label, probability]
        notes           how it came to be, in words
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from spacy.tokens import Doc

from spacy_el4ner.fusion.fuse import REJECTED
from spacy_el4ner.fusion.rules.base import LLM, SLM
from spacy_el4ner.html_report.outcomes import RIGHT, MentionTally, judge, overlapping
from spacy_el4ner.pipeline.attributes import records
from spacy_el4ner.pipeline.opinions import MODELS, Opinion, disputed, opinions
from spacy_el4ner.scorer import annotated
from spacy_el4ner.text.utf16 import Units
from spacy_el4ner.types import Mention

Plain = dict[str, Any]
LEAST = 0.05
"""The lowest probability at which a label that was not chosen is shown."""


def page_data(docs: Sequence[Doc], gold: Sequence[Doc] | None) -> tuple[Plain, MentionTally]:
    """docs (Sequence[Doc]): Annotated documents.
    gold (Sequence[Doc] | None): The same documents with gold entities, in the same order.
    RETURNS (tuple[dict[str, Any], MentionTally]): The data, with the keys above, and the counts.
    """
    tally = MentionTally()
    documents = [
        _document(doc, None if gold is None else gold[n], str(n + 1), tally)
        for n, doc in enumerate(docs)
    ]
    labels = {e["label"] for d in documents for e in (*d["found"], *d["considered"], *d["missed"])}
    return {"labels": sorted(labels), "gold": gold is not None, "documents": documents}, tally


def mentions(doc: Doc) -> list[Mention]:
    """doc (Doc): A document.
    RETURNS (list[Mention]): Its entities.
    """
    return [Mention(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]


def _document(doc: Doc, answers: Doc | None, number: str, tally: MentionTally) -> Plain:
    predicted, recorded = mentions(doc), records(doc)
    by_mention = {m: opinions(m.start, m.end, m.label, r) for m, r in recorded.items()}
    answers_of_models = {
        (o.by, Mention(o.start, o.end, o.label)) for every in by_mention.values() for o in every
    }
    gold: list[Mention] = []
    judged: set[Mention] = set()
    if answers is not None:
        gold = mentions(answers)
        marked = {*predicted, *recorded, *(mention for _, mention in answers_of_models)}
        judged = {mention for mention in marked if annotated(answers, mention.start, mention.end)}
        tally.add([mention for mention in predicted if mention in judged], gold)
        tally.add_answers(
            [(by, mention) for by, mention in sorted(answers_of_models) if mention in judged], gold
        )
        for mention in predicted:
            if mention in recorded and mention in judged:
                tally.pairs.append((recorded[mention]["confidence"], mention in gold))
    show = _SpanData(doc.text, predicted, gold, judged, recorded, by_mention)
    return {
        "id": str(doc.user_data.get("id", number)),
        "text": doc.text,
        "error": (doc._.el4ner or {}).get("error", ""),
        "found": [show.span(mention) for mention in predicted],
        "considered": [show.span(mention) for mention in recorded if mention not in predicted],
        "missed": [show.place(g) for g in gold if g not in predicted],
    }


class _SpanData:
    """The data of the spans of one document."""

    def __init__(
        self,
        text: str,
        predicted: list[Mention],
        gold: list[Mention],
        judged: set[Mention],
        recorded: dict[Mention, Mapping[str, Any]],
        answers: dict[Mention, list[Opinion]],
    ):
        self.text, self.predicted, self.gold, self.judged = text, predicted, gold, judged
        self.recorded, self.answers = recorded, answers
        self.units = Units(text)

    def place(self, mention: Mention) -> Plain:
        inline = mention in self.predicted or not overlapping(mention, self.predicted)
        start, end = self.units.of(mention.start), self.units.of(mention.end)
        return {"start": start, "end": end, "label": mention.label, "inline": inline}

    def span(self, mention: Mention) -> Plain:
        record = self.recorded.get(mention)
        outcome = judge(mention, self.gold) if mention in self.judged else ""
        there = [] if outcome == RIGHT else overlapping(mention, self.gold)
        return {
            **self.place(mention),
            "confidence": None if record is None else _number(record["confidence"]),
            "disputed": record is not None and disputed(mention.label, record),
            "outcome": outcome,
            "gold": [{"text": self.text[g.start : g.end], "label": g.label} for g in there],
            "opinions": [self._opinion(o, mention) for o in self.answers.get(mention, ())],
            "notes": [] if record is None else list(_notes(record["provenance"])),
        }

    def _opinion(self, opinion: Opinion, mention: Mention) -> Plain:
        elsewhere = (opinion.start, opinion.end) != (mention.start, mention.end)
        return {
            "by": opinion.by,
            "label": opinion.label,
            "probability": _number(opinion.probability),
            "text": self.text[opinion.start : opinion.end] if elsewhere else "",
            "others": [[label, _number(p)] for label, p in opinion.others if p >= LEAST],
        }


def _notes(provenance: Mapping[str, Any]) -> Iterator[str]:
    if "votes" in provenance:
        yield from _ensemble_notes(provenance)
    else:
        yield from _fusion_notes(provenance)


def _ensemble_notes(provenance: Mapping[str, Any]) -> Iterator[str]:
    proposed = [
        name if p is None else f"{name} {p:.2f}" for name, p in provenance["proposed_by"].items()
    ]
    yield f"proposed by {', '.join(proposed)}"
    if verdict := provenance["verification"]:
        p = "" if verdict["estimated"] else f" (probability of “true” {verdict['probability']:.2f})"
        yield f"verified by {verdict['voter']}: {str(verdict['true']).lower()}{p}"
    if demonstrations := provenance["demonstrations"]:
        yield f"demonstrations: {', '.join(demonstrations)}"


def _fusion_notes(provenance: Mapping[str, Any]) -> Iterator[str]:
    how, side = provenance["how"], MODELS.get(provenance["side"], "")
    if scores := provenance["scores"]:
        compared = ", ".join(f"{MODELS[s]} {scores[s]:.3f}" for s in (SLM, LLM))
        lost = how == REJECTED
        won = MODELS[LLM if (provenance["side"] == SLM) == lost else SLM]
        yield f"the models disagree ({provenance['kind']}): the {won} won"
        yield f"compared by the rule “{provenance['rule']}”: {compared}"
        if lost:
            return
    elif side:
        yield f"from the {side} alone"
    else:
        yield "both models agree"
    yield f"entropy of the tagger: {provenance[SLM]['entropy']:.3f} nats"
    llm = provenance[LLM]
    if llm is None:
        yield "the language model was not asked"
    elif llm["error"]:
        yield f"no reading of the language model: {llm['error']}"
    for entity in () if llm is None else llm["entities"]:
        yield (
            f"language model’s {entity['label']}: category {entity['category']:.2f}, "
            f"boundary {entity['boundary']:.2f}"
        )


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
