"""`tf.nn.ctc_loss_v2`: the CTC loss of TensorFlow 2, of padded or sparse labels, with a blank of any index."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.array.gathering import gather_nd
from scopedjax._src.ops.array.joining import concat, transpose
from scopedjax._src.ops.array.selection import sequence_mask
from scopedjax._src.ops.array.shapes import shape
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import where
from scopedjax._src.ops.nn.ctc import ctc_loss
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor, SparseTensorValue


def ctc_loss_v2(
    labels: Any,
    logits: Any,
    label_length: Any,
    logit_length: Any,
    logits_time_major: bool = True,
    unique: Any = None,
    blank_index: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Computes the CTC loss of labels that are padded (or sparse), with a blank of any index.

    The blank is made the last class and `CTCLoss` does the rest, so labels longer than their frames are an error here.

    Args:
      labels: int tensor `[batch, most]`, or a SparseTensor.
      logits: float tensor `[time, batch, classes]`.
      label_length: int tensor `[batch]`: how many labels of each row count; None for a SparseTensor.
      logit_length: int tensor `[batch]`: how many frames of each sequence count.
      logits_time_major: Whether `logits` is `[time, batch, classes]`, not `[batch, time, classes]`.
      unique: Not used: it saves TensorFlow work.
      blank_index: Index of the blank class, from behind if negative; 0 by default for padded labels.
      name: Name of the scope; defaults to "ctc_loss_dense".

    Returns:
      Tensor `[batch]`.

    Raises:
      ValueError: `blank_index` is missing for a SparseTensor, or is out of range.

    >>> loss = tf.nn.ctc_loss_v2([[1, 2]], tf.zeros([2, 1, 3]), [2], [2])
    >>> round(float(tf.Session().run(loss)[0]), 3)  # one path of two frames: -log(1 / 9)
    2.197
    """
    sparse = isinstance(labels, SparseTensor | SparseTensorValue)
    if sparse and blank_index is None:
        raise ValueError("Argument `blank_index` must be provided when labels is a SparseTensor.")
    with name_scope(name or ("ctc_loss" if sparse else "ctc_loss_dense")):
        scores = convert_to_tensor(logits, name="logits")
        if not logits_time_major:
            scores = transpose(scores, [1, 0, 2])
        scores, blank = _blank_last(scores, blank_index or 0)
        found = labels if sparse else _sparse(labels, label_length)
        values = convert_to_tensor(found.values)
        if blank is not None:
            values = values - cast(values > blank, values.dtype)
        own = SparseTensor(found.indices, cast(values, dtypes.int32), found.dense_shape)
        return ctc_loss(own, scores, logit_length)


def _blank_last(logits: Tensor, blank: int) -> tuple[Tensor, Any]:
    """The logits with the blank as the last class, and which class it was; None where it was the last one."""
    classes = None if logits.dims is None else logits.dims[-1]
    if classes is not None:
        if not -classes <= blank < classes:
            raise ValueError(f"Argument `blank_index` must be within [0, {classes}). Received: {blank}.")
        blank %= classes
        if blank == classes - 1:
            return logits, None
    elif blank == -1:
        return logits, None
    at: Any = blank if blank >= 0 else shape(logits)[-1] + blank
    return concat([logits[..., :at], logits[..., at + 1 :], logits[..., at : at + 1]], -1), at


def _sparse(labels: Any, lengths: Any) -> SparseTensor:
    """The labels within their lengths."""
    dense = convert_to_tensor(labels, name="labels")
    indices = where(sequence_mask(lengths, shape(dense)[1]))
    return SparseTensor(indices, gather_nd(dense, indices), cast(shape(dense), dtypes.int64))
