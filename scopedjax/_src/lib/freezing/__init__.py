"""Frozen graphs: `tf.graph_util` and `freeze_graph`."""
