"""`tf.layers`: layers that make their own variables."""
