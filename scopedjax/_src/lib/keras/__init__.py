"""tf.keras as session programs use it."""
