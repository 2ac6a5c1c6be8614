"""Neural network operations: activations, losses, convolutions, poolings, normalisations, embeddings."""
