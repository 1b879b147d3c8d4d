"""Constrained decoding: answers of a causal language model in the language of a grammar."""
