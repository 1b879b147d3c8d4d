"""The supervised tagger (SLM): its architecture, loss, tags and readings."""
