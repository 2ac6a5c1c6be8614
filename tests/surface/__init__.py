"""Tests of the surface: floors, sizes, signatures, docstrings."""
