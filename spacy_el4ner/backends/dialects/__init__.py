"""Server dialects, one per file."""
