"""`tf.saved_model`: graphs with signatures, variables and assets in a folder."""
