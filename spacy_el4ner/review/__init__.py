"""The most disputed documents to an annotation tool, and its corrections back to the pool."""
