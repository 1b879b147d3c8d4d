"""Bulk annotation: many documents in shards, resumable, in one process or in many."""
