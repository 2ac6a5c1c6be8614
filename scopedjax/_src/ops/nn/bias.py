"""Biases: a vector added along the channels (`BiasAdd`), and the affine layers made of it (`xw_plus_b`, `relu_layer`).

data_format   channels of a value       accepted names
NHWC          last dimension            anything "N...C"
NCHW          dimension 1               anything "NC..."
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.registry import defop
from scopedjax._src.ops.shape_context import ShapeContext


def _bias_dims(c: ShapeContext, first: bool) -> list[Dims]:
    dims, bias = c.dims(0), c.require_rank(1, 1)
    least = 3 if first else 2
    if dims is None:
        return [None]
    if len(dims) < least:
        raise c.fail(f"Shape must be at least rank {least} but is rank {len(dims)}")
    axis = 1 if first else len(dims) - 1
    if dims[axis] is not None and bias[0] is not None and dims[axis] != bias[0]:
        raise c.fail(f"Dimensions must be equal, but are {dims[axis]} and {bias[0]}")
    merged = merge_dims((dims[axis],), bias)
    assert merged is not None
    return [(*dims[:axis], merged[0], *dims[axis + 1 :])]


def _with_bias(value: Any, bias: Any, data_format: str) -> Any:
    if data_format == "NCHW":
        bias = jnp.reshape(bias, (-1,) + (1,) * (value.ndim - 2))
    return value + bias


@defop(
    "BiasAdd(value: T, bias: T; data_format: string = 'NHWC') -> output: T",
    shape=lambda c: _bias_dims(c, c.attr("data_format") == "NCHW"),
    types={"T": dtypes.NUMERIC},
)
def _bias_add(value: Any, bias: Any, *, data_format: str) -> Any:
    return _with_bias(value, bias, data_format)


@defop(
    "BiasAddV1(value: T, bias: T) -> output: T",
    shape=lambda c: _bias_dims(c, False),
    types={"T": dtypes.NUMERIC},
)
def _bias_add_v1(value: Any, bias: Any) -> Any:
    return _with_bias(value, bias, "NHWC")


def _channels_only(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    if dims is None:
        return [(None,)]
    return [(dims[1] if c.attr("data_format") == "NCHW" else dims[-1],)]


@defop(
    "BiasAddGrad(out_backprop: T; data_format: string = 'NHWC') -> output: T",
    shape=_channels_only,
    types={"T": dtypes.NUMERIC},
)
def _bias_add_grad(out_backprop: Any, *, data_format: str) -> Any:
    kept = 1 if data_format == "NCHW" else out_backprop.ndim - 1
    axes = tuple(i for i in range(out_backprop.ndim) if i != kept)
    return jnp.sum(out_backprop, axis=axes, dtype=out_backprop.dtype)


def _op_format(data_format: str | None) -> str:
    """The op's `data_format` for the many names that callers use.

    Raises:
      ValueError: neither "N...C" nor "NC...".
    """
    if data_format is None:
        return "NHWC"
    if data_format.startswith("NC"):
        return "NCHW"
    if data_format.startswith("N") and data_format.endswith("C"):
        return "NHWC"
    raise ValueError(f"`data_format` must be of the form `N...C` or `NC...`. Received: data_format={data_format}")


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Tensor:
    """Adds a bias to each channel of `value`.

    Args:
      value: Numeric tensor, `[batch, ..., channels]`, or `[batch, channels, ...]` when `data_format` begins with "NC".
      bias: Tensor `[channels]` of the same dtype.
      data_format: "N...C" (default) or "NC...".
      name: Node name; defaults to "BiasAdd".

    Returns:
      Tensor with the shape and dtype of `value`.

    Raises:
      ValueError: `bias` is not rank 1 or disagrees with `channels`; an unknown `data_format`.

    >>> x = tf.placeholder(tf.float32, [None, 3])
    >>> tf.nn.bias_add(x, tf.zeros([3]), name="out").shape.as_list()
    [None, 3]
    """
    with stacks.get_default_graph().name_scope(name or "BiasAdd") as scope:
        op_format = _op_format(data_format)
        value = convert_to_tensor(value, name="input")
        bias = convert_to_tensor(bias, dtype=value.dtype, name="bias")
        return apply_op("BiasAdd", value, bias, data_format=op_format, name=scope)


def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """Computes `x @ weights + biases`.

    Args:
      x: Tensor `[batch, in]`.
      weights: Tensor `[in, out]`.
      biases: Tensor `[out]`.
      name: Node name; defaults to "xw_plus_b".

    Returns:
      Tensor `[batch, out]`.

    >>> tf.Session().run(tf.nn.xw_plus_b([[1.0, 2.0]], [[1.0], [1.0]], [0.5])).tolist()
    [[3.5]]
    """
    with stacks.get_default_graph().name_scope(name or "xw_plus_b") as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return bias_add(matmul(x, weights), biases, name=scope)


def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """Computes `relu(x @ weights + biases)`.

    Args:
      x: Tensor `[batch, in]`.
      weights: Tensor `[in, out]`.
      biases: Tensor `[out]`.
      name: Node name; defaults to "relu_layer".

    Returns:
      Tensor `[batch, out]`.

    >>> tf.Session().run(tf.nn.relu_layer([[1.0, 2.0]], [[1.0], [-1.0]], [0.5])).tolist()
    [[0.0]]
    """
    with stacks.get_default_graph().name_scope(name or "relu_layer") as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return apply_op("Relu", bias_add(matmul(x, weights), biases), name=scope)
