"""Random ops: `random_uniform`, `random_normal`, `truncated_normal`, `random_shuffle`, `multinomial`, `random_crop`.

Each node reads a stream of its own, with TF1's numbers (see `philox` and `distributions`): its seeds are attributes,
derived from the graph's seed and the op's; where in the stream it reads next is kept by the session and moves on
with every run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.dtypes import DType, as_dtype, float32, int64
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.random import distributions
from scopedjax._src.ops.random.philox import Stream
from scopedjax._src.ops.random.seeds import node_seeds
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like, shape_from_input


def _stream(ctx: Any, blocks: int) -> Stream:
    seed, seed2, block = ctx.random_row(blocks)
    return Stream(seed, seed2, block)


def _filling(op_type: str, draw: Callable[..., Any]) -> Callable[..., Any]:
    def lower(ctx: Any, shape: np.ndarray, *, dtype: DType) -> Any:
        dims = tuple(int(d) for d in np.atleast_1d(shape))
        stream = _stream(ctx, distributions.blocks_used(op_type, dtype.as_numpy_dtype, dims))
        return draw(jnp, stream, dims, dtype.as_numpy_dtype)

    return lower


for _type, _draw in (
    ("RandomUniform", distributions.uniform),
    ("RandomStandardNormal", distributions.normal),
    ("TruncatedNormal", distributions.truncated_normal),
):
    declare(
        f"{_type}(shape: T; seed: int = 0, seed2: int = 0, dtype: type) -> output: dtype",
        _filling(_type, _draw),
        shape=shape_from_input(0),
        static=("shape",),
        rng=True,
        stateful=True,
        gradient=NOT_DIFFERENTIABLE,
    )


def _uniform_int(ctx: Any, shape: np.ndarray, minval: Any, maxval: Any, *, Tout: DType) -> Any:
    dims = tuple(int(d) for d in np.atleast_1d(shape))
    stream = _stream(ctx, distributions.blocks_used("RandomUniformInt", Tout.as_numpy_dtype, dims))
    return distributions.uniform_int(jnp, stream, dims, Tout.as_numpy_dtype, minval, maxval)


declare(
    "RandomUniformInt(shape: T, minval: Tout, maxval: Tout; seed: int = 0, seed2: int = 0) -> output: Tout",
    _uniform_int,
    shape=shape_from_input(0),
    static=("shape",),
    rng=True,
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)


def _shuffle(ctx: Any, value: Any) -> Any:
    dims = tuple(np.shape(value))
    stream = _stream(ctx, distributions.blocks_used("RandomShuffle", value.dtype, dims))
    return distributions.shuffle(jnp, stream, jnp.asarray(value))


declare(
    "RandomShuffle(value: T; seed: int = 0, seed2: int = 0) -> output: T",
    _shuffle,
    shape=like(0),
    rng=True,
    stateful=True,
    gradient=NO_GRADIENT,
)


def _multinomial_shape(c: ShapeContext) -> list[Dims]:
    rows = c.require_rank(0, 2)[0]
    samples = c.const(1)
    return [(rows, None if samples is None else int(samples))]


def _multinomial(ctx: Any, logits: Any, num_samples: np.ndarray, *, output_dtype: DType) -> Any:
    count = int(num_samples)
    stream = _stream(ctx, distributions.blocks_used("Multinomial", None, (int(logits.shape[0]), count)))
    return distributions.multinomial(jnp, stream, jnp.asarray(logits), count, output_dtype.as_numpy_dtype)


declare(
    "Multinomial(logits: T, num_samples: int32; seed: int = 0, seed2: int = 0, output_dtype: type = int64) "
    "-> output: output_dtype",
    _multinomial,
    shape=_multinomial_shape,
    static=("num_samples",),
    rng=True,
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)


def set_random_seed(seed: int | None) -> None:
    """Sets the seed of the default graph: its random ops without a seed of their own draw the same numbers in each
    session.

    Args:
      seed: Integer, or None for new numbers in each session.

    >>> tf.set_random_seed(1)
    >>> x = tf.random_normal([2])
    >>> tf.Session().run(x).tolist() == tf.Session().run(x).tolist()
    True
    """
    stacks.get_default_graph().seed = seed


def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """Returns the two seeds that a random node with the seed `op_seed` gets in the default graph.

    Args:
      op_seed: The node's own seed, or None.

    >>> tf.get_seed(7)
    (87654321, 7)
    """
    graph = stacks.get_default_graph()
    number = graph.random_op_number()
    seeds = node_seeds(graph.seed, op_seed, number)
    if graph.seed is not None and op_seed is None:
        graph.random_op_count += 1
    return seeds


def _seed_attrs(op_seed: int | None) -> dict[str, int]:
    seed, seed2 = get_seed(op_seed)
    return {"seed": seed or 0, "seed2": seed2 or 0}


def shape_tensor(shape: Any) -> Tensor:
    """Returns a shape as a tensor, called 'shape' where it has to be recorded."""
    if isinstance(shape, (tuple, list)) and not shape:
        return convert_to_tensor(np.zeros([0], np.int32), name="shape")
    return convert_to_tensor(shape, name="shape")


def _with_static_shape(result: Tensor, shape: Tensor) -> Tensor:
    value = constant_value(shape)
    if value is not None and value.ndim == 1:
        result.set_shape(value.tolist())
    return result


_UNIFORM_DTYPES = ("float16", "bfloat16", "float32", "float64", "int32", "int64")


def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Returns numbers drawn evenly from [minval, maxval).

    Args:
      shape: 1-D integer tensor or list.
      minval: Lower bound, included.
      maxval: Upper bound, excluded; 1 for floats, and to be given for integers.
      dtype: float16, bfloat16, float32, float64, int32 or int64.
      seed: Seed of the node.
      name: Name scope.

    Raises:
      ValueError: the dtype is another, or an integer range has no upper bound.

    >>> x = tf.random_uniform([2], seed=3)
    >>> tf.Session().run(x).tolist()
    [0.4820316433906555, 0.31286513805389404]
    """
    dtype = as_dtype(dtype).base_dtype
    if dtype.name not in _UNIFORM_DTYPES:
        accepted = ", ".join(f"tf.{n}" for n in _UNIFORM_DTYPES)
        raise ValueError(f"Argument `dtype` got invalid value {dtype}. Accepted dtypes are ({accepted}).")
    if maxval is None:
        if dtype.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
        maxval = 1
    with stacks.get_default_graph().name_scope(name or "random_uniform") as scope:
        shape = shape_tensor(shape)
        seeds = _seed_attrs(seed)
        # The whole unit interval is what the node draws: nothing has to be scaled.
        if not dtype.is_integer and minval is not None and _is_unit(minval, maxval):
            return _with_static_shape(apply_op("RandomUniform", shape, dtype=dtype, **seeds), shape)
        low = convert_to_tensor(minval, dtype=dtype, name="min")
        high = convert_to_tensor(maxval, dtype=dtype, name="max")
        if dtype.is_integer:
            result = apply_op("RandomUniformInt", shape, low, high, name=scope, **seeds)
        else:
            draws = apply_op("RandomUniform", shape, dtype=dtype, **seeds)
            span = apply_op("Sub", high, low, name="sub")
            result = apply_op("AddV2", apply_op("Mul", draws, span, name="mul"), low, name=scope)
    return _with_static_shape(result, shape)


