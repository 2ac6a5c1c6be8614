"""Image operations: resizing, flips, crops, colours."""
