"""Roads in and out: Orbax checkpoints, TensorFlow's files, flax and export; each module is loaded on first use."""
