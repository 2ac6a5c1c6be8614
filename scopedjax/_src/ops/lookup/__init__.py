"""Lookup tables: what a session keeps of them, and the node types that fill and ask them."""
