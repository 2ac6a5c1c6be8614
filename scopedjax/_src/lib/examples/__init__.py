"""Tutorial data sets, read from files."""
