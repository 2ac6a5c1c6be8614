"""Random ops without a state: the numbers follow from the two seeds that the node takes as a tensor.

    seed [a, b]  ->  key counter: Philox block (a under b) of a fixed key   ->  words  w0 w1 | w2 w3
                                                                                key    counter's upper half
                 ->  a stream like every other (see `philox`), always read from its start

Seeds near each other so give streams that have nothing in common. The same seeds give the same numbers in every run, on
every device and in every session: that is all that such an op promises, and what data pipelines want it for.

TensorFlow 2 records the key and the counter as nodes of their own (`StatelessRandomGetKeyCounter`), TensorFlow 1 had
one node that took the seeds (`StatelessRandomUniform`). The numbers are the same; here the former are recorded, both
are run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.dtypes import FLOATING, INDEX, REAL, DType, as_dtype, float32, int32, int64, uint32, uint64
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims, format_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.module import is_known
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.random import distributions
from scopedjax._src.ops.random.philox import Stream, blocks, words
from scopedjax._src.ops.random.sampling import shape_tensor
from scopedjax._src.ops.registry import NO_GRADIENT, NOT_DIFFERENTIABLE, LoweringContext, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext

# The key under which seeds are scrambled: a fact of TensorFlow's format, found in its results.
_SCRAMBLING_KEY: Final = 0x02461E293EC8F720
_PHILOX: Final = 1
_ALGORITHMS: Final = {"philox": 1, "auto_select": 3}
_INTEGERS: Final = (int32, int64, uint32, uint64)


def _scrambled(seed: Any) -> tuple[Any, Any]:
    """(key, upper half of the counter) of a pair of seeds, uint64 scalars."""
    pair = jnp.asarray(seed).astype(np.int64).astype(np.uint64)
    parts = blocks(jnp, _SCRAMBLING_KEY, pair[1], pair[:1])
    w0, w1, w2, w3 = (part[0].astype(np.uint64) for part in parts)
    shift = np.uint64(32)
    return w0 | (w1 << shift), w2 | (w3 << shift)


def _stream(seed: Any) -> Stream:
    key, upper = _scrambled(seed)
    return Stream(key, upper, np.uint64(0))


def _check_sizes(ctx: LoweringContext, shape: np.ndarray) -> tuple[int, ...]:
    if shape.ndim != 1:
        message = f"shape must be a vector of {{int32,int64}}, got shape {format_dims(shape.shape)}"
        raise InvalidArgumentError(None, ctx.op, message)
    for size in shape.tolist():
        if size < 0:
            raise InvalidArgumentError(None, ctx.op, f"Dimension {size} must be >= 0")
    return tuple(shape.tolist())


def _full_integers(xp: Any, stream: Stream, sizes: tuple[int, ...], dtype: Any) -> Any:
    """All bits random."""
    kind, count = np.dtype(dtype), int(np.prod(sizes, dtype=np.int64))
    if kind.itemsize == 4:
        return words(xp, *stream, count).astype(kind).reshape(sizes)
    pairs = words(xp, *stream, 2 * count).astype(np.uint64).reshape(-1, 2)
    return (pairs[:, 0] | (pairs[:, 1] << np.uint64(32))).astype(kind).reshape(sizes)


def _ranged(
    ctx: LoweringContext, stream: Stream, sizes: tuple[int, ...], dtype: DType, minval: Any, maxval: Any
) -> Any:
    if is_known(minval, maxval) and 0 not in sizes and minval >= maxval:
        raise InvalidArgumentError(None, ctx.op, f"Need minval < maxval, got {minval} >= {maxval}")
    kind = np.dtype(dtype.as_numpy_dtype)
    if kind.kind == "i":
        return distributions.uniform_int(jnp, stream, sizes, kind, minval, maxval)
    low, high = jnp.asarray(minval, kind), jnp.asarray(maxval, kind)
    return _full_integers(jnp, stream, sizes, kind) % (high - low) + low


# ------------------------------------------------------------------------------------------------------- shapes


def _sized(c: ShapeContext) -> list[Dims]:
    sizes = c.const(0)
    if sizes is not None and (np.asarray(sizes) < 0).any():
        negative = next(size for size in np.ravel(sizes).tolist() if size < 0)
        raise ValueError(f"Dimension size, given by scalar input {negative} must be >= 0")
    return [c.shape_value(0)]


def _check_seed(c: ShapeContext, index: int) -> None:
    (length,) = c.require_rank(index, 1)
    if length not in (None, 2):
        raise c.fail(f"Dimension must be 2 but is {length}")


def _seeded_dims(c: ShapeContext) -> list[Dims]:
    _check_seed(c, 1)
    return _sized(c)


def _keyed_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(1, 1)
    c.require_rank(2, 1)
    c.require_rank(3, 0)
    return _sized(c)


def _key_dims(c: ShapeContext) -> list[Dims]:
    _check_seed(c, 0)
    return [(1,), (2,)]


# ------------------------------------------------------------------------------------------------------ records


@defop(
    "StatelessRandomGetKeyCounter(seed: Tseed; Tseed: type = int64) -> key: uint64, counter: uint64",
    shape=_key_dims,
    types={"Tseed": INDEX},
    gradient=NOT_DIFFERENTIABLE,
)
def _key_counter(seed: Any) -> Any:
    key, upper = _scrambled(seed)
    return key.reshape(1), jnp.stack([jnp.zeros((), np.uint64), upper])


def _keyed_stream(ctx: LoweringContext, key: Any, counter: Any, alg: Any) -> Stream:
    if int(alg) not in (_PHILOX, 3):
        raise InvalidArgumentError(None, ctx.op, f"Unsupported algorithm id: {int(alg)}; here is Philox (1)")
    key, counter = jnp.asarray(key), jnp.asarray(counter)
    return Stream(key[0], counter[1], counter[0])


_Draw = Callable[..., Any]


def _keyed(draw: _Draw) -> _Draw:
    def lower(ctx: LoweringContext, shape: np.ndarray, key: Any, counter: Any, alg: Any, *, dtype: DType) -> Any:
        sizes = _check_sizes(ctx, shape)
        return draw(jnp, _keyed_stream(ctx, key, counter, alg), sizes, dtype.as_numpy_dtype)

    return lower


def _seeded(draw: _Draw) -> _Draw:
    def lower(ctx: LoweringContext, shape: np.ndarray, seed: Any, *, dtype: DType) -> Any:
        return draw(jnp, _stream(seed), _check_sizes(ctx, shape), dtype.as_numpy_dtype)

    return lower


for _type, _draw, _types in (
    ("StatelessRandomUniform", distributions.uniform, FLOATING),
    ("StatelessRandomNormal", distributions.normal, FLOATING),
    ("StatelessTruncatedNormal", distributions.truncated_normal, FLOATING),
    ("StatelessRandomUniformFullInt", _full_integers, _INTEGERS),
):
    _default = "uint64" if _type.endswith("Int") else "float32"
    declare(
        f"{_type}V2(shape: Tshape, key: uint64, counter: uint64, alg: int32; dtype: type = {_default}, "
        "Tshape: type = int32) -> output: dtype",
        _keyed(_draw),
        shape=_keyed_dims,
        static=("shape", "alg"),
        types={"dtype": _types, "Tshape": INDEX},
        gradient=NOT_DIFFERENTIABLE,
    )
    declare(
        f"{_type}(shape: T, seed: Tseed; dtype: type = {_default}, T: type = int32, Tseed: type = int64) "
        "-> output: dtype",
        _seeded(_draw),
        shape=_seeded_dims,
        static=("shape",),
        types={"dtype": _types, "T": INDEX, "Tseed": INDEX},
        gradient=NOT_DIFFERENTIABLE,
    )


def _keyed_int_dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(4, 0)
    c.require_rank(5, 0)
    return _keyed_dims(c)


@defop(
    "StatelessRandomUniformIntV2(shape: Tshape, key: uint64, counter: uint64, alg: int32, minval: dtype, "
    "maxval: dtype; Tshape: type = int32) -> output: dtype",
    shape=_keyed_int_dims,
    static=("shape", "alg"),
    types={"dtype": _INTEGERS, "Tshape": INDEX},
    gradient=NOT_DIFFERENTIABLE,
)
def _keyed_int(
    ctx: LoweringContext, shape: np.ndarray, key: Any, counter: Any, alg: Any, minval: Any, maxval: Any, *, dtype: DType
) -> Any:
    return _ranged(ctx, _keyed_stream(ctx, key, counter, alg), _check_sizes(ctx, shape), dtype, minval, maxval)


@defop(
    "StatelessRandomUniformInt(shape: T, seed: Tseed, minval: dtype, maxval: dtype; "
    "Tseed: type = int64) -> output: dtype",
    shape=_seeded_dims,
    static=("shape",),
    types={"dtype": INDEX, "T": INDEX, "Tseed": INDEX},
    gradient=NOT_DIFFERENTIABLE,
)
def _seeded_int(ctx: LoweringContext, shape: np.ndarray, seed: Any, minval: Any, maxval: Any, *, dtype: DType) -> Any:
    return _ranged(ctx, _stream(seed), _check_sizes(ctx, shape), dtype, minval, maxval)


def _multinomial_dims(c: ShapeContext) -> list[Dims]:
    rows = c.require_rank(0, 2)[0]
    c.require_rank(1, 0)
    _check_seed(c, 2)
    samples = c.const(1)
    return [(rows, None if samples is None or samples < 0 else int(samples))]


@defop(
    "StatelessMultinomial(logits: T, num_samples: int32, seed: Tseed; Tseed: type = int64, output_dtype: type = int64) "
    "-> output: output_dtype",
    shape=_multinomial_dims,
    static=("num_samples",),
    types={"T": REAL, "Tseed": INDEX, "output_dtype": INDEX},
    gradient=NOT_DIFFERENTIABLE,
)
def _multinomial(ctx: LoweringContext, logits: Any, num_samples: np.ndarray, seed: Any, *, output_dtype: DType) -> Any:
    samples = int(num_samples)
    if samples < 0:
        raise InvalidArgumentError(None, ctx.op, f"num_samples should be nonnegative, got {samples}")
    if logits.shape[1] == 0:
        raise InvalidArgumentError(None, ctx.op, f"num_classes should be positive, got {logits.shape[1]}")
    return distributions.multinomial(jnp, _stream(seed), jnp.asarray(logits), samples, output_dtype.as_numpy_dtype)


# ---------------------------------------------------------------------------------------------- public functions


def _algorithm(alg: Any) -> int:
    number = _ALGORITHMS.get(alg, alg) if isinstance(alg, str) else alg
    if number not in (1, 3):
        raise ValueError(
            f"Unsupported algorithm {alg!r}: here are Philox's numbers (alg='philox' or 'auto_select'), which is what "
            "TensorFlow takes on a CPU or GPU"
        )
    return number


def _draws(op_type: str, shape: Tensor, seed: Any, alg: Any, inputs: tuple[Any, ...] = (), **options: Any) -> Tensor:
    """The node that draws, and the two nodes before it that make its key and its counter."""
    algorithm = _algorithm(alg)
    key, counter = apply_op("StatelessRandomGetKeyCounter", seed)
    return apply_op(op_type, shape, key, counter, algorithm, *inputs, **options)


def stateless_random_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Numbers drawn evenly from [minval, maxval), always the same for the same seed.

    Args:
      shape: 1-D integer tensor or list.
      seed: Integer tensor `[2]`.
      minval: Lower bound, included; None for integers asks for all integers of the dtype.
      maxval: Upper bound, excluded; 1 for floats where it is None; None together with `minval` for all integers.
      dtype: A floating dtype, int32, int64, uint32 or uint64.
      name: Name scope; "stateless_random_uniform" by default.
      alg: "auto_select" or "philox", which here are one.

    Returns:
      Tensor of `shape` and `dtype`.

    Raises:
      ValueError: the dtype is another, one bound of integers is missing, or unsigned integers have bounds.

    >>> print(tf.Session().run(tf.random.stateless_uniform([2], seed=[1, 2])))
    [0.8440604  0.19204533]
    """
    dtype = as_dtype(dtype).base_dtype
    if dtype not in (*FLOATING, *_INTEGERS):
        accepted = ", ".join(f"tf.{d.name}" for d in (*FLOATING, *_INTEGERS))
        raise ValueError(f"Argument `dtype` got invalid value {dtype}. Accepted dtypes are ({accepted}).")
    if dtype.is_integer:
        if (minval is None) != (maxval is None):
            raise ValueError(
                f"For integer `dtype` argument {dtype}, argument `minval` and `maxval` must be both None or not None. "
                f"Got `minval`={minval} and `maxval`={maxval}."
            )
        if minval is not None and dtype in (uint32, uint64):
            raise ValueError(
                f"Argument `dtype` got invalid value {dtype} when argument `minval` is not None. Please don't use "
                "unsigned integers in this case."
            )
    elif maxval is None:
        maxval = 1
    with stacks.get_default_graph().name_scope(name or "stateless_random_uniform") as scope:
        shape = shape_tensor(shape)
        if dtype.is_integer and minval is None:
            return _draws("StatelessRandomUniformFullIntV2", shape, seed, alg, dtype=dtype, name=scope)
        low = convert_to_tensor(minval, dtype=dtype, name="min")
        high = convert_to_tensor(maxval, dtype=dtype, name="max")
        if dtype.is_integer:
            return _draws("StatelessRandomUniformIntV2", shape, seed, alg, (low, high), name=scope)
        draws = _draws("StatelessRandomUniformV2", shape, seed, alg, dtype=dtype)
        span = apply_op("Sub", high, low, name="sub")
        return apply_op("AddV2", apply_op("Mul", draws, span, name="mul"), low, name=scope)


