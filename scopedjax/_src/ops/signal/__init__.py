"""Transforms of signals: `tf.signal`, `tf.spectral`."""
