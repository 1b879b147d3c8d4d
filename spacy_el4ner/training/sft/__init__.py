"""Fine-tuning of any causal language model on "sentence → copy with inline tags"."""

from spacy_el4ner.training.sft.run import finetune
from spacy_el4ner.training.sft.settings import Settings

__all__ = ["Settings", "finetune"]
