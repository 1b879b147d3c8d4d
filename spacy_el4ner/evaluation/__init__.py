"""Evaluation: quality, speed, memory and robustness of pipelines, and the tables of the results."""
