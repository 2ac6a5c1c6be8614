"""Recurrent networks: cells, and the loops that run a cell over time."""
