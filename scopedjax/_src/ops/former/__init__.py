"""Op types of graphs from files: superseded by others, fused by a tool, or made by libraries that are not here.

    BatchMatrixInverse   what MatrixInverse was before TensorFlow 1.0
    _FusedConv2D         what an optimizer of graphs made of Conv2D, BiasAdd and Relu
    LSTMBlockCell        what tf.contrib.rnn records

Programs that are recorded here make none of them. Where a type says in one node what others say in several, it is
lowered by theirs (`forms.of`), so that there is one formula.
"""
