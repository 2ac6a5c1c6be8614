"""Random graphs and random scope programs, held against real TensorFlow."""
