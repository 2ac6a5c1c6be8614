"""`tf.keras.backend`: the loss of connectionist temporal classification (CTC), with dense labels and probabilities."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import state
from scopedjax._src.ops.array.gathering import gather_nd
from scopedjax._src.ops.array.joining import transpose
from scopedjax._src.ops.array.selection import sequence_mask
from scopedjax._src.ops.array.shapes import expand_dims, reshape, squeeze
from scopedjax._src.ops.array.shapes import shape as shape_of
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import where
from scopedjax._src.ops.math.elementwise import log
from scopedjax._src.ops.nn.ctc import ctc_beam_search_decoder, ctc_greedy_decoder, ctc_loss
from scopedjax._src.ops.sparse.densify import sparse_to_dense
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor


def ctc_label_dense_to_sparse(labels: Any, label_lengths: Any) -> SparseTensor:
    """Returns labels without their padding.

    Args:
      labels: `[batch, longest]`.
      label_lengths: How many of each row count: `[batch]`.

    >>> found = tf.keras.backend.ctc_label_dense_to_sparse([[1, 2], [3, 0]], [2, 1])
    >>> tf.Session().run(found).values.tolist()
    [1, 2, 3]
    """
    labels = convert_to_tensor(labels)
    sizes = shape_of(labels)
    places = where(sequence_mask(cast(convert_to_tensor(label_lengths), "int32"), sizes[1]))
    return SparseTensor(places, gather_nd(labels, places), cast(sizes, "int64"))


def _steps_first(y_pred: Any) -> Tensor:
    return log(transpose(convert_to_tensor(y_pred), [1, 0, 2]) + state.epsilon())


def _lengths(lengths: Any) -> Tensor:
    lengths = cast(convert_to_tensor(lengths), "int32")
    return squeeze(lengths, [-1]) if lengths.shape.ndims == 2 else lengths


def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Tensor:
    """Returns the CTC loss of each example; the last class is the blank.

    Args:
      y_true: Labels `[batch, longest]`.
      y_pred: Probabilities `[batch, time, classes]`.
      input_length: Steps that count: `[batch, 1]`.
      label_length: Labels that count: `[batch, 1]`.

    Returns:
      Tensor `[batch, 1]`.

    >>> cost = tf.keras.backend.ctc_batch_cost([[0]], [[[0.5, 0.5]]], [[1]], [[1]])
    >>> round(float(tf.Session().run(cost)[0, 0]), 4)
    0.6931
    """
    labels = cast(ctc_label_dense_to_sparse(y_true, _lengths(label_length)), "int32")
    loss = ctc_loss(labels=labels, inputs=_steps_first(y_pred), sequence_length=_lengths(input_length))
    return expand_dims(loss, 1)


def ctc_decode(
    y_pred: Any, input_length: Any, greedy: bool = True, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[Tensor], Tensor]:
    """Returns the likeliest labels.

    Args:
      y_pred: Probabilities `[batch, time, classes]`; the last class is the blank.
      input_length: Steps that count: `[batch]`.
      greedy: Whether the likeliest class of each step is taken, or a beam search is made.
      beam_width: Beams of the search.
      top_paths: How many labellings the search gives.

    Returns:
      (a list of `[batch, longest]` with -1 after the end, logarithms of probabilities `[batch, top_paths]`).

    >>> found, _ = tf.keras.backend.ctc_decode([[[0.9, 0.1], [0.2, 0.8]]], [2])
    >>> tf.Session().run(found[0]).tolist()
    [[0]]
    """
    inputs, lengths = _steps_first(y_pred), reshape(_lengths(input_length), [-1])
    if greedy:
        decoded, scores = ctc_greedy_decoder(inputs, lengths)
    else:
        decoded, scores = ctc_beam_search_decoder(
            inputs, lengths, beam_width=beam_width, top_paths=top_paths, merge_repeated=False
        )
    dense = [sparse_to_dense(d.indices, d.dense_shape, d.values, default_value=-1) for d in decoded]
    return dense, scores
