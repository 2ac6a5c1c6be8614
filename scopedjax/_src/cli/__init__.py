"""The command line, `python -m scopedjax`: looks at checkpoints and graphs, converts and compares them."""
