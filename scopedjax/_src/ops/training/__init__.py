"""Op types that apply a gradient to a variable and its slots."""
