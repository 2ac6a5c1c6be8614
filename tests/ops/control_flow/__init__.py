"""Tests of loops, branches and arrays of tensors."""
