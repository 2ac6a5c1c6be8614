"""Control flow: branches, loops, and nodes that only order others."""
