"""The global step: the variable that counts training steps, by convention called 'global_step'."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.dtypes import int64
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.variables.initializers import zeros_initializer
from scopedjax._src.variables.scope import get_variable
from scopedjax._src.variables.variable import Variable


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """Returns the value of the global step in a session.

    Args:
      sess: The session.
      global_step_tensor: The variable, its tensor, or its name.

    >>> step = tf.train.create_global_step()
    >>> with tf.Session() as sess:
    ...     sess.run(step.initializer)
    ...     print(tf.train.global_step(sess, step))
    0
    """
    return int(sess.run(global_step_tensor))


def get_global_step(graph: Graph | None = None) -> Any:
    """Returns the global step of a graph, or None where it has none.

    Args:
      graph: Graph; the default one if not given.

    Raises:
      TypeError: what is called global step is not an integer scalar.
    """
    graph = graph or stacks.get_default_graph()
    found = graph.get_collection(GraphKeys.GLOBAL_STEP)
    step: Any
    if len(found) == 1:
        step = found[0]
    elif not found:
        try:
            step = graph.get_tensor_by_name("global_step:0")
        except KeyError:
            return None
    else:
        return None
    assert_global_step(step)
    return step


def create_global_step(graph: Graph | None = None) -> Variable:
    """Makes the global step of a graph: an int64 scalar variable that is not trained.

    Args:
      graph: Graph; the default one if not given.

    Raises:
      ValueError: there is one already.
    """
    graph = graph or stacks.get_default_graph()
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with graph.as_default(), graph.name_scope(None):
        return get_variable(
            GraphKeys.GLOBAL_STEP,
            shape=[],
            dtype=int64,
            initializer=zeros_initializer(),
            trainable=False,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
        )


def get_or_create_global_step(graph: Graph | None = None) -> Any:
    """Returns the global step of a graph, made now where there is none.

    Args:
      graph: Graph; the default one if not given.

    >>> tf.train.get_or_create_global_step().name
    'global_step:0'
    """
    graph = graph or stacks.get_default_graph()
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


def assert_global_step(global_step_tensor: Any) -> None:
    """Raises TypeError unless the argument is an integer scalar.

    Args:
      global_step_tensor: Variable or tensor.
    """
    if not isinstance(global_step_tensor, (Variable, Tensor)) and not hasattr(global_step_tensor, "_as_graph_element"):
        raise TypeError(f'Existing "global_step" must be a Variable or Tensor: {global_step_tensor}.')
    if not global_step_tensor.dtype.base_dtype.is_integer:
        raise TypeError(f'Existing "global_step" does not have integer type: {global_step_tensor.dtype}')
    dims = global_step_tensor.get_shape().dims
    if dims is not None and len(dims) != 0:
        raise TypeError(f'Existing "global_step" is not scalar: {global_step_tensor.get_shape()}')
