"""`ResourceVariable`: a variable that is read and written by nodes of its own, as `use_resource=True` asks for.

    v = tf.get_variable("v", [3], use_resource=True)

    v                                   VarHandleOp          owns the storage; 'v:0' is a handle
    v/IsInitialized/VarIsInitializedOp
    v/Assign                            AssignVariableOp     v.initializer
    v/Read/ReadVariableOp               ReadVariableOp       what a fetch of v and a Saver read

Each use of `v` in an expression records a `ReadVariableOp` where the expression stands, so control dependencies and
branches say exactly which value it sees. An assignment has no output; what `v.assign(x)` returns reads the variable
anew, after that assignment, when it is used.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import TensorShape, to_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.variables.initial_value import guarded
from scopedjax._src.variables.spec import VariableSpec
from scopedjax._src.variables.variable import Variable


class ResourceVariable(Variable):
    """A variable whose reads and writes are nodes of their own; args as for `tf.Variable`.

    >>> v = tf.Variable([1.0, 2.0], use_resource=True, name="v")
    >>> step = v.assign_add([1.0, 1.0])
    >>> with tf.Session() as sess:
    ...     sess.run(v.initializer)
    ...     print(v.op.type, sess.run(step).tolist())
    VarHandleOp [2.0, 3.0]
    """

    # Making ----------------------------------------------------------------------------------------------------------

    def _record_nodes(self, graph: Graph, scope: str, spec: VariableSpec) -> None:
        true_name = scope[:-1]
        dtype = None if spec.dtype is None else as_dtype(spec.dtype).base_dtype
        initial = spec.initial_value
        from_function = callable(initial)
        with graph.name_scope("Initializer"), graph.device(None):
            value = convert_to_tensor(initial() if from_function else initial, dtype=dtype, name="initial_value")
        self._initial_value = value
        self._stored_dims = self._dims_of(spec, value)
        self._stored_dtype = value.dtype.base_dtype
        self._storage = apply_op(
            "VarHandleOp", shape=TensorShape(self._stored_dims), dtype=self._stored_dtype, shared_name=true_name,
            container=graph.scopes.container, name=scope,
        )  # fmt: skip
        with graph.name_scope("IsInitialized"):
            self._is_initialized_op: Tensor = apply_op("VarIsInitializedOp", self._storage)
        value = value if from_function else guarded(value, true_name)
        with graph.colocate_with(None, ignore_existing=True), graph.device(self._storage.device):
            self._initializer_op = apply_op("AssignVariableOp", self._storage, value, name="Assign")
        with graph.name_scope("Read"):
            self._snapshot = self._read()

    def _dims_of(self, spec: VariableSpec, initial: Tensor) -> Any:
        dims = to_dims(spec.shape) if spec.shape is not None else initial._dims
        if not spec.validate_shape:
            return None if spec.shape is None else dims
        if dims is None or None in dims:
            raise ValueError(f"initial_value must have a shape specified: {initial}")
        return dims

    def _restore(self, spec: VariableSpec) -> None:
        super()._restore(spec)
        self._stored_dims = self._storage.op.attrs["shape"]
        self._stored_dtype = self._storage.op.attrs["dtype"]

    # Describing ------------------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> DType:
        """The dtype of the value."""
        return self._stored_dtype

    @property
    def shape(self) -> TensorShape:
        """The static shape of the value."""
        return TensorShape(self._stored_dims)

    def get_shape(self) -> TensorShape:
        """Returns the static shape of the value."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Adds what the caller knows about the static shape."""
        self._stored_dims = self.shape.merge_with(shape)._dims

    def _as_graph_element(self) -> Tensor:
        return self._snapshot

    def _as_control_input(self) -> Operation:
        """What waits for the variable waits for its handle: that reads nothing."""
        return self.op

    # Reading ---------------------------------------------------------------------------------------------------------

    def _read(self) -> Tensor:
        return apply_op("ReadVariableOp", self._storage, dtype=self._stored_dtype)

    def value(self) -> Tensor:
        """Returns a new node that reads the value where it stands."""
        with stacks.recording_graph(self._graph).colocate_with(None, ignore_existing=True):
            return self._read()

    def read_value(self) -> Tensor:
        """Returns a new node that reads the value, under the control dependencies that are open now."""
        with stacks.recording_graph(self._graph).name_scope("Read"):
            value = self._read()
        return apply_op("Identity", value)

    def eval(self, session: Any = None) -> Any:
        """Returns the value in `session` (default: the default session) as NumPy."""
        return self._snapshot.eval(session=session)

    def sparse_read(self, indices: Any, name: str | None = None) -> Tensor:
        """Returns the rows `indices`, without reading the others."""
        with stacks.recording_graph(self._graph).name_scope("Gather" if name is None else name) as scope:
            return apply_op("ResourceGather", self._storage, indices, dtype=self._stored_dtype, name=scope)

    def gather_nd(self, indices: Any, name: str | None = None) -> Tensor:
        """Returns the slices that `indices` names."""
        with stacks.recording_graph(self._graph).name_scope("GatherNd" if name is None else name) as scope:
            value = apply_op("ResourceGatherNd", self._storage, indices, dtype=self._stored_dtype, name=scope)
        return apply_op("Identity", value)

    def is_initialized(self, name: str | None = None) -> Tensor:
        """Returns a bool scalar: whether the variable has a value."""
        return apply_op("VarIsInitializedOp", self._storage, name=name)

    # Assigning -------------------------------------------------------------------------------------------------------

    def _updated(self, op: Operation, read_value: bool = True) -> Any:
        return UnreadVariable(self, op) if read_value else op

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Returns the variable as it is after it has got a new value (the node, if not `read_value`)."""
        tensor = convert_to_tensor(value, dtype=self._stored_dtype)
        if not self.shape.is_compatible_with(tensor.shape):
            raise ValueError(
                f"Cannot assign value to variable ' {self.name}': Shape mismatch.The variable shape {self.shape}, and "
                f"the assigned value shape {tensor.shape} are incompatible."
            )
        return self._updated(apply_op("AssignVariableOp", self._storage, tensor, name=name), read_value)

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Returns the variable as it is after `delta` was added (the node, if not `read_value`)."""
        tensor = convert_to_tensor(delta, dtype=self._stored_dtype)
        return self._updated(apply_op("AssignAddVariableOp", self._storage, tensor, name=name), read_value)

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Returns the variable as it is after `delta` was subtracted (the node, if not `read_value`)."""
        tensor = convert_to_tensor(delta, dtype=self._stored_dtype)
        return self._updated(apply_op("AssignSubVariableOp", self._storage, tensor, name=name), read_value)

    def _scatter(self, op_type: str, delta: Any, use_locking: bool, name: str | None) -> Any:
        if not isinstance(delta, IndexedSlices):
            raise TypeError(f"sparse_delta is not IndexedSlices: {delta}")
        return self._scattered(op_type, delta.indices, delta.values, name)

    def _scattered(self, op_type: str, indices: Any, updates: Any, name: str | None) -> Any:
        """Records `Resource` + `op_type`, a scatter of rows or of slices."""
        updates = convert_to_tensor(updates, dtype=self._stored_dtype)
        return self._updated(apply_op(f"Resource{op_type}", self._storage, indices, updates, name=name))

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Adds `updates` at the places that `indices` names."""
        return self._scattered("ScatterNdAdd", indices, updates, name)

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Subtracts `updates` at the places that `indices` names."""
        return self._scattered("ScatterNdSub", indices, updates, name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Assigns `updates` at the places that `indices` names."""
        return self._scattered("ScatterNdUpdate", indices, updates, name)

    def scatter_nd_max(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Takes the maximum of the values and `updates` at the places that `indices` names."""
        return self._scattered("ScatterNdMax", indices, updates, name)

    def scatter_nd_min(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Takes the minimum of the values and `updates` at the places that `indices` names."""
        return self._scattered("ScatterNdMin", indices, updates, name)

    def count_up_to(self, limit: int) -> Tensor:
        """Increments a scalar until it is `limit`; see `tf.count_up_to`."""
        return apply_op("ResourceCountUpTo", self._storage, limit=limit, T=self._stored_dtype)

    def _assign_slice(self, bounds: Any, value: Any, masks: dict[str, Any], name: str) -> Any:
        tensor = convert_to_tensor(value, dtype=self._stored_dtype)
        return self._updated(apply_op("ResourceStridedSliceAssign", self._storage, *bounds, tensor, name=name, **masks))


class UnreadVariable(ResourceVariable):
    """A variable right after an assignment: whatever reads it through this object waits for that assignment."""

    def __init__(self, variable: ResourceVariable, parent: Operation) -> None:
        vars(self).update(vars(variable))
        self._parent = parent
        with stacks.get_default_graph().control_dependencies([parent]):
            self._snapshot = variable._read()

    @property
    def name(self) -> str:
        """The name of the assignment's node."""
        return self._parent.name

    @property
    def op(self) -> Operation:
        """The assignment."""
        return self._parent

    def _read(self) -> Tensor:
        with stacks.recording_graph(self._graph).control_dependencies([self._parent]):
            return super()._read()

    def _as_control_input(self) -> Operation:
        return self._parent
