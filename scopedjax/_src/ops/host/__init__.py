"""Nodes that run the user's Python, or print, in the middle of a run."""
