"""`tf.losses`: losses with weights, and the collection that gathers them."""
