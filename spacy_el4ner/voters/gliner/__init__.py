"""The voter that runs a GLiNER model."""
