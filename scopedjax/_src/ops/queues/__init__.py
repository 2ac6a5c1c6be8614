"""Queues of tensors, filled by some threads and emptied by others."""
