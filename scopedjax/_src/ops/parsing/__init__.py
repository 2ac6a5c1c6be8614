"""Examples: the protocol buffers that TFRecord files usually hold, and the ops that parse them."""
