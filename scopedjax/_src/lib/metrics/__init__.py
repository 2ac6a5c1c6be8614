"""`tf.metrics`: measures of a whole data set, gathered batch by batch in local variables."""
