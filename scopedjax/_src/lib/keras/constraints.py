"""`tf.keras.constraints`: what an optimizer applies to a weight after each update."""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.lib.keras.naming import Registry, serialized
from scopedjax._src.ops.array.gathering import gather_nd
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.clipping import clip_by_value
from scopedjax._src.ops.math.comparison import greater_equal
from scopedjax._src.ops.math.elementwise import sqrt, square
from scopedjax._src.ops.math.reductions import reduce_sum

_EPSILON = 1e-7


class Constraint:
    """A function of a weight whose result is the weight's new value.

    >>> tf.keras.constraints.Constraint().get_config()
    {}
    """

    def __call__(self, w: Any) -> Any:
        """Returns the value that a weight shall have."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does")

    def get_config(self) -> dict[str, Any]:
        """Returns what makes it again."""
        return {}


def _norm(w: Any, axis: Any) -> Any:
    return sqrt(reduce_sum(square(w), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """Scales down what has a larger norm.

    Args:
      max_value: Largest norm.
      axis: Axes along which the norm is taken.

    >>> tf.Session().run(tf.keras.constraints.MaxNorm(1.0)(tf.constant([[3.0], [4.0]]))).round(3).ravel().tolist()
    [0.6000000238418579, 0.800000011920929]
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norms = _norm(w, self.axis)
        return w * (clip_by_value(norms, 0.0, float(self.max_value)) / (_EPSILON + norms))

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Sets negative elements to zero.

    >>> tf.Session().run(tf.keras.constraints.NonNeg()(tf.constant([-1.0, 2.0]))).tolist()
    [-0.0, 2.0]
    """

    def __call__(self, w: Any) -> Any:
        w = convert_to_tensor(w)
        return w * cast(greater_equal(w, 0.0), w.dtype)


class UnitNorm(Constraint):
    """Scales to norm one.

    Args:
      axis: Axes along which the norm is taken.

    >>> tf.Session().run(tf.keras.constraints.UnitNorm()(tf.constant([[0.0], [4.0]]))).ravel().tolist()
    [0.0, 1.0]
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return w / (_EPSILON + _norm(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Moves the norm between two bounds.

    Args:
      min_value: Smallest norm.
      max_value: Largest norm.
      rate: How far the norm is moved: 1 is all the way.
      axis: Axes along which the norm is taken.

    >>> tf.Session().run(tf.keras.constraints.MinMaxNorm(1.0, 2.0)(tf.constant([[0.5]]))).round(3).tolist()
    [[1.0]]
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norms = _norm(w, self.axis)
        wanted = self.rate * clip_by_value(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (wanted / (_EPSILON + norms))

    def get_config(self) -> dict[str, Any]:
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


class RadialConstraint(Constraint):
    """Makes a kernel radially symmetric: each ring around its middle takes the value that its diagonal has there.

    >>> kernel = tf.reshape(tf.range(9.0), [3, 3, 1, 1])
    >>> tf.Session().run(tf.keras.constraints.RadialConstraint()(kernel))[..., 0, 0].tolist()
    [[4.0, 4.0, 4.0], [4.0, 0.0, 4.0], [4.0, 4.0, 4.0]]
    """

    def __call__(self, w: Any) -> Any:
        if w.shape.ndims is None or w.shape.ndims != 4:
            raise ValueError(f"The weight tensor must be of rank 4, but is of shape: {w.shape}")
        rows, columns = w.shape.as_list()[:2]
        if rows is None or rows != columns:
            raise ValueError(f"The kernel of a RadialConstraint must be square, but is of shape: {w.shape}")
        # Counted from the middle (two elements wide where the size is even) to the edge.
        middle = (rows - 1) // 2, rows // 2
        outside = [max(middle[0] - at, at - middle[1], 0) for at in range(rows)]
        rings = np.maximum.outer(outside, outside) + max(rows // 2 - 1, 0)
        return gather_nd(w, np.stack([rings, rings], axis=-1).astype(np.int32))


_NAMED = Registry(
    "constraint",
    {
        "MaxNorm": MaxNorm, "max_norm": MaxNorm, "NonNeg": NonNeg, "non_neg": NonNeg, "UnitNorm": UnitNorm,
        "unit_norm": UnitNorm, "MinMaxNorm": MinMaxNorm, "min_max_norm": MinMaxNorm,
        "RadialConstraint": RadialConstraint, "radial_constraint": RadialConstraint,
    },
    makes=True,
)  # fmt: skip


def get(identifier: Any) -> Any:
    """Returns the constraint that a name, a config or a function stands for; None stays None.

    >>> tf.keras.constraints.get("non_neg").get_config()
    {}
    """
    return _NAMED.get(identifier)


def serialize(constraint: Any) -> Any:
    """Returns {"class_name": ..., "config": ...} of a constraint.

    >>> tf.keras.constraints.serialize(tf.keras.constraints.UnitNorm())
    {'class_name': 'UnitNorm', 'config': {'axis': 0}}
    """
    return serialized(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Returns the constraint of a config or name, of `custom_objects` first.

    >>> tf.keras.constraints.deserialize("unit_norm").axis
    0
    """
    return _NAMED.get(config, custom_objects)
