"""Sparse tensors: what a feature of varying length is parsed into, and the way from there to a dense tensor."""
