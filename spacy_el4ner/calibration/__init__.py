"""Fits on held-out data for both methods, and the calibration error."""
