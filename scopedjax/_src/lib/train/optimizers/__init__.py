"""Optimizers: optax's transformations with TF1's slots, names and numbers."""