def _is_unit(minval: Any, maxval: Any) -> bool:
    """Whether the bounds are the Python numbers 0 and 1."""
    return isinstance(minval, (int, float)) and isinstance(maxval, (int, float)) and minval == 0 and maxval == 1


def _scaled(
    op_type: str, default_name: str, shape: Any, mean: Any, stddev: Any, dtype: Any, seed: int | None, name: str | None
) -> Tensor:
    dtype = as_dtype(dtype).base_dtype
    with stacks.get_default_graph().name_scope(name or default_name) as scope:
        shape = shape_tensor(shape)
        mean = convert_to_tensor(mean, dtype=dtype, name="mean")
        stddev = convert_to_tensor(stddev, dtype=dtype, name="stddev")
        draws = apply_op(op_type, shape, dtype=dtype, **_seed_attrs(seed))
        result = apply_op("AddV2", apply_op("Mul", draws, stddev, name="mul"), mean, name=scope)
    return _with_static_shape(result, shape)


def random_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Returns numbers drawn from a normal distribution.

    Args:
      shape: 1-D integer tensor or list.
      mean: Mean.
      stddev: Standard deviation.
      dtype: A floating dtype.
      seed: Seed of the node.
      name: Name scope.

    >>> tf.random_normal([2, 3], seed=1).shape.as_list()
    [2, 3]
    """
    return _scaled("RandomStandardNormal", "random_normal", shape, mean, stddev, dtype, seed, name)


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Returns numbers drawn from a normal distribution, those beyond two standard deviations drawn again.

    Args:
      shape: 1-D integer tensor or list.
      mean: Mean.
      stddev: Standard deviation, before the truncation.
      dtype: A floating dtype.
      seed: Seed of the node.
      name: Name scope.

    >>> bool((abs(tf.Session().run(tf.truncated_normal([100]))) <= 2.0).all())
    True
    """
    return _scaled("TruncatedNormal", "truncated_normal", shape, mean, stddev, dtype, seed, name)


