"""Running models: in this process, or elsewhere."""
