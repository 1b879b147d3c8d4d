"""Named entity recognition in spaCy by an ensemble of small language models."""

__version__ = "0.1.0"
