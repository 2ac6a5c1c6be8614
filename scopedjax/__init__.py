"""TensorFlow 1 programs on JAX: `import scopedjax as tf`."""
