"""The components: they wire, `predict` is pure and `set_annotations` writes."""
