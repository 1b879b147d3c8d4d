"""The package's own registries, one a kind of block that a config can name.

Each is a registry of spaCy (`spacy.registry.el4ner_backends`), filled by entry points: a plug-in adds
to one by a line `spacy_el4ner_backends = my.Backend.v1 = my_package:MyBackend` of its own `setup.cfg`.
"""

import catalogue
import spacy.util

KINDS = {
    "el4ner_voters": "finds and types spans: a member of the ensemble",
    "el4ner_backends": "runs a language model",
    "el4ner_formats": "an output language for mentions",
    "el4ner_dialects": "what a kind of server understands beyond the common protocol",
    "el4ner_retrievers": "finds demonstrations in the pool",
    "el4ner_encoders": "embeds texts",
    "el4ner_vote_rules": "makes one label of the votes",
    "el4ner_llms": "the language model of the fusion",
    "el4ner_fusion_rules": "decides between the tagger and the language model",
    "el4ner_corpus_formats": "reads labelled files",
    "el4ner_review_tools": "writes for an annotation tool, and reads what it exports",
    "el4ner_languages": "prompts, sentence ends and spacing of a language",
}
"""Registry -> what its blocks are."""


class registry(spacy.util.registry):  # noqa: N801
    """spaCy's registry with the kinds of this package."""

    el4ner_voters: catalogue.Registry
    el4ner_backends: catalogue.Registry
    el4ner_formats: catalogue.Registry
    el4ner_dialects: catalogue.Registry
    el4ner_retrievers: catalogue.Registry
    el4ner_encoders: catalogue.Registry
    el4ner_vote_rules: catalogue.Registry
    el4ner_llms: catalogue.Registry
    el4ner_fusion_rules: catalogue.Registry
    el4ner_corpus_formats: catalogue.Registry
    el4ner_review_tools: catalogue.Registry
    el4ner_languages: catalogue.Registry


for kind in KINDS:
    if not hasattr(spacy.util.registry, kind):
        setattr(spacy.util.registry, kind, catalogue.create("spacy", kind, entry_points=True))
