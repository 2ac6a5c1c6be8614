"""Functions that TensorFlow runs in another way than others, and XLA does not: `vectorized_map`, `recompute_grad`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.ops.control_flow.functional import map_fn
from scopedjax._src.ops.convert import convert_to_tensor


def vectorized_map(fn: Callable[..., Any], elems: Any, fallback_to_while_loop: bool = True, warn: bool = True) -> Any:
    """Applies a function to each slice of `elems` along axis 0 and stacks the results.

    It is `tf.map_fn` that finds out the dtypes of the results for itself, by recording `fn` once more for the first
    slice (nodes that never run).

    Args:
      fn: Takes one slice of `elems`, in its structure; returns tensors whose shapes are the same for all slices.
      elems: Tensor `[n, ...]`, or a nest of tensors with the same size of axis 0.
      fallback_to_while_loop: Accepted.
      warn: Accepted.

    Returns:
      Tensors `[n, ...]` in the structure of what `fn` returns.

    >>> print(tf.Session().run(tf.vectorized_map(lambda x: x * x, tf.constant([1, 2, 3]))))
    [1 4 9]
    """
    elems = nest.map_structure(convert_to_tensor, elems)
    sample = fn(nest.map_structure(lambda x: x[0], elems))
    dtypes = nest.map_structure(lambda x: convert_to_tensor(x).dtype, sample)
    return map_fn(lambda x: nest.map_structure(convert_to_tensor, fn(x)), elems, dtype=dtypes)


def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a function whose inner results may be computed again for its gradient, to save memory.

    XLA decides for itself what it keeps and what it computes again, so values and gradients are those of `f`.

    Args:
      f: Function of tensors.

    Returns:
      A function that does what `f` does.

    >>> x = tf.constant(3.0)
    >>> print(tf.Session().run(tf.gradients(tf.recompute_grad(lambda t: t * t)(x), x)))
    [np.float32(6.0)]
    """

    @functools.wraps(f)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return f(*args, **kwargs)

    return inner
