"""Event files: `tf.summary.FileWriter` and `tf.train.summary_iterator`."""
