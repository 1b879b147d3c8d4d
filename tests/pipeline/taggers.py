"""A trained tagger on a dozen sentences, and a language model that says what it is told to."""

import re
from dataclasses import dataclass, field

import numpy as np
import spacy
from spacy.training import Example, biluo_tags_to_spans
from thinc.api import fix_random_seed

from spacy_el4ner.fusion.readings import LLMMention, LLMReading
from spacy_el4ner.fusion.rules.registered import find_rule
from spacy_el4ner.retrieval.encoders import Vectors
from spacy_el4ner.types import Mention

NAME = "slm_llm_fusion"
TEXTS = [
    "Bill paid the bill in Paris.",
    "",
    "Ann Lee met Søren in New York City. Then Acme Ltd. paid Bill.",
    "   \n\n ",
    "😀🎉 Bill 🚀 Oslo",
    "İstanbul'da Bill, e\u0301 and \u200f RTL",
    "Delta Pumps hired Ann Lee in São Paulo.",
]
SENTENCES = """\
[PERSON Bill] paid the bill in [GPE Paris] .
[PERSON Ann Lee] met [PERSON Bill] in [GPE Oslo] .
[ORG Acme Ltd.] opened an office in [GPE São Paulo] .
The bill was paid by [ORG Acme Ltd.] in [GPE Oslo] .
[PERSON Søren] left [GPE Paris] for [GPE New York City] .
Nobody paid the bill .
[ORG Delta Pumps] hired [PERSON Ann Lee] .
In [GPE New York City] [PERSON Søren] saw [PERSON Bill] .
The office of [ORG Delta Pumps] is in [GPE São Paulo] .
[PERSON Ann Lee] left .
They met in [GPE Oslo] and left .
[ORG Acme Ltd.] paid [PERSON Søren] ."""
TOK2VEC = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 32,
    "depth": 2,
    "embed_size": 200,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}
MODEL = {"@architectures": "spacy-el4ner.TokenClassifier.v1", "tok2vec": TOK2VEC}
RANDOM = {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"}


def annotated(vocab, line):
    """A document of a line of `SENTENCES`."""
    words, tags = [], []
    for part in re.findall(r"\[[^]]*\]|\S+", line):
        inner = part.strip("[]").split(" ")
        label, inner = (inner[0], inner[1:]) if part[0] == "[" else ("", inner)
        words += inner
        roles = ["U"] if len(inner) == 1 else ["B", *["I"] * (len(inner) - 2), "L"]
        tags += [f"{role}-{label}" if label else "O" for role in roles]
    doc = spacy.tokens.Doc(vocab, words=words, sent_starts=[n == 0 for n in range(len(words))])
    doc.ents = biluo_tags_to_spans(doc, tags)
    return doc


def examples(nlp):
    docs = [annotated(nlp.vocab, line) for line in SENTENCES.splitlines()]
    return [Example(bare(doc), doc) for doc in docs]


def bare(doc):
    """The document without its entities."""
    words, spaces = [t.text for t in doc], [bool(t.whitespace_) for t in doc]
    return spacy.tokens.Doc(doc.vocab, words=words, spaces=spaces)


def pipeline(**settings):
    """A pipeline with a tagger that has learnt nothing; `rule` is the name of a fusion rule."""
    nlp = spacy.blank("en")
    if "rule" in settings:
        settings["rule"] = {"@el4ner_fusion_rules": find_rule(settings["rule"])[0]}
    config = {"model": MODEL, "retriever": RANDOM, "on_error": "raise", **settings}
    nlp.add_pipe("slm_llm_fusion", config=config)
    return nlp


def trained(steps=60, **settings):
    """A pipeline that has learnt the sentences by heart."""
    fix_random_seed(0)
    nlp = pipeline(**settings)
    data = examples(nlp)
    optimizer = nlp.initialize(lambda: data)
    optimizer.learn_rate = 0.01
    for _ in range(steps):
        nlp.update(data, sgd=optimizer)
    return nlp


@dataclass
class Scripted:
    """Tags what it is told to, wherever it stands.

    surfaces (dict): Surface -> label.
    sure (float): All of its probabilities.
    error (str): Given instead of a reading.
    calls (list): The windows that it was asked about, with the ids of their demonstrations.
    """

    surfaces: dict[str, str] = field(default_factory=dict)
    sure: float = 0.99
    error: str = ""
    calls: list = field(default_factory=list)

    def read(self, windows, demonstrations, labels, guesses=()):
        self.calls += [
            (window.text, [s.id for s in shown])
            for window, shown in zip(windows, demonstrations, strict=True)
        ]
        return [self._read(window) for window in windows]

    def _read(self, window):
        if self.error:
            return LLMReading(error=self.error)
        mentions = [
            LLMMention(Mention(match.start(), match.end(), label), self.sure, self.sure)
            for surface, label in self.surfaces.items()
            for match in re.finditer(re.escape(surface), window.text)
        ]
        mentions.sort(key=lambda m: m.mention)
        return LLMReading(tuple(mentions), (self.sure,) * len(window.tokens))


class Letters:
    """An encoder of sentences by the letters they have."""

    name = "letters"

    def encode(self, texts) -> Vectors:
        rows = np.array(
            [[t.lower().count(c) for c in "abcdefghijklmnopqrstuvwxyz"] for t in texts], "f"
        )
        return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-6)


def ents(doc):
    return [(e.text, e.label_) for e in doc.ents]
