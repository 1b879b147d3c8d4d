"""Very many documents through a pipeline: in shards, resumably, on one process or on many."""
