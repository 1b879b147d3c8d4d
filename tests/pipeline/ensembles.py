"""Pipelines of tiny voters, and what they found."""

import spacy
from spacy.training import Example

from tests.tiny import LABELS
from tests.tiny_tokenizers import TEXTS

WORDINGS = ("compact/terse", "compact/plain", "compact/marked")


def blocks(models, **backend):
    return {
        template.partition("/")[2]: {
            "@el4ner_voters": "spacy-el4ner.PromptedVoter.v1",
            "template": template,
            "format": {"@el4ner_formats": "spacy-el4ner.InlineTags.v1", "max_tokens": 4},
            "backend": {
                "@el4ner_backends": "spacy-el4ner.HFBackend.v1",
                "model": str(model),
                **backend,
            },
        }
        for template, model in zip(WORDINGS, models, strict=False)
    }


def pipeline(models, lang="en", **settings):
    nlp = spacy.blank(lang)
    config = {
        "labels": LABELS,
        "voters": blocks(models),
        "retriever": {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"},
        "on_error": "raise",
        **settings,
    }
    nlp.add_pipe("llm_ensemble_ner", config=config)
    return nlp


def gold(nlp):
    docs = [nlp.make_doc(text) for text in TEXTS[:3]]
    docs[0].ents = [docs[0].char_span(0, 4, "PERSON"), docs[0].char_span(22, 27, "GPE")]
    docs[1].ents = [docs[1].char_span(0, 7, "PERSON")]
    docs[2].ents = []
    return [Example(nlp.make_doc(doc.text), doc) for doc in docs]


class Near(float):
    """A confidence: rounding differs with the batch that it was computed in."""

    def __eq__(self, other):
        return abs(float(self) - float(other)) < 1e-4

    def __hash__(self):
        raise TypeError("near is not transitive")


def found(doc):
    return [(s.start_char, s.end_char, s.label_, Near(s._.confidence)) for s in doc.spans["el4ner"]]
