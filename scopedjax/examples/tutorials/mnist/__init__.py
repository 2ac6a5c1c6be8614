"""`tf.examples.tutorials.mnist`: contents."""

from scopedjax.examples.tutorials.mnist import input_data as input_data
