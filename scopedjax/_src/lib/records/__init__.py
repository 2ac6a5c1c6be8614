"""Files of records: `tf.python_io`."""
