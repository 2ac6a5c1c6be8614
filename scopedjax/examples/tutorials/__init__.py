"""`tf.examples.tutorials`: contents."""

from scopedjax.examples.tutorials import mnist as mnist
