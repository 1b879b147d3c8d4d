"""An evaluation and its documents as one HTML page."""
