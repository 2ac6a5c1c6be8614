"""Functions that act on the default graph: `tf.name_scope`, `tf.control_dependencies`, `tf.get_collection`, ..."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.stacks import get_default_graph


class name_scope:
    """Opens a name scope of the default graph.

    Args:
      name: Name of the scope, or None to take `default_name`; a trailing "/" enters that very scope again.
      default_name: Name taken where `name` is None.
      values: Tensors that tell which graph is meant.

    Raises:
      TypeError: `name` is no string.
      ValueError: there is neither a name nor a default name, but values.

    >>> with tf.name_scope("layer") as scope:
    ...     c = tf.constant(1.0, name="c")
    >>> scope, c.name
    ('layer/', 'layer/c:0')
    """

    def __init__(self, name: str | None, default_name: str | None = None, values: Any = None) -> None:
        if not (default_name is None or isinstance(default_name, str)):
            raise TypeError(
                f"`default_name` type ({type(default_name)}) is not a string type. You likely meant to pass this into "
                "the `values` kwarg."
            )
        self._name = default_name if name is None else name
        self._values = values
        self._stacks: list[ExitStack] = []
        if self._name is None and values is not None:
            raise ValueError(f"At least one of name ({name}) and default_name ({default_name}) must be provided.")

    @property
    def name(self) -> str | None:
        """The name given."""
        return self._name

    def __enter__(self) -> str:
        stack = ExitStack()
        graph = graph_of_values(self._values)
        if graph is not get_default_graph():
            stack.enter_context(graph.as_default())
        scope = stack.enter_context(graph.name_scope(self._name))
        self._stacks.append(stack)
        return scope

    def __exit__(self, *error: Any) -> None:
        self._stacks.pop().__exit__(*error)


def graph_of_values(values: Any) -> Graph:
    """Returns the graph of the first value that has one, else the default graph."""
    if get_default_graph().building_function:
        return get_default_graph()
    for value in values or ():
        graph = getattr(value, "graph", None)
        if isinstance(graph, Graph):
            return graph
    return get_default_graph()


@contextmanager
def op_scope(values: Any, name: str | None, default_name: str | None = None) -> Iterator[str]:
    """Opens a name scope: the former form of `tf.name_scope`, with `values` first."""
    with name_scope(name, default_name, values) as scope:
        yield scope


def control_dependencies(control_inputs: Any) -> AbstractContextManager[None]:
    """Makes the nodes recorded in the block wait for `control_inputs`.

    Args:
      control_inputs: Nodes, tensors or variables; None forgets the blocks around it.

    >>> v = tf.Variable(0.0)
    >>> with tf.control_dependencies([v.assign(5.0)]):
    ...     after = tf.identity(v)
    >>> with tf.Session() as sess:
    ...     print(sess.run(after))
    5.0
    """
    return get_default_graph().control_dependencies(control_inputs)


def device(device_name_or_function: Any) -> AbstractContextManager[None]:
    """Records a device for the nodes of the block.

    The name is kept on the nodes; a session runs them on the device that its ConfigProto or JAX's defaults choose.

    Args:
      device_name_or_function: Name such as "/gpu:0", function of the node that returns one, or None.
    """
    return get_default_graph().device(device_name_or_function)


def colocate_with(op: Any, ignore_existing: bool = False) -> AbstractContextManager[None]:
    """Records that the nodes of the block belong on the device of `op`.

    Args:
      op: Node, tensor or variable.
      ignore_existing: Whether to forget the blocks around it.
    """
    return get_default_graph().colocate_with(op, ignore_existing)


def container(container_name: str) -> AbstractContextManager[str]:
    """Sets the resource container of the variables made in the block.

    Args:
      container_name: Name of the container.
    """
    return get_default_graph().container(container_name)


def add_to_collection(name: Any, value: Any) -> None:
    """Appends `value` to a collection of the default graph.

    Args:
      name: Key, mostly one of `tf.GraphKeys`.
      value: Anything.
    """
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names: Any, value: Any) -> None:
    """Appends `value` to several collections of the default graph.

    Args:
      names: Keys.
      value: Anything.
    """
    get_default_graph().add_to_collections(names, value)


def get_collection(key: Any, scope: str | None = None) -> list[Any]:
    """Returns a copy of a collection of the default graph.

    Args:
      key: Key, mostly one of `tf.GraphKeys`.
      scope: Regular expression that the names of the items must match from the start.

    >>> tf.add_to_collection("losses", tf.constant(1.0, name="l2"))
    >>> [t.name for t in tf.get_collection("losses")]
    ['l2:0']
    """
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: Any) -> list[Any]:
    """Returns a collection of the default graph itself: a list that may be changed.

    Args:
      key: Key, mostly one of `tf.GraphKeys`.
    """
    return get_default_graph().get_collection_ref(key)


def get_all_collection_keys() -> list[str]:
    """Returns the keys of the collections of the default graph."""
    return get_default_graph().get_all_collection_keys()
