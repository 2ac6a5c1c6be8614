"""Floor 2: the operations, one file a family."""
