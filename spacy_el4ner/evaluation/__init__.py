"""Measuring: rows of scores, and the report made from them."""
