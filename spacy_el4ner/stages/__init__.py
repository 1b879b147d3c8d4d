"""The four stages of EL4NER, each a pure function over a batch of windows."""
