"""A kernel against real TensorFlow: value, gradients under a random weighting, and second derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tests.oracle import TOLERANCES, assert_same, real_tf


def arrays(*shapes: Sequence[int], dtype: Any = np.float32, seed: int = 0) -> list[np.ndarray]:
    """Normal numbers of these shapes."""
    random = np.random.RandomState(seed)
    return [random.standard_normal(shape).astype(dtype) for shape in shapes]


def _weights(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """Weights of a result whose gradient is asked for: no two alike, so that none can stand in for another."""
    return (1.5 + np.cos(np.arange(int(np.prod(shape))))).reshape(shape).astype(dtype)


def _theirs(call: Callable[..., Any], inputs: Sequence[np.ndarray], order: int) -> list[np.ndarray]:
    tf = real_tf()
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = [tf.constant(array) for array in inputs]
        floats = [tensor for tensor in tensors if tensor.dtype.is_floating]
        values = call(tf, *tensors)
        values = list(values) if isinstance(values, (list, tuple)) else [values]
        results, target = list(values), values[:1]
        for _ in range(order):
            shapes = [array.shape for array in session.run(target)]
            weights = [_weights(shape, t.dtype.as_numpy_dtype) for shape, t in zip(shapes, target)]
            target = tf.gradients(target, floats, weights)
            target = [tf.zeros_like(t) if g is None else g for g, t in zip(target, floats)]
            results += target
        return session.run(results)


def _ours(call: Callable[..., Any], inputs: Sequence[np.ndarray], order: int) -> list[np.ndarray]:
    places = [i for i, array in enumerate(inputs) if jnp.issubdtype(array.dtype, jnp.floating)]

    def values(*arguments: jax.Array) -> list[jax.Array]:
        result = call(*arguments)
        return list(result) if isinstance(result, (list, tuple)) else [result]

    def derivative(target: Callable[..., list[jax.Array]], first: bool) -> Callable[..., list[jax.Array]]:
        def gradients(*arguments: jax.Array) -> list[jax.Array]:
            def of_floats(*floats: jax.Array) -> list[jax.Array]:
                filled = list(arguments)
                for place, value in zip(places, floats):
                    filled[place] = value
                return target(*filled)[:1] if first else target(*filled)

            results, pullback = jax.vjp(of_floats, *(arguments[place] for place in places))
            return list(pullback([jnp.asarray(_weights(r.shape, r.dtype)) for r in results]))

        return gradients

    targets = [values]
    for i in range(order):
        targets.append(derivative(targets[-1], i == 0))
    with jax.enable_x64(True):
        run = jax.jit(lambda *arguments: [r for target in targets for r in target(*arguments)])
        return [np.asarray(result) for result in run(*(jnp.asarray(array) for array in inputs))]


def check(
    theirs: Callable[..., Any],
    ours: Callable[..., Any],
    *inputs: np.ndarray,
    order: int = 1,
    slack: float = 1.0,
) -> None:
    """Holds `ours(*arrays)` against `theirs(tf, *tensors)`: dtypes, shapes and numbers.

    Args:
      theirs: Takes the namespace and tensors; returns a tensor, or several of which the first is differentiated.
      ours: Takes arrays and returns the same.
      inputs: NumPy arrays; gradients are taken for the floating ones.
      order: How often to differentiate (0: values alone).
      slack: Factor of the dtype's tolerance, which is relative to the largest number of each result.
    """
    expected, found = _theirs(theirs, inputs, order), _ours(ours, inputs, order)
    assert len(expected) == len(found)
    for a, b in zip(expected, found):
        a = np.asarray(a)
        tolerance = TOLERANCES.get(a.dtype, 0.0) * slack
        finite = np.abs(a.astype(np.float64))[np.isfinite(a.astype(np.float64))]
        assert_same(a, b, rtol=tolerance, atol=tolerance * float(finite.max(initial=0.0)))
