"""`tf.test.compute_gradient`: derivatives by `tf.gradients` held against central differences.

dy_j/dx_i  ~  (y_j(x + delta e_i) - y_j(x - delta e_i)) / (2 delta)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scopedjax._src.graph import stacks
from scopedjax._src.lower.gradients import gradients
from scopedjax._src.ops.array.identity import placeholder


def compute_gradient(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Mapping[Any, Any] | None = None,
) -> Any:
    """The Jacobian dy/dx by `tf.gradients`, and by central differences.

    Needs a default session.

    Args:
      x: A tensor, or a list of tensors.
      x_shape: Its shape; a list of shapes for a list.
      y: A tensor that depends on `x`.
      y_shape: Its shape.
      x_init_value: Where to take the derivative: an array, or a list of arrays; random numbers of 0..1 by default.
      delta: Half the distance of the differences.
      init_targets: Operations to run before, such as initializers.
      extra_feed_dict: What else to feed.

    Returns:
      (theoretical, numeric): arrays `[size of x, size of y]`; a list of such pairs for a list.

    Raises:
      ValueError: there is no default session, or there is no gradient.
      TypeError: `x` is not of real numbers.
    """
    session = stacks.get_default_session()
    if session is None:
        raise ValueError("compute_gradient() needs a default session: use `with self.test_session():`")
    if init_targets is not None:
        session.run(init_targets)
    feed = dict(extra_feed_dict or {})
    if not isinstance(x, list | tuple):
        return _jacobians(session, x, x_shape, y, y_shape, x_init_value, delta, feed)
    values = x_init_value if x_init_value is not None else [None] * len(x)
    starts = [_start(t, s, v) for t, s, v in zip(x, x_shape, values, strict=True)]
    return [_jacobians(session, t, s, y, y_shape, v, delta, feed) for t, s, v in zip(x, x_shape, starts, strict=True)]


def compute_gradient_error(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Mapping[Any, Any] | None = None,
) -> Any:
    """The largest difference between the Jacobian by `tf.gradients` and that by central differences.

    Args:
      x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict: As for `compute_gradient`.

    Returns:
      A number, 0 for an empty Jacobian.
    """
    pairs = compute_gradient(x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict)
    pairs = pairs if isinstance(pairs, list) else [pairs]
    return max((np.fabs(a - b).max() if a.size else 0.0) for a, b in pairs)


def _start(x: Any, shape: Any, value: Any) -> np.ndarray:
    dtype = x.dtype.base_dtype
    if not dtype.is_floating:
        raise TypeError(f"compute_gradient() differentiates by real numbers; {x.name} is {dtype.name}")
    numbers = np.random.random_sample(shape) if value is None else value
    return np.array(numbers, dtype.as_numpy_dtype)


def _jacobians(
    session: Any, x: Any, x_shape: Any, y: Any, y_shape: Any, value: Any, delta: float, feed: dict[Any, Any]
) -> tuple[np.ndarray, np.ndarray]:
    start = _start(x, x_shape, value)
    weights = np.zeros(y_shape, y.dtype.base_dtype.as_numpy_dtype)
    grad_y = placeholder(y.dtype.base_dtype, list(y_shape))
    (dx,) = gradients(y, [x], grad_ys=[grad_y])
    if dx is None:
        raise ValueError(f"y ({y.name}) does not depend on x ({x.name}): there is no gradient")
    theory = np.zeros((start.size, weights.size), start.dtype)
    for column in range(weights.size):
        weights.flat[column] = 1
        theory[:, column] = np.ravel(session.run(dx, {**feed, x: start, grad_y: weights}))
        weights.flat[column] = 0
    numeric = np.zeros_like(theory)
    for row in range(start.size):
        sides = []
        for step in (delta, -delta):
            moved = start.copy()
            moved.flat[row] += step
            sides.append(np.ravel(session.run(y, {**feed, x: moved})))
        numeric[row] = (sides[0] - sides[1]) / (2 * delta)
    return theory, numeric
