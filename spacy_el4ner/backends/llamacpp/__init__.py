"""GGUF models in this process, quantized as they are: llama.cpp."""

from spacy_el4ner.backends.llamacpp.backend import LlamaCppBackend

__all__ = ["LlamaCppBackend"]
