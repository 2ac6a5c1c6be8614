"""Derivatives under the op types that TensorFlow records for them; see `pullback`."""
