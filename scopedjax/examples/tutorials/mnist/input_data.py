"""`tf.examples.tutorials.mnist.input_data`: contents."""

from scopedjax._src.lib.examples.mnist import read_data_sets as read_data_sets
