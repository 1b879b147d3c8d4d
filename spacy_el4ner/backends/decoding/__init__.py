"""How a causal language model is made to answer in the language of a format."""
