"""The tests of scopedjax; `tests.oracle` is what most of them stand on."""
