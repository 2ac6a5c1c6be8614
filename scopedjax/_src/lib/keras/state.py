"""What Keras knows beside the graph: learning phase, session, settings, which layer made which tensor.

    graph -> GraphState        learning phase, variables of layers, history of tensors
    process -> settings        floatx, epsilon, image data format; the session of `set_session`

`get_session()` gives the default session where one is open on the graph, else one of Keras' own, and starts in it
those variables of layers that have no value yet; so a script can run its own initializer or leave it to Keras.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.graph import stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.array.identity import placeholder, placeholder_with_default
from scopedjax._src.runtime.session import Session


@dataclass
class GraphState:
    """What Keras knows of one graph."""

    learning_phase: Any = None
    variables: list[Any] = field(default_factory=list)
    history: dict[Tensor, tuple[Any, int]] = field(default_factory=dict)  # tensor -> (call, place in its outputs)
    masks: dict[Tensor, Tensor] = field(default_factory=dict)
    measured: dict[Tensor, Any] = field(default_factory=dict)  # result -> the metric that was called
    uids: dict[str, int] = field(default_factory=dict)
    feeds: dict[str, tuple[Tensor, Any]] = field(default_factory=dict)  # variable -> (placeholder, assignment)


@dataclass
class _Settings:
    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"
    session: Any = None
    manual_initialization: bool = False
    started: weakref.WeakKeyDictionary[Any, set[str]] = field(default_factory=weakref.WeakKeyDictionary)


SETTINGS = _Settings()


def state_of(graph: Graph | None = None) -> GraphState:
    """Returns the state of a graph, by default the default one."""
    graph = stacks.get_default_graph() if graph is None else graph
    known: GraphState = graph.__dict__.setdefault("_keras_state", GraphState())
    return known


# ------------------------------------------------------------------------------------------------------- settings


def floatx() -> str:
    """Returns the dtype of floats that are not told theirs.

    >>> tf.keras.backend.floatx()
    'float32'
    """
    return SETTINGS.floatx


def set_floatx(value: str) -> None:
    """Sets the dtype of floats that are not told theirs: "float16", "float32" or "float64".

    Raises:
      ValueError: another.

    >>> tf.keras.backend.set_floatx("float32")
    """
    if value not in ("float16", "float32", "float64"):
        raise ValueError(f"Unknown floatx type: {value}")
    SETTINGS.floatx = str(value)


def epsilon() -> float:
    """Returns the small number that keeps divisions and logarithms finite.

    >>> tf.keras.backend.epsilon()
    1e-07
    """
    return SETTINGS.epsilon


def set_epsilon(value: float) -> None:
    """Sets the small number that keeps divisions and logarithms finite.

    >>> tf.keras.backend.set_epsilon(1e-7)
    """
    SETTINGS.epsilon = value


def image_data_format() -> str:
    """Returns "channels_last" or "channels_first", what layers assume that are not told.

    >>> tf.keras.backend.image_data_format()
    'channels_last'
    """
    return SETTINGS.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Sets what layers assume: "channels_last" or "channels_first".

    Raises:
      ValueError: another.

    >>> tf.keras.backend.set_image_data_format("channels_last")
    """
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(f"Unknown data_format: {data_format}")
    SETTINGS.image_data_format = str(data_format)


def manual_variable_initialization(value: bool) -> None:
    """Says whether the program starts all variables itself, so that `get_session` does not.

    >>> tf.keras.backend.manual_variable_initialization(False)
    """
    SETTINGS.manual_initialization = value


# ------------------------------------------------------------------------------------------------- learning phase


def learning_phase() -> Any:
    """Returns whether layers like dropout train: a bool scalar that can be fed (False), or what was set.

    >>> tf.keras.backend.learning_phase().op.type
    'PlaceholderWithDefault'
    """
    graph = stacks.get_default_graph()
    state = state_of(graph)
    if state.learning_phase is None:
        with graph.outermost():
            state.learning_phase = placeholder_with_default(False, [], name="keras_learning_phase")
    return state.learning_phase


def set_learning_phase(value: Any) -> None:
    """Fixes the learning phase of the default graph, for layers that are called from now on.

    Args:
      value: 0 (not training) or 1 (training).

    Raises:
      ValueError: another.

    >>> tf.keras.backend.set_learning_phase(1)
    >>> tf.keras.backend.learning_phase()
    1
    """
    if value not in (0, 1):
        raise ValueError("Expected learning phase to be 0 or 1.")
    state_of().learning_phase = int(value)


