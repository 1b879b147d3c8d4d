"""Thinc models."""
