"""Which pool sentences are shown as demonstrations."""
