"""Op types that read and write files."""
