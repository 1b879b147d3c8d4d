"""Fusion of a supervised tagger (SLM) and a fine-tuned language model (LLM)."""
