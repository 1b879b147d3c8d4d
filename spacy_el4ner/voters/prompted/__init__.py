"""The voter that asks a language model in words."""
