"""Ops that make, shape, cut and join arrays."""
