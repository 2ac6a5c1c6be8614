"""Numerical kernels: pure functions on JAX arrays with TensorFlow's semantics, quick on a CPU; no graph in them."""
