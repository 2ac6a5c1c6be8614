"""Mathematical ops: elementwise, reductions, linear algebra."""
