"""The named options of `tf.gradients`."""

from __future__ import annotations

import enum
from typing import Any


class UnconnectedGradients(enum.Enum):
    """What `tf.gradients` returns for an x that no y depends on: nothing, or zeros.

    >>> x, y = tf.constant(1.0), tf.constant(2.0)
    >>> tf.gradients(2.0 * y, x)
    [None]
    >>> tf.Session().run(tf.gradients(2.0 * y, x, unconnected_gradients=tf.UnconnectedGradients.ZERO))
    [np.float32(0.0)]
    """

    NONE = "none"
    ZERO = "zero"

    @classmethod
    def wants_zeros(cls, value: Any) -> bool:
        """Whether a member, or the value of one, asks for zeros.

        Raises:
          ValueError: the argument is neither.
        """
        try:
            return cls(value) is cls.ZERO
        except ValueError:
            known = [member.value for member in cls]
            raise ValueError(
                f"Unknown value for unconnected_gradients: '{value}'; tf.UnconnectedGradients has {known}"
            ) from None


class AggregationMethod:
    """How gradients that meet at one tensor are added up. All ways give one sum here: XLA orders it.

    >>> tf.AggregationMethod.DEFAULT == tf.AggregationMethod.ADD_N
    True
    """

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2

    @classmethod
    def check(cls, value: Any) -> None:
        """Raises ValueError unless the argument is one of the methods or None."""
        known = [cls.ADD_N, cls.EXPERIMENTAL_TREE, cls.EXPERIMENTAL_ACCUMULATE_N]
        if value is not None and value not in known:
            raise ValueError(f"Invalid `aggregation_method` specified {value}. Accepted values are {known}.")
