"""Summaries: the ops of `tf.summary` and the bytes that they make."""
