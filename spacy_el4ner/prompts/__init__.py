"""Prompt templates, their renderer, and the fitting of a prompt into a context."""
