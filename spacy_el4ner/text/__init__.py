"""Text, its windows and tokens, and offsets between them."""
