"""`GradientTape` for graphs: which nodes a block recorded, and the derivatives along these alone.

    with tf.GradientTape() as tape:      nodes 7 ... 12 are the block's
        tape.watch(x)
        y = x * x                        node 8 takes x, which is watched: it is on the tape, and so is what takes y
    tape.gradient(y, x)                  tf.gradients along the nodes of the tape; the others are constants to it

TensorFlow keeps such a list while the block runs. A graph remembers its nodes, so here the tape keeps the numbers of
the first and last node, and finds the list when a derivative is asked for: a node is on the tape when it takes
something that was watched before it was made, or the result of a node on the tape.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scopedjax._src.base import nest
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.gradient_options import UnconnectedGradients
from scopedjax._src.lower.gradients import gradients
from scopedjax._src.ops.array.filling import zeros_like

_COLLECTIONS = (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES)


class GradientTape:
    """Notes the nodes that a block records, for derivatives along them.

    Variables made with `trainable=True` are watched by themselves.

    Args:
      persistent: Whether more than one call of `gradient` is allowed.
      watch_accessed_variables: Whether trainable variables are watched without being named.

    >>> x = tf.constant(3.0)
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = x * x
    >>> tf.Session().run(tape.gradient(y, x)).item()
    6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._watch_accessed = watch_accessed_variables
        self._spans: list[list[int | None]] = []  # [first node, node after the last or None]
        self._watched: dict[Tensor, int] = {}
        self._graph: Graph | None = None
        self._recording = False
        self._used = False

    def __enter__(self) -> GradientTape:
        self._start()
        return self

    def __exit__(self, *error: Any) -> None:
        if self._recording:
            self._stop()

    def _start(self) -> None:
        if self._recording:
            raise ValueError("Tape is still recording, This can happen if you try to re-enter an already-active tape.")
        self._graph = stacks.get_default_graph()
        self._spans.append([self._graph.version, None])
        self._recording = True

    def _stop(self) -> None:
        if not self._recording or self._graph is None:
            raise ValueError("Tape is not recording.")
        self._spans[-1][1] = self._graph.version
        self._recording = False

    def watch(self, tensor: Any) -> None:
        """Makes derivatives with respect to something possible.

        Args:
          tensor: Tensor, variable, or nest of them.

        Raises:
          ValueError: it is neither.
        """
        for item in nest.flatten(tensor):
            part = item if isinstance(item, Tensor) else getattr(item, "handle", getattr(item, "_ref", lambda: None))
            part = part() if callable(part) else part
            if not isinstance(part, Tensor):
                raise ValueError(
                    f"Passed in object {item} of type {type(item).__name__!r}, not tf.Tensor or tf.Variable or "
                    "ExtensionType."
                )
            self._watched.setdefault(part, part.op.graph.version)

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Keeps what the block records off the tape.

        Raises:
          ValueError: the tape is not recording.
        """
        self._stop()
        try:
            yield
        finally:
            self._start()

    def reset(self) -> None:
        """Forgets what was recorded and watched."""
        recording = self._recording
        self._spans, self._watched, self._recording = [], {}, False
        if recording:
            self._start()

    def watched_variables(self) -> tuple[Any, ...]:
        """Returns the variables whose values the tape's nodes took, or that were named."""
        nodes = self._nodes()
        taken = {t for op in nodes for t in op.inputs} | set(self._watched)
        return tuple(v for v in _variables(self._graph) if any(t in taken for t in _tensors(v)))

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
    ) -> Any:
        """Returns the derivatives of the sum of `target` along the nodes of the tape.

        Args:
          target: Tensor, or nest of tensors.
          sources: Tensor or variable, or nest of them.
          output_gradients: For each target, the derivative that comes from outside; ones by default.
          unconnected_gradients: Whether a source that `target` does not depend on gives None or zeros.

        Returns:
          Tensors (or None) in the structure of `sources`.

        Raises:
          RuntimeError: a second call, and the tape is not persistent.
        """
        if self._used and not self._persistent:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
            )
        if self._recording and not self._persistent:
            self._stop()
        self._used = True
        wanted = UnconnectedGradients(unconnected_gradients)
        flat, ys = nest.flatten(sources), nest.flatten(target)
        outer = None if output_gradients is None else nest.flatten(output_gradients)
        found = self._derivatives(ys, flat, outer)
        if wanted == UnconnectedGradients.ZERO:
            found = [zeros_like(x) if g is None else g for g, x in zip(found, flat, strict=True)]
        return nest.pack_sequence_as(sources, found)

    def _derivatives(self, ys: list[Any], xs: list[Any], outer: list[Any] | None) -> list[Any]:
        nodes = set(self._nodes())
        known = {t for op in nodes for t in op.outputs}
        reached = known | set(self._tracked()) | set(ys)
        connected = [x for x in xs if any(t in reached for t in _tensors(x))]
        pairs = [(y, None if outer is None else outer[i]) for i, y in enumerate(ys) if y in known or y in connected]
        if not pairs or not connected:
            return [None] * len(xs)
        constants = {t for op in nodes for t in op.inputs if t not in known}
        grad_ys = None if outer is None else [g for _, g in pairs]
        found = iter(gradients([y for y, _ in pairs], connected, grad_ys, stop_gradients=list(constants)))
        return [next(found) if any(x is c for c in connected) else None for x in xs]

    def _tracked(self) -> dict[Tensor, int]:
        """What was watched, with the number of the first node that may take it."""
        tracked = dict(self._watched)
        if self._watch_accessed:
            for variable in _variables(self._graph):
                if getattr(variable, "trainable", True):
                    tracked.update({t: 0 for t in _tensors(variable)})
        return tracked

    def _nodes(self) -> list[Operation]:
        """The nodes on the tape, in their order; the node that reads a watched variable counts as one."""
        if self._graph is None:
            return []
        tracked, carried, found = self._tracked(), set[Tensor](), list[Operation]()
        for op in self._graph.get_operations():
            within = any(a <= op._id and (b is None or op._id < b) for a, b in self._spans if a is not None)
            reads = op.type == "Identity" and op.inputs[0].op.type in ("Variable", "VariableV2")
            if not within and not (reads and op.inputs[0] in tracked):
                continue
            if any(t in carried or tracked.get(t, op._id + 1) <= op._id for t in op.inputs):
                found.append(op)
                carried.update(op.outputs)
        return found


def _variables(graph: Graph | None) -> list[Any]:
    if graph is None:
        return []
    return list(dict.fromkeys(v for key in _COLLECTIONS for v in graph.get_collection(key)))


def _tensors(value: Any) -> list[Tensor]:
    """The tensors that stand for a source: itself, or the handle or reference of a variable."""
    if isinstance(value, Tensor):
        return [value]
    handle = getattr(value, "handle", None)
    reference = None if handle is not None else getattr(value, "_ref", None)
    return [t for t in (handle, reference() if callable(reference) else reference) if isinstance(t, Tensor)]
