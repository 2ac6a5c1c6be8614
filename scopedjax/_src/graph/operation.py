"""`Operation`: one node of a graph, with TensorFlow's own op type, attributes and inputs."""

from __future__ import annotations

import traceback as _traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph.site import Site
from scopedjax._src.graph.tensor import Tensor

if TYPE_CHECKING:
    from scopedjax._src.graph.contexts import ControlFlowContext
    from scopedjax._src.graph.graph import Graph


class Operation:
    """A node: a type, a name, inputs, control inputs, attributes, outputs.

    `record` belongs to the floor above (how the type is computed); the graph only carries it.
    """

    __slots__ = (
        "__weakref__",
        "_attrs",
        "_colocation",
        "_control_inputs",
        "_extra",
        "_id",
        "_inputs",
        "_outputs",
        "context",
        "device",
        "graph",
        "name",
        "record",
        "site",
        "type",
    )

    def __init__(
        self,
        graph: Graph,
        op_id: int,
        type: str,
        name: str,
        inputs: tuple[Tensor, ...],
        control_inputs: list[Operation],
        output_types: Sequence[DType],
        output_dims: Sequence[Dims],
        attrs: dict[str, Any],
        record: Any,
        site: Site,
    ) -> None:
        self.graph = graph
        self._id = op_id
        self.type = type
        self.name = name
        self._inputs = inputs
        self._control_inputs = control_inputs
        self._attrs = attrs
        self.record = record
        self.site = site
        self.device = ""
        self._colocation: tuple[str, ...] = ()
        self.context: ControlFlowContext | None = None
        self._extra: dict[str, Any] | None = None
        self._outputs = [Tensor(self, i, t, d) for i, (t, d) in enumerate(zip(output_types, output_dims, strict=True))]

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The data inputs."""
        return self._inputs

    @property
    def outputs(self) -> list[Tensor]:
        """The results."""
        return self._outputs

    @property
    def control_inputs(self) -> list[Operation]:
        """The nodes that must run before this one."""
        return list(self._control_inputs)

    def values(self) -> tuple[Tensor, ...]:
        """Returns the results as a tuple."""
        return tuple(self._outputs)

    @property
    def attrs(self) -> dict[str, Any]:
        """The attributes in canonical Python form (`DType`, dims tuple, `str`, ndarray, ...)."""
        return self._attrs

    def get_attr(self, name: str) -> Any:
        """Returns the value of an attribute as TF1 gives it.

        Raises:
          ValueError: the node has no such attribute.
        """
        from scopedjax._src.graph.attributes import attribute_kind, public_value

        if name == "_class" and self._colocation:
            return self.colocation_groups()
        if name not in self._attrs:
            raise ValueError(
                f"Operation '{self.name}' has no attr named '{name}'. It has: "
                f"{', '.join(sorted(self._attrs)) or 'none'}."
            )
        return public_value(self._attrs[name], attribute_kind(self, name))

    def _set_attr(self, name: str, value: Any) -> None:
        """Sets an attribute; `value` is an AttrValue proto or a value in canonical form."""
        from scopedjax._src.graph.attributes import attribute_kind, from_attr_value, is_attr_value

        if is_attr_value(value):
            value = from_attr_value(value, attribute_kind(self, name), f"attribute '{name}' of '{self.name}'")
        self._attrs[name] = value
        self.graph.mutated()

    @property
    def node_def(self) -> Any:
        """The NodeDef protocol buffer of this node."""
        from scopedjax._src.graph.attributes import node_def

        return node_def(self)

    @property
    def op_def(self) -> Any:
        """The OpDef protocol buffer of this node's type, or None for a type that this build does not know."""
        return self.record.op_def() if self.record is not None else None

    @property
    def traceback(self) -> _traceback.StackSummary:
        """The user's line that made this node, as a stack summary of one frame."""
        site = self.site
        return _traceback.StackSummary.from_list([(site.filename, site.lineno, site.function, None)])

    def colocation_groups(self) -> list[bytes]:
        """Returns the groups of nodes that share a device with this one; recorded, without effect."""
        own = f"loc:@{self.name}"
        return [group.encode() for group in self._colocation] or [own.encode()]

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Runs this node in `session` (default: the default session)."""
        self.graph.session_for("run", session, what="execute operation").run(self, feed_dict)

    def _add_control_input(self, op: Operation) -> None:
        self._add_control_inputs([op])

    def _add_control_inputs(self, ops: Sequence[Operation]) -> None:
        for op in ops:
            if not isinstance(op, Operation):
                raise TypeError(f"op must be an Operation: {op!r}")
            if op not in self._control_inputs:
                self._control_inputs.append(op)
        self.graph.mutated()

    def _remove_all_control_inputs(self) -> None:
        self._control_inputs.clear()
        self.graph.mutated()

    def _update_input(self, index: int, tensor: Tensor) -> None:
        if tensor.graph is not self.graph:
            raise ValueError(f"Tensor {tensor!r} is not from the graph of '{self.name}'.")
        inputs = list(self._inputs)
        inputs[index] = tensor
        self._inputs = tuple(inputs)
        self.graph.mutated()

    def _set_device(self, device: Any) -> None:
        self.device = str(device) if device is not None else ""

    def _get_control_flow_context(self) -> ControlFlowContext | None:
        return self.context

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.type}>"

    def __str__(self) -> str:
        return str(self.node_def)
