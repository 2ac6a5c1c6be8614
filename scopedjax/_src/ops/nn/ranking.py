"""The largest elements of rows (`top_k`), and whether a class is among them (`in_top_k`)."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_context import ShapeContext


class TopKV2(NamedTuple):
    """What `top_k` returns."""

    values: Tensor
    indices: Tensor


def _top_dims(c: ShapeContext, k: int | None) -> list[Dims]:
    dims = c.dims(0)
    if dims is None:
        return [None, None]
    if len(dims) < 1:
        raise c.fail(f"Shape must be at least rank 1 but is rank {len(dims)}")
    if k is not None and dims[-1] is not None and dims[-1] < k:
        raise c.fail(f"input must have last dimension >= k = {k} but is {dims[-1]}")
    found = (*dims[:-1], k)
    return [found, found]


def _known_k(c: ShapeContext) -> int | None:
    c.require_rank(1, 0)
    k = c.const(1)
    if k is not None and int(k) < 0:
        raise c.fail(f"Need k >= 0, got {int(k)}")
    return None if k is None else int(k)


def _largest(x: Any, k: int) -> tuple[Any, Any]:
    values, indices = jax.lax.top_k(jnp.asarray(x), k)
    return values, indices


@defop(
    "TopKV2(input: T, k: Tk; sorted: bool = True, Tk: type = int32, index_type: type = int32) "
    "-> values: T, indices: index_type",
    shape=lambda c: _top_dims(c, _known_k(c)),
    static=("k",),
    types={"T": dtypes.REAL, "Tk": (dtypes.int16, *dtypes.INDEX), "index_type": (dtypes.int16, *dtypes.INDEX)},
)
def _top_k_v2(input: Any, k: Any, *, index_type: Any) -> Any:
    values, indices = _largest(input, int(np.asarray(k)))
    return values, indices.astype(index_type.as_numpy_dtype)


@defop(
    "TopK(input: T; k: int, sorted: bool = True) -> values: T, indices: int32",
    shape=lambda c: _top_dims(c, c.attr("k")),
    types={"T": dtypes.REAL},
)
def _top_k(input: Any, *, k: int) -> Any:
    values, indices = _largest(input, k)
    return values, indices.astype(np.int32)


def _in_top_dims(c: ShapeContext) -> list[Dims]:
    rows, targets = c.require_rank(0, 2)[0], c.require_rank(1, 1)[0]
    if rows is not None and targets is not None and rows != targets:
        raise c.fail(f"Dimensions must be equal, but are {rows} and {targets}")
    return [(targets if rows is None else rows,)]


def _is_among(predictions: Any, targets: Any, k: Any) -> Any:
    """A class is among the top k when fewer than k others are larger; never where a number is not finite."""
    classes = predictions.shape[1]
    valid = (targets >= 0) & (targets < classes)
    index = jnp.clip(targets, 0, classes - 1)
    own = jnp.take_along_axis(predictions, index[:, None], axis=1)
    larger = jnp.sum(predictions > own, axis=1)
    return valid & jnp.all(jnp.isfinite(predictions), axis=1) & (larger < k)


@defop(
    "InTopKV2(predictions: float32, targets: T, k: T; T: type = int32) -> precision: bool",
    shape=_in_top_dims,
    gradient=NOT_DIFFERENTIABLE,
    types={"T": dtypes.INDEX},
)
def _in_top_k_v2(predictions: Any, targets: Any, k: Any) -> Any:
    return _is_among(jnp.asarray(predictions), jnp.asarray(targets), k)


@defop(
    "InTopK(predictions: float32, targets: T; k: int, T: type = int32) -> precision: bool",
    shape=_in_top_dims,
    gradient=NOT_DIFFERENTIABLE,
    types={"T": dtypes.INDEX},
)
def _in_top_k(predictions: Any, targets: Any, *, k: int) -> Any:
    return _is_among(jnp.asarray(predictions), jnp.asarray(targets), k)


def top_k(
    input: Any, k: Any = 1, sorted: bool = True, index_type: Any = dtypes.int32, name: str | None = None
) -> TopKV2:
    """Finds the k largest elements of each row; of equal ones, the first.

    Args:
      input: Tensor `[..., n]`, floating or integer.
      k: Integer scalar, at most n.
      sorted: Whether they must come in descending order; they always do.
      index_type: Dtype of the indices: int16, int32 or int64.
      name: Node name; defaults to "TopKV2".

    Returns:
      A named tuple `(values, indices)`, each `[..., k]`.

    Raises:
      ValueError: `k` is larger than n.

    >>> values, indices = tf.nn.top_k([1.0, 9.0, 4.0], 2)
    >>> [v.tolist() for v in tf.Session().run([values, indices])]
    [[9.0, 4.0], [1, 2]]
    """
    values, indices = apply_op("TopKV2", input, k, sorted=sorted, index_type=index_type, name=name)
    return TopKV2(values, indices)


def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Tensor:
    """Tells whether the target class is among the k largest predictions of its row; ties count for it.

    Args:
      predictions: float32 tensor `[batch, classes]`.
      targets: Integer tensor `[batch]`.
      k: Integer scalar.
      name: Name of the node and of its scope; defaults to "in_top_k".

    Returns:
      Bool tensor `[batch]`.

    Raises:
      ValueError: the batches differ.

    >>> tf.Session().run(tf.nn.in_top_k([[0.1, 0.7, 0.2]], [2], 2)).tolist()
    [True]
    """
    with stacks.get_default_graph().name_scope(name or "in_top_k"):
        return apply_op("InTopKV2", predictions, targets, k, name=name)
