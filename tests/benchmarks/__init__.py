"""Speed, by hand: never asserted in the test suite."""
