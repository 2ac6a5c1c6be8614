"""Random ops of skewed distributions: `random_gamma` and `random_poisson`, with TF1's numbers (see `rejection`).

    random_gamma([3], [0.5, 2.0])    RandomGamma(shape [3], alpha [2]) -> [3, 2], divided by the rate beta

Gamma numbers have a gradient with respect to alpha: how a number would move with alpha at the same place of its
distribution, `-(d cdf / d alpha) / density`.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import INDEX, DType
from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims, format_dims
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.shapes import broadcast_dynamic_shape, rank, shape
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.reductions import reduce_sum
from scopedjax._src.ops.random import rejection
from scopedjax._src.ops.random.philox import Stream
from scopedjax._src.ops.random.sampling import get_seed, shape_tensor
from scopedjax._src.ops.registry import NO_GRADIENT, Gradient, LoweringContext, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import broadcast

_REAL = (dtypes.float16, dtypes.float32, dtypes.float64)
_COUNTS = (*_REAL, *INDEX)


def _dims(c: ShapeContext) -> list[Dims]:
    c.require_rank(0, 1)
    outer, inner = c.shape_value(0), c.dims(1)
    return [None if outer is None or inner is None else (*outer, *inner)]


def _draw(ctx: LoweringContext, method: Any, sizes: np.ndarray, parameter: Any) -> Any:
    """Numbers `[*sizes, *parameter.shape]`, float64."""
    if sizes.ndim != 1:
        message = f"shape must be a vector of {{int32,int64}}, got shape {format_dims(sizes.shape)}"
        raise InvalidArgumentError(None, ctx.op, message)
    parameter = jnp.asarray(parameter)
    samples = math.prod(sizes.tolist())
    outputs = samples * math.prod(parameter.shape)
    stream = Stream(*ctx.random_row(rejection.BLOCKS_PER_OUTPUT * outputs))
    flat = method(stream, parameter.reshape(-1).astype(np.float64), samples)
    return flat.reshape(*sizes.tolist(), *parameter.shape)


def _random_gamma(ctx: LoweringContext, shape: np.ndarray, alpha: Any, *, T: DType) -> Any:
    return _draw(ctx, rejection.gamma, shape, alpha).astype(T.as_numpy_dtype)


def _gamma_gradient(op: Operation, grad: Any) -> list[Any]:
    """Sums over the samples of each alpha."""
    alpha, sample = op.inputs[1], op.outputs[0]
    extra = apply_op("Sub", rank(sample), rank(alpha))
    movement = apply_op("RandomGammaGrad", alpha, sample)
    return [None, reduce_sum(apply_op("Mul", grad, movement), axis=tf_range(extra))]


declare(
    "RandomGamma(shape: S, alpha: T; seed: int = 0, seed2: int = 0) -> output: T",
    _random_gamma,
    shape=_dims,
    static=("shape",),
    types={"S": INDEX, "T": _REAL},
    rng=True,
    stateful=True,
    gradient=Gradient("function", _gamma_gradient),
)


@defop(
    "RandomGammaGrad(alpha: T, sample: T) -> output: T",
    shape=broadcast,
    types={"T": (dtypes.float32, dtypes.float64)},
    gradient=NO_GRADIENT,
)
def _random_gamma_grad(alpha: Any, sample: Any) -> Any:
    alpha, sample = jnp.broadcast_arrays(jnp.asarray(alpha), jnp.asarray(sample))
    return jax.lax.random_gamma_grad(alpha, sample)  # pyright: ignore[reportCallIssue]


def _random_poisson(ctx: LoweringContext, shape: np.ndarray, rate: Any, *, dtype: DType) -> Any:
    return _draw(ctx, rejection.poisson, shape, rate).astype(dtype.as_numpy_dtype)


declare(
    "RandomPoissonV2(shape: S, rate: R; seed: int = 0, seed2: int = 0, R: type = float64, dtype: type = int64) "
    "-> output: dtype",
    _random_poisson,
    shape=_dims,
    static=("shape",),
    types={"S": INDEX, "R": _COUNTS, "dtype": _COUNTS},
    rng=True,
    stateful=True,
    gradient=NO_GRADIENT,
)


def _seeds(op_seed: int | None) -> dict[str, Any]:
    seed, seed2 = get_seed(op_seed)
    return {"seed": seed or 0, "seed2": seed2 or 0}


def random_gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Returns numbers drawn from gamma distributions: density `x ** (alpha - 1) * exp(-beta * x)`, up to a factor.

    The numbers are differentiable with respect to `alpha` and `beta`.

    Args:
      shape: 1-D integer tensor or list: how many numbers of each distribution.
      alpha: Floating tensor: the shapes of the distributions, positive.
      beta: Tensor that broadcasts with `alpha`: their rates (inverse scales); 1 by default.
      dtype: float16, float32 or float64.
      seed: Seed of the node.
      name: Name scope; defaults to "random_gamma".

    Returns:
      Tensor of shape `shape + shape of alpha and beta`; NaN where alpha is far from positive.

    >>> tf.random_gamma([4], [0.5, 1.5], seed=1).shape.as_list()
    [4, 2]
    """
    with name_scope(name, "random_gamma", [shape, alpha, beta]):
        sizes = shape_tensor(shape)
        alpha = convert_to_tensor(alpha, name="alpha", dtype=dtype)
        beta = convert_to_tensor(1 if beta is None else beta, name="beta", dtype=dtype)
        together = broadcast_dynamic_shape(_shape_of(alpha), _shape_of(beta))
        alpha = apply_op("BroadcastTo", alpha, together)
        drawn = apply_op("RandomGamma", sizes, alpha, **_seeds(seed))
        smallest = np.finfo(alpha.dtype.as_numpy_dtype).tiny  # a sample of 0 has a density of 0 or infinity
        return apply_op("Maximum", smallest, drawn / beta)


def _shape_of(x: Tensor) -> Tensor:
    return shape(x)


def random_poisson(
    lam: Any, shape: Any, dtype: Any = dtypes.float32, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Returns numbers drawn from Poisson distributions.

    Args:
      lam: Tensor: the rates.
      shape: 1-D integer tensor or list: how many numbers of each distribution.
      dtype: float16, float32, float64, int32 or int64.
      seed: Seed of the node.
      name: Name scope; defaults to "random_poisson".

    Returns:
      Tensor of shape `shape + shape of lam`.

    >>> tf.random_poisson([0.5, 1.5], [4], seed=1).shape.as_list()
    [4, 2]
    """
    with name_scope(name, "random_poisson", [lam, shape]):
        sizes = shape_tensor(shape)
        return apply_op("RandomPoissonV2", sizes, lam, dtype=dtypes.as_dtype(dtype), **_seeds(seed))
