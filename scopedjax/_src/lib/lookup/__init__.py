"""Lookup tables as objects: filled from tensors and files, or filled while a program runs."""
