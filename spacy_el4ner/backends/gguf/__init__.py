"""GGUF files, the single-file models of llama.cpp, for transformers."""
