"""Random ops: `random_uniform`, `random_normal`, `truncated_normal`, `random_shuffle`, `multinomial`, `random_crop`.

Each node reads a stream of its own, with TF1's numbers (see `philox` and `distributions`): its seeds are attributes,
derived from the graph's seed and the op's (`seeds`); where in the stream it reads next is kept by the session and moves
on with every run. Scaling is not part of the node: `random_uniform(shape, a, b)` records `RandomUniform`, `Mul` and
`AddV2`, as TF1 does, under the names that TF1 gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.dtypes import FLOATING, INDEX, REAL, DType, as_dtype, float32, int32, int64
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims, TensorShape, format_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.module import holds_text, is_known, module_of
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.control_flow.assertion import Assert
from scopedjax._src.ops.control_flow.grouping import with_dependencies
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.random import ahead, distributions
from scopedjax._src.ops.random.philox import Stream
from scopedjax._src.ops.random.seeds import node_seeds
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, LoweringContext, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like

# --------------------------------------------------------------------------------------------------------- ops


def _filled_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(0, 1)
    sizes = c.const(0)
    if sizes is not None and (np.asarray(sizes) < 0).any():
        negative = next(size for size in sizes.tolist() if size < 0)
        raise ValueError(f"Invalid value in tensor used for shape: {negative}")
    return [c.shape_value(0)]


def _stream(ctx: LoweringContext, shape: tuple[int, ...]) -> Stream:
    """Where this run of the node begins to read; the place moves on for the next."""
    seed, seed2, block = ctx.random_row(distributions.blocks_used(ctx.op.type, None, shape))
    return Stream(seed, seed2, block)


def _sizes(ctx: LoweringContext, shape: np.ndarray) -> tuple[int, ...]:
    if shape.ndim != 1:
        message = f"shape must be a vector of {{int32,int64}}, got shape {format_dims(shape.shape)}"
        raise InvalidArgumentError(None, ctx.op, message)
    for size in shape.tolist():
        if size < 0:
            raise InvalidArgumentError(None, ctx.op, f"Dimension {size} must be >= 0")
    return tuple(shape.tolist())


def _filling(draw: Callable[..., Any]) -> Callable[..., Any]:
    def lower(ctx: LoweringContext, shape: np.ndarray, *, dtype: DType) -> Any:
        sizes = _sizes(ctx, shape)
        stream = _stream(ctx, sizes)
        if isinstance(stream.block, np.generic):  # on the host, see `ahead`
            return ahead.draw(ctx.op.type, stream, sizes, dtype.as_numpy_dtype)
        return draw(jnp, stream, sizes, dtype.as_numpy_dtype)

    return lower


for _type, _draw in (
    ("RandomUniform", distributions.uniform),
    ("RandomStandardNormal", distributions.normal),
    ("TruncatedNormal", distributions.truncated_normal),
):
    declare(
        f"{_type}(shape: T; seed: int = 0, seed2: int = 0, dtype: type) -> output: dtype",
        _filling(_draw),
        shape=_filled_dims,
        static=("shape",),
        host=ahead.is_initial_value,
        types={"T": INDEX, "dtype": FLOATING},
        rng=True,
        stateful=True,
        gradient=NOT_DIFFERENTIABLE,
    )


def _integer_dims(c: ShapeContext) -> list[Dims]:
    for index, name in ((1, "minval"), (2, "maxval")):
        if c.dims(index):
            raise c.fail(f"{name} must be a scalar; got a tensor of shape {format_dims(c.dims(index))}")
    return _filled_dims(c)


def _uniform_int(ctx: LoweringContext, shape: np.ndarray, minval: Any, maxval: Any, *, Tout: DType) -> Any:
    sizes = _sizes(ctx, shape)
    if is_known(minval, maxval) and 0 not in sizes and minval >= maxval:
        raise InvalidArgumentError(None, ctx.op, f"Need minval < maxval, got {minval} >= {maxval}")
    return distributions.uniform_int(jnp, _stream(ctx, sizes), sizes, Tout.as_numpy_dtype, minval, maxval)


declare(
    "RandomUniformInt(shape: T, minval: Tout, maxval: Tout; seed: int = 0, seed2: int = 0) -> output: Tout",
    _uniform_int,
    shape=_integer_dims,
    static=("shape",),
    types={"T": INDEX, "Tout": INDEX},
    rng=True,
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)


def _shuffle(ctx: LoweringContext, value: Any) -> Any:
    # Strings are shuffled on the host, as NumPy object arrays.
    xp = module_of(value) if value.dtype == object else jnp
    return distributions.shuffle(xp, _stream(ctx, tuple(value.shape)), xp.asarray(value))


declare(
    "RandomShuffle(value: T; seed: int = 0, seed2: int = 0) -> output: T",
    _shuffle,
    shape=like(0),
    host=holds_text("T"),
    rng=True,
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)


def _multinomial_shape(c: ShapeContext) -> list[Dims]:
    rows = c.require_rank(0, 2)[0]
    c.require_rank(1, 0)
    samples = c.const(1)
    return [(rows, None if samples is None or samples < 0 else int(samples))]


def _multinomial(ctx: LoweringContext, logits: Any, num_samples: np.ndarray, *, output_dtype: DType) -> Any:
    if logits.ndim != 2:
        message = f"logits should be a matrix, got shape {format_dims(logits.shape)}"
        raise InvalidArgumentError(None, ctx.op, message)
    samples = int(num_samples)
    if samples < 0:
        raise InvalidArgumentError(None, ctx.op, f"num_samples should be non-negative, got {samples}")
    if logits.shape[1] == 0:
        raise InvalidArgumentError(None, ctx.op, f"num_classes should be positive, got {logits.shape[1]}")
    stream = _stream(ctx, (logits.shape[0], samples))
    return distributions.multinomial(jnp, stream, jnp.asarray(logits), samples, output_dtype.as_numpy_dtype)


declare(
    "Multinomial(logits: T, num_samples: int32; seed: int = 0, seed2: int = 0, output_dtype: type = int64) "
    "-> output: output_dtype",
    _multinomial,
    shape=_multinomial_shape,
    static=("num_samples",),
    types={"T": REAL, "output_dtype": INDEX},
    rng=True,
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)

# --------------------------------------------------------------------------------------------------------- seeds


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
    graph_seed = _plain(graph.seed)
    seeds = node_seeds(graph_seed, _plain(op_seed), graph.random_op_number())
    if graph_seed is not None and op_seed is None:
        graph.random_op_count += 1
    return seeds


def _plain(seed: Any) -> Any:
    return int(seed) if isinstance(seed, np.integer) else seed


def _seed_attrs(op_seed: int | None) -> dict[str, Any]:
    """The seeds of a node recorded now, as attributes: zeros stand for new seeds in every session."""
    seeds = get_seed(op_seed)
    for seed in seeds:
        if seed is not None and not isinstance(seed, int):
            raise TypeError(f"Expected int for argument 'seed' not {seed!r}.")
    return {"seed": seeds[0] or 0, "seed2": seeds[1] or 0}


def shape_tensor(shape: Any) -> Tensor:
    """Returns a shape as a tensor, called 'shape' where it has to be recorded: int64 where one of its sizes is."""
    if isinstance(shape, TensorShape):
        shape = shape.as_list()
    dtype = None
    if isinstance(shape, Sequence) and not isinstance(shape, str):
        tensors = [size for size in shape if isinstance(size, Tensor)]
        numbers = [size for size in shape if isinstance(size, (int, np.integer))]
        if len(tensors) + len(numbers) == len(shape):
            wide = any(t.dtype.base_dtype is int64 for t in tensors) or any(n >= 2**31 for n in numbers)
            dtype = int64 if wide else int32
    return convert_to_tensor(shape, dtype=dtype, name="shape")


# ----------------------------------------------------------------------------------------------------- functions

_UNIFORM_DTYPES = (*FLOATING, *INDEX)


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
    [0.38692939281463623, 0.3600262403488159]
    """
    dtype = as_dtype(dtype).base_dtype
    if dtype not in _UNIFORM_DTYPES:
        accepted = ", ".join(f"tf.{d.name}" for d in _UNIFORM_DTYPES)
        raise ValueError(f"Argument `dtype` got invalid value {dtype}. Accepted dtypes are ({accepted}).")
    if maxval is None:
        if dtype.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
        maxval = 1
    with stacks.get_default_graph().name_scope(name or "random_uniform") as scope:
        shape = shape_tensor(shape)
        # Only the integers 0 and 1 of Python save the scaling; 0.0 does not, as TF1's graphs show.
        from_zero = not dtype.is_integer and isinstance(minval, int) and minval == 0
        if from_zero and isinstance(maxval, int) and maxval == 1:
            return apply_op("RandomUniform", shape, dtype=dtype, **_seed_attrs(seed))
        low = convert_to_tensor(minval, dtype=dtype, name="min")
        high = convert_to_tensor(maxval, dtype=dtype, name="max")
        if dtype.is_integer:
            return apply_op("RandomUniformInt", shape, low, high, name=scope, **_seed_attrs(seed))
        draws = apply_op("RandomUniform", shape, dtype=dtype, **_seed_attrs(seed))
        if from_zero:
            return apply_op("Mul", draws, high)
        span = apply_op("Sub", high, low, name="sub")
        return apply_op("AddV2", apply_op("Mul", draws, span, name="mul"), low, name=scope)


