"""Tuning of an ensemble to its demonstration pool: calibration, and the choice of voters and stages."""
