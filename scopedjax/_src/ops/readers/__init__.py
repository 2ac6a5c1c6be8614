"""Readers: files named by a queue, as one stream of records."""
