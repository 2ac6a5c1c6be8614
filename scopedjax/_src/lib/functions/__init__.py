"""`tf.function` in graph programs."""
