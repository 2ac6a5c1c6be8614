"""Accidental hits as a dense mask: the way past `ComputeAccidentalHits`, whose number of results the data decide.

    labels [batch, num_true] --+                                   rows, columns, weights (as many as there are hits)
    sampled [num_sampled] -----+-- ComputeAccidentalHits --> places [hits, 2] -- SparseToDense --> [batch, num_sampled]
              `--------------------- labels[:, i] == sampled --------------------------------------'

`tf.nn.sampled_softmax_loss` records these nodes, as TF1 does, to take a sampled class that is an example's own out of
its logits. The middle part has a shape that only the values tell, so it would run on the host, in every step of a
training. The matrix at the end has not: it is computed from the two ends, on the device, to the same numbers. The
nodes between run, on the host, only where somebody asks for them.

Of equal sampled classes only the last one is a hit, as in TF1.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.registry import Shortcut

_FEW = 512  # sampled classes that are compared each with each


def past_hits(op: Operation) -> Shortcut | None:
    """Returns the way from the labels and the sampled classes to a `SparseToDense` of their accidental hits."""
    places, sizes, weights, default = op.inputs
    between: list[Tensor] = [places]
    if places.op.type != "ConcatV2" or len(places.op.inputs) != 3 or _number(places.op.inputs[2]) != 1:
        return None
    ends = [_source(t, between) for t in (*places.op.inputs[:2], weights)]
    hits = ends[0].op
    if hits.type != "ComputeAccidentalHits" or any(t is not o for t, o in zip(ends, hits.outputs, strict=True)):
        return None
    labels, sampled = hits.inputs
    if _number(default) != 0 or not _are_sizes_of(sizes, labels, sampled, between):
        return None
    lowest = np.finfo(np.float32).min.astype(op.outputs[0].dtype.base_dtype.as_numpy_dtype)
    columns = hits.attrs["num_true"]

    def way(labels: Any, sampled: Any) -> Any:
        if np.ndim(labels) != 2 or np.shape(labels)[1] != columns:
            raise InvalidArgumentError(None, hits, "true_candidates must be a batch_size * num_true matrix")
        return mask(labels, sampled, lowest)

    return Shortcut((labels, sampled), tuple(between), way)


def _number(tensor: Tensor) -> Any:
    value = constant_value(tensor)
    return None if value is None or np.size(value) != 1 else np.reshape(value, ())[()]


def _source(tensor: Tensor, between: list[Tensor]) -> Tensor:
    """Returns what a tensor holds the elements of, in their order, in another form."""
    between.append(tensor)
    while tensor.op.type in ("Reshape", "Cast", "Identity") and (tensor.op.type != "Reshape" or _is_column(tensor.op)):
        tensor = tensor.op.inputs[0]
        between.append(tensor)
    return tensor


def _is_column(op: Operation) -> bool:
    return _is(op.inputs[1], [-1, 1])


def _is(tensor: Tensor, wanted: list[int]) -> bool:
    value = constant_value(tensor)
    return value is not None and np.array_equal(value, wanted)


def _are_sizes_of(sizes: Tensor, labels: Tensor, sampled: Tensor, between: list[Tensor]) -> bool:
    """Whether a tensor holds (the number of labels, the number of sampled classes)."""
    count = sampled._dims[0] if sampled._dims is not None else None
    known = constant_value(sizes)
    rows = labels._dims[0] if labels._dims is not None else None
    if known is not None:
        return count is not None and rows is not None and np.array_equal(known, [rows, count])
    between.append(sizes)
    if (
        sizes.op.type != "ConcatV2"
        or len(sizes.op.inputs) != 3
        or count is None
        or _number(sizes.op.inputs[1]) != count
    ):
        return False
    first = sizes.op.inputs[0]
    if first.op.type != "StridedSlice" or first.op.inputs[0].op.type != "Shape":
        return False
    between.extend((first, first.op.inputs[0]))
    _, begin, end, stride = first.op.inputs
    starts = _is(begin, [0]) or bool(int(first.op.attrs.get("begin_mask", 0)) & 1)
    return starts and _is(end, [1]) and _is(stride, [1]) and first.op.inputs[0].op.inputs[0] is labels


def mask(labels: Any, sampled: Any, lowest: Any) -> Any:
    """Returns `lowest` where a sampled class is one of an example's labels, zero elsewhere.

    Args:
      labels: Integers `[batch, num_true]`.
      sampled: Integers `[num_sampled]`.
      lowest: What a hit gets.

    Returns:
      Array `[batch, num_sampled]` of the type of `lowest`.
    """
    labels, sampled = jnp.asarray(labels), jnp.asarray(sampled)
    is_hit = jnp.any(labels[:, :, None] == sampled, axis=1)
    return jnp.where(is_hit & _is_last(sampled), lowest, np.zeros([], lowest.dtype))


def _is_last(sampled: Any) -> Any:
    """Whether no equal class comes later."""
    count = sampled.shape[0]
    if count <= _FEW:
        later = np.triu(np.ones([count, count], np.bool_), 1)
        return ~jnp.any((sampled[:, None] == sampled) & later, axis=1)
    order = jnp.argsort(sampled, stable=True)
    ordered = sampled[order]
    ends = jnp.concatenate([ordered[1:] != ordered[:-1], jnp.ones([1], jnp.bool_)])
    return jnp.zeros([count], jnp.bool_).at[order].set(ends)
