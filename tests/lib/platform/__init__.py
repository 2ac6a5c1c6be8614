"""Files, logging, flags, tests."""