def random_shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """Returns the rows of `value` in random order.

    Args:
      value: Tensor; shuffled along its first dimension.
      seed: Seed of the node.
      name: Node name.

    >>> sorted(tf.Session().run(tf.random_shuffle(tf.constant([1, 2, 3]))).tolist())
    [1, 2, 3]
    """
    return apply_op("RandomShuffle", value, name=name, **_seed_attrs(seed))


def multinomial(
    logits: Any, num_samples: Any, seed: int | None = None, name: str | None = None, output_dtype: Any = None
) -> Tensor:
    """Returns class indices drawn by unnormalised log-probabilities.

    Args:
      logits: Floating tensor `[batch, classes]`.
      num_samples: Samples a row.
      seed: Seed of the node.
      name: Name scope.
      output_dtype: int32 or int64 (default).

    Returns:
      Integer tensor `[batch, num_samples]`.

    >>> tf.multinomial(tf.constant([[0.0, 1.0]]), 5).shape.as_list()
    [1, 5]
    """
    with stacks.get_default_graph().name_scope(name or "multinomial"):
        return _categorical(logits, num_samples, output_dtype, seed)


def categorical(
    logits: Any, num_samples: Any, dtype: Any = None, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Returns class indices drawn by unnormalised log-probabilities; see `tf.multinomial`.

    Args:
      logits: Floating tensor `[batch, classes]`.
      num_samples: Samples a row.
      dtype: int32 or int64 (default).
      seed: Seed of the node.
      name: Name scope.
    """
    with stacks.get_default_graph().name_scope(name or "categorical"):
        return _categorical(logits, num_samples, dtype, seed)


def _categorical(logits: Any, num_samples: Any, dtype: Any, seed: int | None) -> Tensor:
    logits = convert_to_tensor(logits, name="logits")
    dtype = int64 if dtype is None else as_dtype(dtype)
    return apply_op("Multinomial", logits, num_samples, output_dtype=dtype, **_seed_attrs(seed))


def random_crop(value: Any, size: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """Returns a part of `value` of a given size from a random place.

    Args:
      value: Tensor.
      size: 1-D integer tensor or list, with one entry a dimension of `value`.
      seed: Seed of the node.
      name: Name scope.

    Raises:
      ValueError: the static shape is smaller than `size`.

    >>> tf.random_crop(tf.zeros([5, 5]), [2, 3], seed=3).shape.as_list()
    [2, 3]
    """
    with stacks.get_default_graph().name_scope(name or "random_crop") as scope:
        value = convert_to_tensor(value, name="value")
        size = convert_to_tensor(size, dtype="int32", name="size")
        _check_crop(value, size)
        dims = value._dims
        if dims is not None and None not in dims:
            shape = convert_to_tensor(np.asarray(dims, np.int32), name="Shape")
        else:
            shape = apply_op("Shape", value)
        limit = apply_op("AddV2", apply_op("Sub", shape, size, name="sub"), 1, name="add")
        count = (
            apply_op("Shape", shape)
            if dims is None
            else convert_to_tensor(np.asarray([len(dims)], np.int32), name="Shape")
        )
        offset = apply_op(
            "FloorMod", random_uniform(count, dtype="int32", maxval=2**31 - 1, seed=seed), limit, name="mod"
        )
        return apply_op("Slice", value, offset, size, name=scope)


def _check_crop(value: Tensor, size: Tensor) -> None:
    wanted = constant_value(size)
    dims = value._dims
    if wanted is None or dims is None:
        return
    if len(wanted) != len(dims) or any(d is not None and d < w for d, w in zip(dims, wanted.tolist(), strict=True)):
        raise ValueError(f"Need value.shape >= size, got {value.shape} and {wanted.tolist()}")
