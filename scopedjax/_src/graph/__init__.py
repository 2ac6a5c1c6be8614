"""Floor 1: the recorded graph. NumPy and protocol buffers only; nothing here knows how a node is computed."""