def _scaled(
    op_type: str, default_name: str, shape: Any, mean: Any, stddev: Any, dtype: Any, seed: int | None, name: str | None
) -> Tensor:
    dtype = as_dtype(dtype).base_dtype
    with stacks.get_default_graph().name_scope(name or default_name) as scope:
        shape = shape_tensor(shape)
        mean = convert_to_tensor(mean, dtype=dtype, name="mean")
        stddev = convert_to_tensor(stddev, dtype=dtype, name="stddev")
        draws = apply_op(op_type, shape, dtype=dtype, **_seed_attrs(seed))
        return apply_op("AddV2", apply_op("Mul", draws, stddev, name="mul"), mean, name=scope)


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
      name: Name scope; defaults to "random_crop".

    Returns:
      Tensor of shape `size`.

    Raises:
      InvalidArgumentError: (when run) `value` is smaller than `size`.

    >>> tf.random_crop(tf.zeros([5, 5]), [2, 3], seed=3).shape.as_list()
    [2, 3]
    """
    with stacks.get_default_graph().name_scope(name or "random_crop") as scope:
        value = convert_to_tensor(value, name="value")
        size = convert_to_tensor(size, dtype=int32, name="size")
        shape = _shape_of(value._dims, value)
        if not _surely_fits(value._dims, constant_value(size)):
            fits = apply_op("All", apply_op("GreaterEqual", shape, size), [0])
            check = Assert(fits, ["Need value.shape >= size, got ", shape, size], summarize=1000)
            shape = with_dependencies([check], shape)
        limit = apply_op("AddV2", apply_op("Sub", shape, size, name="sub"), 1, name="add")
        rank = _shape_of(shape._dims, shape)
        place = random_uniform(rank, dtype=int32, maxval=2**31 - 1, seed=seed)
        return apply_op("Slice", value, apply_op("FloorMod", place, limit, name="mod"), size, name=scope)


def _shape_of(dims: Dims, value: Tensor) -> Tensor:
    if dims is None or None in dims:
        return apply_op("Shape", value)
    return convert_to_tensor(np.asarray(dims, np.int32), name="Shape")


def _surely_fits(dims: Dims, size: np.ndarray | None) -> bool:
    """Whether a part of `size` is known to fit: then no assertion is recorded, which would run on the host."""
    if dims is None or size is None or len(dims) != len(size):
        return False
    return all(d is not None and d >= s for d, s in zip(dims, size.tolist(), strict=True))
