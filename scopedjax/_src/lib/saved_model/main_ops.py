"""Nodes that a SavedModel runs when it is loaded: `tf.saved_model.main_op`."""

from __future__ import annotations

from typing import Any

from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.lib.lookup.initializers import tables_initializer
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.variables.collections import global_variables_initializer, local_variables_initializer


def main_op() -> Operation:
    """Records a node that initializes variables, local variables and tables.

    Returns:
      The node, for `add_meta_graph_and_variables(main_op=...)`. It is run after the values were restored: variables get
      their initial values.

    >>> tf.saved_model.main_op.main_op().type
    'NoOp'
    """
    return group(global_variables_initializer(), local_variables_initializer(), tables_initializer())


def main_op_with_restore(restore_op_name: Any) -> Operation:
    """Records a node that does what `main_op` does, and then restores the variables.

    Args:
      restore_op_name: The node that restores, or its name.

    Raises:
      KeyError: There is no such node.

    >>> restore = tf.no_op(name="restore_all")
    >>> tf.saved_model.main_op_with_restore(restore).type
    'NoOp'
    """
    graph = stacks.get_default_graph()
    restore = graph.as_graph_element(restore_op_name)
    with graph.control_dependencies([main_op()]):
        return group(restore)
