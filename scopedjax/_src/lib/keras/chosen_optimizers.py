"""What stands for an optimizer: Keras' own by name or configuration, and those of `tf.train` as Keras uses them."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.dtypes import int64
from scopedjax._src.graph import stacks
from scopedjax._src.lib.keras import adaptive, optimizers, state
from scopedjax._src.lib.keras.naming import Registry
from scopedjax._src.lib.keras.optimizers import Optimizer as Optimizer
from scopedjax._src.lib.train.optimizers.optimizer import Optimizer as TrainOptimizer
from scopedjax._src.ops.convert import convert_to_tensor


class TFOptimizer:
    """An optimizer of `tf.train` as Keras uses it."""

    def __init__(self, optimizer: TrainOptimizer) -> None:
        self.optimizer = optimizer
        with stacks.get_default_graph().name_scope(type(self).__name__):
            self.iterations = optimizers._variable("iterations", lambda: convert_to_tensor(0, dtype=int64), int64)

    def get_updates(self, loss: Any, params: Any) -> list[Any]:
        """Returns the operations that take one step."""
        made = self.optimizer.minimize(loss, global_step=self.iterations, var_list=list(params))
        state.state_of().variables.extend(v for v in self.optimizer.variables() if hasattr(v, "_is_initialized_op"))
        return [made]


_CLASSES = (
    optimizers.SGD, optimizers.Adam, optimizers.RMSprop, optimizers.Adagrad, adaptive.Adadelta, adaptive.Adamax,
    adaptive.Nadam, adaptive.Ftrl,
)  # fmt: skip
_NAMED = Registry("optimizer", {name: c for c in _CLASSES for name in (c.__name__, c.__name__.lower())}, makes=True)


def get(identifier: Any) -> Any:
    """Returns the optimizer of a name or a config; an object is returned as it is.

    Raises:
      ValueError: no optimizer has the name.

    >>> type(tf.keras.optimizers.get("adam")).__name__
    'Adam'
    """
    if isinstance(identifier, (Optimizer, TFOptimizer)):
        return identifier
    if isinstance(identifier, TrainOptimizer):
        return TFOptimizer(identifier)
    if not isinstance(identifier, (str, dict)):
        raise ValueError(f"Could not interpret optimizer identifier: {identifier}")
    return _NAMED.get(identifier.lower() if isinstance(identifier, str) else identifier)


def serialize(optimizer: Any) -> Any:
    """Returns {"class_name": ..., "config": ...} of an optimizer.

    >>> tf.keras.optimizers.serialize(tf.keras.optimizers.SGD())["class_name"]
    'SGD'
    """
    return {"class_name": type(optimizer).__name__, "config": optimizer.get_config()}


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Returns the optimizer of a config or name, of `custom_objects` first.

    >>> tf.keras.optimizers.deserialize("sgd").get_slot_names()
    []
    """
    return _NAMED.get(config, custom_objects)
