"""Switches between TensorFlow 1 and 2: here it is always TensorFlow 1's graph mode."""

from __future__ import annotations

from scopedjax._src.variables.kinds import default_kind


def executing_eagerly() -> bool:
    """Returns False: nodes are recorded, not run.

    >>> tf.executing_eagerly()
    False
    """
    return False


def executing_eagerly_outside_functions() -> bool:
    """Returns False: there is no eager mode."""
    return False


def disable_v2_behavior() -> None:
    """Does nothing: version 1's behaviour is the only one."""


def disable_eager_execution() -> None:
    """Does nothing: there is no eager mode."""


def disable_tensor_equality() -> None:
    """Does nothing: `==` compares tensors by identity, as in version 1."""


def disable_v2_tensorshape() -> None:
    """Does nothing: `TensorShape` has version 1's behaviour."""


def disable_control_flow_v2() -> None:
    """Does nothing: `tf.cond` records structured nodes in either case."""


def disable_resource_variables() -> None:
    """Makes `tf.Variable` and `tf.get_variable` create reference variables by default, as at the start."""
    default_kind.use_resource = False


def enable_resource_variables() -> None:
    """Makes `tf.Variable` and `tf.get_variable` create resource variables by default, for the whole process."""
    default_kind.use_resource = True


def control_flow_v2_enabled() -> bool:
    """Returns False."""
    return False


def resource_variables_enabled() -> bool:
    """Returns whether resource variables are created by default."""
    return default_kind.use_resource


def _refuse(what: str, cure: str) -> None:
    raise RuntimeError(f"{what} is not available: scopedjax runs TensorFlow 1's graph mode only. {cure}")


def enable_eager_execution(config: object = None, device_policy: object = None, execution_mode: object = None) -> None:
    """Raises RuntimeError: there is no eager mode."""
    _refuse("eager execution", "Write eager code in JAX; scopedjax.pure_function is the road there.")


def enable_v2_behavior() -> None:
    """Raises RuntimeError: version 2's behaviour is not here."""
    _refuse("TensorFlow 2's behaviour", "Remove the call.")


def enable_tensor_equality() -> None:
    """Raises RuntimeError: `==` compares tensors by identity."""
    _refuse("tensor equality by value", "Use tf.equal.")


def enable_v2_tensorshape() -> None:
    """Raises RuntimeError: `TensorShape` has version 1's behaviour."""
    _refuse("version 2's TensorShape", "Use shape.as_list() or tf.dimension_value.")


def enable_control_flow_v2() -> None:
    """Does nothing: `tf.cond` records structured nodes, as version 2 does."""
