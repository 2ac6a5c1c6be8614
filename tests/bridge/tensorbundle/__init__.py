"""Tests of TensorFlow's own checkpoint files."""
