"""Retrieval of demonstrations from the pool of labelled sentences."""
