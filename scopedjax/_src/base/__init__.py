"""Floor 0: what everything above needs to say: dtypes, shapes, values, errors and nested structures. NumPy only."""
