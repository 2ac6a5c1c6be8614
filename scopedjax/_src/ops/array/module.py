"""Which array module evaluates a lowering: NumPy where every value is known, `jax.numpy` otherwise.

Ops that only move elements (reshape, concat, slice) mean the same in both, so they are written once:

    xp = module_of(value)                  tf.shape(x)[1:]  while tracing: NumPy arrays stay NumPy arrays
    return xp.reshape(value, shape)        reshape of a tracer: recorded by JAX

Strings are NumPy object arrays of bytes on the host; the same lowering serves them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.graph.operation import Operation


def is_known(*values: Any) -> bool:
    """Whether all values are NumPy's, not JAX's."""
    return all(isinstance(v, (np.ndarray, np.generic)) for v in values)


def module_of(*values: Any) -> Any:
    """Returns `numpy` where all values are NumPy arrays, else `jax.numpy`."""
    return np if is_known(*values) else jnp


def holds_text(attr: str = "T") -> Callable[[Operation], bool]:
    """Returns a `host` rule: nodes whose type attribute `attr` is string run on the host."""

    def rule(op: Operation) -> bool:
        value = op.attrs[attr]
        return dtypes.string in value if isinstance(value, tuple) else value is dtypes.string

    return rule


def axis_within(axis: Any, rank: int) -> int:
    """Returns a Python axis from 0 to `rank - 1`.

    Raises:
      ValueError: `axis` is not in `[-rank, rank)`.
    """
    at = int(axis)
    if not -rank <= at < rank:
        raise ValueError(f"axis {at} is out of range [{-rank}, {rank})")
    return at + rank if at < 0 else at
