"""`tf.keras.regularizers`: penalties on weights; a layer adds them to its `losses`."""

from __future__ import annotations

import functools
from typing import Any

from scopedjax._src.lib.keras.naming import Registry, serialized
from scopedjax._src.ops.math.elementwise import abs as absolute
from scopedjax._src.ops.math.elementwise import square
from scopedjax._src.ops.math.reductions import reduce_sum


class Regularizer:
    """A function of a weight whose result is a loss.

    >>> class Half(tf.keras.regularizers.Regularizer):
    ...     def __call__(self, x):
    ...         return 0.5 * tf.reduce_sum(x)
    >>> tf.Session().run(Half()(tf.ones([4])))
    np.float32(2.0)
    """

    def __call__(self, x: Any) -> Any:
        """Returns the penalty of a weight, a scalar."""
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes it from again."""
        raise NotImplementedError(f"{type(self).__name__} does not say its config")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes a regularizer from what `get_config` returned."""
        return cls(**config)


class L1L2(Regularizer):
    """`l1 * sum(|x|) + l2 * sum(x^2)`.

    Args:
      l1: Factor of the sum of absolute values.
      l2: Factor of the sum of squares.

    >>> tf.Session().run(tf.keras.regularizers.L1L2(l1=1.0, l2=2.0)(tf.constant([-1.0, 3.0])))
    np.float32(24.0)
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = float(l1)
        self.l2 = float(l2)

    def __call__(self, x: Any) -> Any:
        if not self.l1 and not self.l2:
            return 0.0
        penalty: Any = 0.0
        if self.l1:
            penalty += self.l1 * reduce_sum(absolute(x))
        if self.l2:
            penalty += self.l2 * reduce_sum(square(x))
        return penalty

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


def l1(l: float = 0.01) -> L1L2:
    """Returns the regularizer `l * sum(|x|)`.

    >>> tf.keras.regularizers.l1(0.5).get_config()
    {'l1': 0.5, 'l2': 0.0}
    """
    return L1L2(l1=l)


def l2(l: float = 0.01) -> L1L2:
    """Returns the regularizer `l * sum(x^2)`.

    >>> tf.keras.regularizers.l2(0.5).get_config()
    {'l1': 0.0, 'l2': 0.5}
    """
    return L1L2(l2=l)


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """Returns the regularizer `l1 * sum(|x|) + l2 * sum(x^2)`.

    >>> tf.keras.regularizers.l1_l2().get_config()
    {'l1': 0.01, 'l2': 0.01}
    """
    return L1L2(l1=l1, l2=l2)


# "L1" and "L2" are classes of Keras 2.3 and later, which its files name: their configurations are the arguments here.
_NAMED = Registry(
    "regularizer",
    {"L1L2": L1L2, "l1": l1, "l2": l2, "l1_l2": l1_l2, "L1": functools.partial(L1L2, l2=0.0),
     "L2": functools.partial(L1L2, 0.0)},
    makes=True,
)  # fmt: skip


def get(identifier: Any) -> Any:
    """Returns the regularizer that a name, a config or a function stands for; None stays None.

    >>> tf.keras.regularizers.get("l2").l2
    0.01
    """
    return _NAMED.get(identifier)


def serialize(regularizer: Any) -> Any:
    """Returns {"class_name": ..., "config": ...} of a regularizer.

    >>> tf.keras.regularizers.serialize(tf.keras.regularizers.l1(1.0))
    {'class_name': 'L1L2', 'config': {'l1': 1.0, 'l2': 0.0}}
    """
    return serialized(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Returns the regularizer of a config or name, of `custom_objects` first.

    >>> tf.keras.regularizers.deserialize({"class_name": "L1L2", "config": {"l1": 1.0}}).l1
    1.0
    """
    return _NAMED.get(config, custom_objects)
