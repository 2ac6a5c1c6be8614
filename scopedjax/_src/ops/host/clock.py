"""The time: `tf.timestamp`."""

from __future__ import annotations

import time

import numpy as np

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_rules import scalar


@defop("Timestamp() -> ts: float64", shape=scalar, host=True, stateful=True, gradient=NOT_DIFFERENTIABLE)
def _timestamp() -> np.float64:
    return np.float64(time.time())


def timestamp(name: str | None = None) -> Tensor:
    """The time when the node runs.

    Args:
      name: Node name; "Timestamp" by default.

    Returns:
      float64 scalar tensor: seconds since 1970-01-01 00:00 UTC.

    >>> bool(tf.Session().run(tf.timestamp()) > 1.5e9)
    True
    """
    return apply_op("Timestamp", name=name)
