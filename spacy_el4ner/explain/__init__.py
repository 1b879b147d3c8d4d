"""Explanations of the entities of a pipeline: as plain data, in the terminal, and as a page."""
