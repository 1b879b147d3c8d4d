"""Training: compact models made on this machine, and fine-tuning of language models."""