def _scaled(
    op_type: str, default: str, shape: Any, seed: Any, ends: tuple[Any, Any], dtype: Any, name: str | None, alg: Any
) -> Tensor:
    dtype = as_dtype(dtype).base_dtype
    with stacks.get_default_graph().name_scope(name or default) as scope:
        shape = shape_tensor(shape)
        mean = convert_to_tensor(ends[0], dtype=dtype, name="mean")
        stddev = convert_to_tensor(ends[1], dtype=dtype, name="stddev")
        draws = _draws(op_type, shape, seed, alg, dtype=dtype)
        return apply_op("AddV2", apply_op("Mul", draws, stddev, name="mul"), mean, name=scope)


def stateless_random_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Numbers drawn from a normal distribution, always the same for the same seed.

    Args:
      shape: 1-D integer tensor or list.
      seed: Integer tensor `[2]`.
      mean: Mean.
      stddev: Standard deviation.
      dtype: A floating dtype.
      name: Name scope; "stateless_random_normal" by default.
      alg: "auto_select" or "philox", which here are one.

    Returns:
      Tensor of `shape` and `dtype`.

    >>> print(tf.Session().run(tf.random.stateless_normal([2], seed=[1, 2])))
    [0.5441101  0.20738031]
    """
    return _scaled("StatelessRandomNormalV2", "stateless_random_normal", shape, seed, (mean, stddev), dtype, name, alg)


def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Tensor:
    """Numbers drawn from a normal distribution, those beyond two standard deviations drawn again; by seed.

    Args:
      shape: 1-D integer tensor or list.
      seed: Integer tensor `[2]`.
      mean: Mean of the distribution before it was cut.
      stddev: Standard deviation before it was cut.
      dtype: A floating dtype.
      name: Name scope; "stateless_truncated_normal" by default.
      alg: "auto_select" or "philox", which here are one.

    Returns:
      Tensor of `shape` and `dtype`.
    """
    return _scaled(
        "StatelessTruncatedNormalV2", "stateless_truncated_normal", shape, seed, (mean, stddev), dtype, name, alg
    )


def _categorical(default: str, logits: Any, num_samples: Any, seed: Any, dtype: Any, name: str | None) -> Tensor:
    with stacks.get_default_graph().name_scope(name or default):
        logits = convert_to_tensor(logits, name="logits")
        kind = as_dtype(dtype).base_dtype if dtype else int64
        return apply_op("StatelessMultinomial", logits, num_samples, seed, output_dtype=kind)


def stateless_multinomial(
    logits: Any, num_samples: Any, seed: Any, output_dtype: Any = int64, name: str | None = None
) -> Tensor:
    """Classes drawn by their log-probabilities, always the same for the same seed.

    Args:
      logits: Tensor `[batch, classes]`: log-probabilities, up to a constant in each row.
      num_samples: Integer scalar: how many to draw in each row.
      seed: Integer tensor `[2]`.
      output_dtype: int32 or int64.
      name: Name scope; "stateless_multinomial" by default.

    Returns:
      Tensor `[batch, num_samples]` of `output_dtype`.
    """
    return _categorical("stateless_multinomial", logits, num_samples, seed, output_dtype, name)


def stateless_categorical(
    logits: Any, num_samples: Any, seed: Any, dtype: Any = int64, name: str | None = None
) -> Tensor:
    """Classes drawn by their log-probabilities, always the same for the same seed.

    Args:
      logits: Tensor `[batch, classes]`: log-probabilities, up to a constant in each row.
      num_samples: Integer scalar: how many to draw in each row.
      seed: Integer tensor `[2]`.
      dtype: int32 or int64.
      name: Name scope; "stateless_categorical" by default.

    Returns:
      Tensor `[batch, num_samples]` of `dtype`.

    >>> print(tf.Session().run(tf.random.stateless_categorical([[0.0, 0.0, 0.0]], 5, seed=[1, 2])))
    [[2 2 0 2 1]]
    """
    return _categorical("stateless_categorical", logits, num_samples, seed, dtype, name)
