"""Op types that hold or change variables."""
