"""Accumulators of gradients, and sections that one thread enters at a time."""
