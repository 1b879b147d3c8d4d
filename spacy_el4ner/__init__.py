"""Named entity recognition in spaCy by ensembles of language models, and by a tagger fused with one."""

__version__ = "0.1.0"
