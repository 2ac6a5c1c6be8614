"""Linear operators: matrices known by their form."""
