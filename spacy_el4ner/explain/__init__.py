"""How a pipeline came to its entities: as plain data, in the terminal, and as a page."""