# -------------------------------------------------------------------------------------------------------- session


def get_session(op_input_list: Any = ()) -> Any:
    """Returns the session of Keras, with the variables of its layers started.

    Args:
      op_input_list: Tensors whose graph to look at first.

    >>> w = tf.keras.layers.Dense(2)
    >>> y = w(tf.ones([1, 3]))
    >>> tf.keras.backend.get_session().run(w.bias).tolist()
    [0.0, 0.0]
    """
    tensors = op_input_list if isinstance(op_input_list, (list, tuple)) else [op_input_list]
    graph = tensors[0].graph if tensors else stacks.get_default_graph()
    session = stacks.get_default_session()
    if session is None or session.graph is not graph:
        session = SETTINGS.session
        if session is None or session.graph is not graph:
            session = SETTINGS.session = Session(graph=graph)
    if not SETTINGS.manual_initialization:
        _start(session, graph)
    return session


def set_session(session: Any) -> None:
    """Makes Keras use a session.

    >>> sess = tf.Session()
    >>> tf.keras.backend.set_session(sess)
    >>> tf.keras.backend.get_session() is sess
    True
    """
    SETTINGS.session = session


def _start(session: Any, graph: Graph) -> None:
    """Starts the variables of layers that have no value in the session."""
    started = SETTINGS.started.setdefault(session, set())
    fresh = [v for v in state_of(graph).variables if v.op.name not in started]
    if not fresh:
        return
    known = session.run([v._is_initialized_op for v in fresh])
    session.run([v.initializer for v, is_known in zip(fresh, known, strict=True) if not is_known])
    started.update(v.op.name for v in fresh)


def clear_session() -> None:
    """Forgets the session and the default graph; layers are named from the start again."""
    SETTINGS.session = None
    stacks.reset_default_graph()


def get_uid(prefix: str = "") -> int:
    """Returns 1, 2, ... for a prefix, counted in the default graph.

    >>> tf.keras.backend.get_uid("my"), tf.keras.backend.get_uid("my")
    (1, 2)
    """
    uids = state_of().uids
    uids[prefix] = uids.get(prefix, 0) + 1
    return uids[prefix]


def reset_uids() -> None:
    """Starts counting anew.

    >>> tf.keras.backend.reset_uids()
    """
    state_of().uids.clear()


# ---------------------------------------------------------------------------------------------------------- values


def get_value(x: Any) -> Any:
    """Returns the value of a variable as NumPy.

    >>> tf.keras.backend.get_value(tf.keras.backend.variable([1.0, 2.0])).tolist()
    [1.0, 2.0]
    """
    return get_session([x]).run(x) if hasattr(x, "graph") else x


def batch_get_value(tensors: Any) -> list[Any]:
    """Returns the values of variables as NumPy.

    >>> tf.keras.backend.batch_get_value([tf.keras.backend.variable(1.0)])
    [np.float32(1.0)]
    """
    return get_session(tensors).run(list(tensors)) if tensors else []


def set_value(x: Any, value: Any) -> None:
    """Gives a variable a value.

    Args:
      x: Variable.
      value: Array of its shape.

    >>> v = tf.keras.backend.variable(1.0)
    >>> tf.keras.backend.set_value(v, 5.0)
    >>> tf.keras.backend.get_value(v)
    np.float32(5.0)
    """
    batch_set_value([(x, value)])


def batch_set_value(tuples: Any) -> None:
    """Gives variables values.

    Args:
      tuples: [(variable, array), ...].

    >>> v = tf.keras.backend.variable(1.0)
    >>> tf.keras.backend.batch_set_value([(v, 5.0)])
    """
    pairs = list(tuples)
    if not pairs:
        return
    feeds, assignments = {}, []
    for variable, value in pairs:
        array = np.asarray(value, dtype=as_dtype(variable.dtype.base_dtype).as_numpy_dtype)
        fed, assignment = _assignment(variable)
        assignments.append(assignment)
        feeds[fed] = array
    get_session([pairs[0][0]]).run(assignments, feed_dict=feeds)


def _assignment(variable: Any) -> tuple[Tensor, Any]:
    """A placeholder and the assignment from it, recorded once a variable."""
    known = state_of(variable.graph).feeds
    if variable.op.name not in known:
        with variable.graph.as_default(), variable.graph.outermost():
            fed = placeholder(variable.dtype.base_dtype, variable.get_shape())
            known[variable.op.name] = fed, variable.assign(fed).op
    return known[variable.op.name]
