"""TensorFlow 1's random streams: seeds, the Philox generator and the distributions drawn from it."""
