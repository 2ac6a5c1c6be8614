"""Raising of TF1's dataflow control flow (`Switch`, `Merge`, `Enter`, ...) to regions, when a graph is imported."""
