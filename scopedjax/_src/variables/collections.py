"""The collections that variables stand in, and initializing them: `tf.global_variables`, `tf.variables_initializer`,
..."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.selection import boolean_mask
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.variables.variable import is_variable_initialized


def global_variables(scope: str | None = None) -> list[Any]:
    """Returns the variables that checkpoints hold: `GraphKeys.GLOBAL_VARIABLES`.

    Args:
      scope: If given, only variables whose name this regular expression matches from the start.

    >>> v = tf.Variable(1.0, name="v")
    >>> tf.global_variables() == [v]
    True
    """
    return stacks.get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def all_variables() -> list[Any]:
    """Returns the global variables: the former name of `tf.global_variables`."""
    return global_variables()


def local_variables(scope: str | None = None) -> list[Any]:
    """Returns the variables that live for one process only: `GraphKeys.LOCAL_VARIABLES`."""
    return stacks.get_default_graph().get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Any]:
    """Returns the variables that belong to a model for inference: `GraphKeys.MODEL_VARIABLES`."""
    return stacks.get_default_graph().get_collection(GraphKeys.MODEL_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Any]:
    """Returns the variables that optimizers train by default: `GraphKeys.TRAINABLE_VARIABLES`."""
    return stacks.get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def moving_average_variables(scope: str | None = None) -> list[Any]:
    """Returns the variables that have moving averages: `GraphKeys.MOVING_AVERAGE_VARIABLES`."""
    return stacks.get_default_graph().get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


def variables_initializer(var_list: Sequence[Any] | None, name: str = "init") -> Operation:
    """Returns a node that gives each variable of `var_list` its initial value.

    Args:
      var_list: Variables.
      name: Node name.

    >>> v = tf.Variable([1.0, 2.0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.variables_initializer([v]))
    ...     print(sess.run(v).tolist())
    [1.0, 2.0]
    """
    if var_list:
        return group(*[v.initializer for v in var_list], name=name)
    return apply_op("NoOp", name=name)


def initialize_variables(var_list: Sequence[Any] | None, name: str = "init") -> Operation:
    """Returns a node that initializes variables: the former name of `tf.variables_initializer`."""
    return variables_initializer(var_list, name=name)


def global_variables_initializer() -> Operation:
    """Returns a node that gives all global variables their initial values.

    >>> v = tf.get_variable("v", [2], initializer=tf.zeros_initializer)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     print(v.eval().tolist())
    [0.0, 0.0]
    """
    return variables_initializer(global_variables())


def initialize_all_variables() -> Operation:
    """Returns a node that initializes all global variables: the former name of `tf.global_variables_initializer`."""
    return global_variables_initializer()


def local_variables_initializer() -> Operation:
    """Returns a node that gives all local variables their initial values."""
    return variables_initializer(local_variables())


def initialize_local_variables() -> Operation:
    """Returns a node that initializes all local variables: the former name of `tf.local_variables_initializer`."""
    return local_variables_initializer()


def report_uninitialized_variables(
    var_list: Sequence[Any] | None = None, name: str = "report_uninitialized_variables"
) -> Tensor:
    """Returns a 1-D string tensor with the names of the variables that have no value.

    Args:
      var_list: Variables to look at; by default all global and local ones.
      name: Name scope.

    >>> v = tf.Variable(1.0, name="v")
    >>> tf.Session().run(tf.report_uninitialized_variables()).tolist()
    [b'v']
    """
    if var_list is None:
        var_list = global_variables() + local_variables()
        if not var_list:
            types = {"Variable", "VariableV2", "AutoReloadVariable"}
            var_list = [op.outputs[0] for op in stacks.get_default_graph().get_operations() if op.type in types]
    graph = stacks.get_default_graph()
    with graph.name_scope(name):
        checks = [is_variable_initialized(v) for v in var_list]
        return _names_of_uninitialized(graph, var_list, checks)


def _names_of_uninitialized(graph: Graph, var_list: Sequence[Any], checks: list[Tensor]) -> Tensor:
    with graph.device("/cpu:0"):
        if not checks:
            return convert_to_tensor(np.array([], dtype=object), dtype="string", name="Const")
        mask = apply_op("LogicalNot", apply_op("Pack", checks, name="stack"))
        names = np.array([v.op.name.encode() for v in var_list], dtype=object)
        return boolean_mask(convert_to_tensor(names, dtype="string", name="Const"), mask)


def assert_variables_initialized(var_list: Sequence[Any] | None = None) -> Tensor | None:
    """Returns a tensor that fails with FailedPreconditionError unless all variables have values.

    Args:
      var_list: Variables; by default all global and local ones.
    """
    if var_list is None:
        var_list = global_variables() + local_variables()
    if not var_list:
        return None
    ranks = [apply_op("Rank", v._ref()) for v in var_list]
    return ranks[0] if len(ranks) == 1 else apply_op("Pack", ranks, name="stack")
