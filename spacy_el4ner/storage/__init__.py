"""Saved files and folders: written atomically, and checked against a manifest."""
