"""Strings: what TF1 programs do with tensors of bytes, all of it on the host."""
