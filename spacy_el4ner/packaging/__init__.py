"""Packaging: pipelines as wheels that pip installs."""
