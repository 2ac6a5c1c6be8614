"""Floor 5: what TensorFlow 1 builds on its ops: training, layers, cells, losses, metrics, data, summaries."""
