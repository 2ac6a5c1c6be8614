"""`Variable`: a named place for a value that lasts from run to run.

    w = tf.Variable(tf.zeros([3]), name="w")

    w                 VariableV2     owns the storage; 'w:0' is a handle of dtype float32_ref
    w/Assign          Assign         w.initializer
    w/read            Identity       w.value(); what `w` stands for in an expression

A variable object adds to these nodes only what a graph does not hold: whether it is trained, its constraint, the
slice of a partitioned variable that it is. The value belongs to a session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.base.shapes import TensorShape, merge_dims, to_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Reference, Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.control_flow.cond import cond
from scopedjax._src.ops.convert import convert_to_tensor, register_tensor_conversion_function
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.variables.creation import class_for, create
from scopedjax._src.variables.initial_value import guarded
from scopedjax._src.variables.kinds import VariableAggregation, VariableSynchronization, is_trainable
from scopedjax._src.variables.save_slice import SaveSliceInfo
from scopedjax._src.variables.spec import VariableSpec


class _VariableMeta(type):
    """Sends `tf.Variable(...)` through the creators that `tf.variable_creator_scope` put up."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is not Variable:
            return super().__call__(*args, **kwargs)
        spec = VariableSpec(*args, **kwargs)
        if spec.variable_def is not None:
            return type.__call__(class_for(spec.variable_def.is_resource), **spec.keywords())
        return create(spec)


class Variable(metaclass=_VariableMeta):
    """A variable of a graph; it holds a value in each session.

    Args:
      initial_value: Tensor, or anything convertible, or a function without arguments that returns one.
      trainable: Whether optimizers train it by default: adds it to `GraphKeys.TRAINABLE_VARIABLES`. Default: True.
      collections: Collections to add it to; default `[GraphKeys.GLOBAL_VARIABLES]`.
      validate_shape: If False, `initial_value` may have an unknown shape, and values of other shapes may be assigned.
      caching_device: Accepted; XLA keeps values where they are used.
      name: Name; default "Variable", made unique.
      variable_def: VariableDef proto to recreate the object from, over nodes that the graph holds already.
      dtype: The dtype that `initial_value` is converted to.
      expected_shape: Accepted; deprecated in TF1.
      import_scope: Name scope in front of the names in `variable_def`.
      constraint: Function of the value, applied by optimizers after each update.
      use_resource: Whether to make a resource variable (see `ResourceVariable`); by default False, until
        `tf.enable_resource_variables()` changes it.
      synchronization: VariableSynchronization.
      aggregation: VariableAggregation.
      shape: Shape, where `initial_value` does not tell all of it.

    Raises:
      ValueError: there is no initial value, or its shape is not known.

    >>> w = tf.Variable([[1.0, 2.0]], name="w")
    >>> step = w.assign(w * 2.0)
    >>> with tf.Session() as sess:
    ...     _ = sess.run(tf.global_variables_initializer())
    ...     print(w.name, sess.run(step).tolist())
    w:0 [[2.0, 4.0]]
    """

    SaveSliceInfo: ClassVar[type[SaveSliceInfo]] = SaveSliceInfo
    __array_priority__: ClassVar[int] = 100

    if TYPE_CHECKING:  # installed by the loop below

        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __rand__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __ror__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __rxor__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __getitem__(self, key: Any) -> Tensor: ...

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: str | None = None,
        constraint: Any = None,
        use_resource: bool | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        shape: Any = None,
    ) -> None:
        spec = VariableSpec(
            initial_value, trainable, collections, validate_shape, caching_device, name, variable_def, dtype,
            expected_shape, import_scope, constraint, use_resource, synchronization, aggregation, shape,
        )  # fmt: skip
        self._save_slice_info: SaveSliceInfo | None = None
        self._initial_value: Tensor | None = None
        self._constraint = spec.constraint
        self._synchronization = spec.synchronization
        self._aggregation = spec.aggregation
        self._caching_device = spec.caching_device
        if spec.variable_def is not None:
            if spec.initial_value is not None:
                raise ValueError("variable_def and initial_value are mutually exclusive.")
            self._restore(spec)
        else:
            self._build(spec)

    # Making ----------------------------------------------------------------------------------------------------------

    def _build(self, spec: VariableSpec) -> None:
        if spec.initial_value is None:
            raise ValueError("initial_value must be specified.")
        collections = spec.collections
        if collections is None:
            collections = [GraphKeys.GLOBAL_VARIABLES]
        if not isinstance(collections, (list, tuple, set)):
            raise ValueError(
                "collections argument to Variable constructor must be a list, tuple, or set. "
                f"Got {collections} of type {type(collections)}"
            )
        if spec.constraint is not None and not callable(spec.constraint):
            raise ValueError("The `constraint` argument must be a callable.")
        self._trainable = is_trainable(spec.synchronization, spec.trainable)
        if self._trainable and GraphKeys.TRAINABLE_VARIABLES not in collections:
            collections = [*collections, GraphKeys.TRAINABLE_VARIABLES]
        graph = stacks.get_default_graph()
        self._graph = graph
        with _lifted(graph), graph.name_scope("Variable" if spec.name is None else spec.name) as scope:
            self._record_nodes(graph, scope, spec)
        graph.add_to_collections(list(collections), self)

    def _record_nodes(self, graph: Graph, scope: str, spec: VariableSpec) -> None:
        true_name = scope[:-1]
        from_function = callable(spec.initial_value)
        dtype = None if spec.dtype is None else as_dtype(spec.dtype).base_dtype
        if from_function:
            with _colocated(graph, f"loc:@{true_name}"):
                with graph.name_scope("Initializer"), graph.device(None):
                    initial = spec.initial_value()
                    value = convert_to_tensor(initial, dtype=dtype, name="initial_value")
                self._storage = self._storage_node(spec, scope, value)
        else:
            value = convert_to_tensor(spec.initial_value, dtype=dtype, name="initial_value")
            if value.op.context is not None:
                raise ValueError(
                    f"Initializer for variable {true_name}/ is from inside a control-flow construct, such as a loop or "
                    "conditional. When creating a variable inside a loop or conditional, use a lambda as the "
                    "initializer."
                )
            self._storage = self._storage_node(spec, scope, value)
        self._initial_value = value
        with _colocated(graph, f"loc:@{true_name}"):
            if not from_function:
                value = guarded(value, true_name)
            self._initializer_op: Operation = apply_op(
                "Assign", self._storage, value, validate_shape=spec.validate_shape, name="Assign"
            ).op
            self._snapshot = apply_op("Identity", self._storage, name="read")

    def _storage_node(self, spec: VariableSpec, scope: str, initial: Tensor) -> Tensor:
        dims = to_dims(spec.shape) if spec.shape is not None else initial._dims
        if not spec.validate_shape:
            dims = None if spec.shape is None else dims
        elif dims is None or None in dims:
            raise ValueError(f"initial_value must have a shape specified: {initial}")
        else:
            merge_dims(dims, initial._dims)
        graph = self._graph
        container = graph.scopes.container
        return apply_op(
            "VariableV2", shape=TensorShape(dims), dtype=initial.dtype.base_dtype,
            container=container, name=scope,
        )  # fmt: skip

    def _restore(self, spec: VariableSpec) -> None:
        proto = spec.variable_def
        graph = stacks.get_default_graph()
        prefix = f"{spec.import_scope}/" if spec.import_scope else ""

        def element(name: str) -> Any:
            return graph.as_graph_element(prefix + name)

        self._graph = graph
        self._storage = element(proto.variable_name)
        if isinstance(self._storage, Operation):
            self._storage = self._storage.outputs[0]
        self._initializer_op = element(proto.initializer_name)
        if isinstance(self._initializer_op, Tensor):
            self._initializer_op = self._initializer_op.op
        self._snapshot = element(proto.snapshot_name)
        self._initial_value = element(proto.initial_value_name) if proto.initial_value_name else None
        self._trainable = bool(getattr(proto, "trainable", True))
        if proto.HasField("save_slice_info_def"):
            self._save_slice_info = SaveSliceInfo(
                save_slice_info_def=proto.save_slice_info_def, import_scope=spec.import_scope
            )

    # Describing ------------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name of the variable's tensor, such as 'w:0'."""
        return self._storage.name

    @property
    def _shared_name(self) -> str:
        return self.name[:-2]

    @property
    def dtype(self) -> DType:
        """The dtype of the variable's tensor: a reference dtype such as `float32_ref`."""
        return self._storage.dtype

    @property
    def shape(self) -> TensorShape:
        """The static shape."""
        return self._storage.shape

    def get_shape(self) -> TensorShape:
        """Returns the static shape."""
        return self._storage.shape

    def set_shape(self, shape: Any) -> None:
        """Adds what the caller knows about the static shape."""
        self._storage.set_shape(shape)
        self._snapshot.set_shape(shape)

    @property
    def op(self) -> Operation:
        """The node that owns the storage."""
        return self._storage.op

    @property
    def device(self) -> str:
        """The device that was asked for."""
        return self._storage.device

    @property
    def graph(self) -> Graph:
        """The graph that holds the variable."""
        return self._graph

    @property
    def trainable(self) -> bool:
        """Whether optimizers train the variable by default."""
        return self._trainable

    @property
    def constraint(self) -> Any:
        """The function that is applied to the value after an update, or None."""
        return self._constraint

    @property
    def synchronization(self) -> VariableSynchronization:
        """As given when it was made."""
        return self._synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        """As given when it was made."""
        return self._aggregation

    @property
    def initializer(self) -> Operation:
        """The node that gives the variable its initial value."""
        return self._initializer_op

    @property
    def initial_value(self) -> Tensor | None:
        """The tensor of the initial value; None where a VariableDef that the variable comes from names none."""
        return self._initial_value

    def _set_save_slice_info(self, save_slice_info: SaveSliceInfo) -> None:
        self._save_slice_info = save_slice_info

    def _get_save_slice_info(self) -> SaveSliceInfo | None:
        return self._save_slice_info

    def _as_graph_element(self) -> Tensor:
        return self._storage

    def _ref(self) -> Tensor:
        return self._storage

    # Reading ---------------------------------------------------------------------------------------------------------

    def value(self) -> Tensor:
        """Returns the tensor 'w/read:0': the value at the moment at which it runs."""
        return self._snapshot

    def read_value(self) -> Tensor:
        """Returns a new node that reads the value, under the control dependencies that are open now."""
        return apply_op("Identity", self._storage, name="read")

    def initialized_value(self) -> Tensor:
        """Returns the value, or the initial value where the variable is not initialized."""
        with _lifted(self._graph):
            return cond(is_variable_initialized(self), self.read_value, lambda: self.initial_value)

    def eval(self, session: Any = None) -> Any:
        """Returns the value in `session` (default: the default session) as NumPy."""
        return self._storage.eval(session=session)

    def load(self, value: Any, session: Any = None) -> None:
        """Gives the variable a value in `session` (default: the default session), without adding nodes.

        Raises:
          ValueError: there is no session.
        """
        session = session or stacks.get_default_session()
        if session is None:
            raise ValueError("Either session argument should be provided or default session should be established")
        session.run(self.initializer, {self.initializer.inputs[1]: value})

    def sparse_read(self, indices: Any, name: str | None = None) -> Tensor:
        """Returns the rows `indices`."""
        return apply_op("GatherV2", self.value(), indices, 0, name=name)

    def gather_nd(self, indices: Any, name: str | None = None) -> Tensor:
        """Returns the slices that `indices` names."""
        return apply_op("GatherNd", self.value(), indices, name=name)

    # Assigning -------------------------------------------------------------------------------------------------------

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Returns a tensor that gives the variable a new value when it runs (the node, if not `read_value`)."""
        return self._written(apply_op("Assign", self._storage, value, use_locking=use_locking, name=name), read_value)

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Returns a tensor that adds `delta` to the variable when it runs (the node, if not `read_value`)."""
        return self._written(
            apply_op("AssignAdd", self._storage, delta, use_locking=use_locking, name=name), read_value
        )

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Returns a tensor that subtracts `delta` from the variable when it runs (the node, if not `read_value`)."""
        return self._written(
            apply_op("AssignSub", self._storage, delta, use_locking=use_locking, name=name), read_value
        )

    @staticmethod
    def _written(tensor: Tensor, read_value: bool) -> Any:
        return tensor if read_value else tensor.op

    def _scatter(self, op_type: str, delta: Any, use_locking: bool, name: str | None) -> Tensor:
        if not isinstance(delta, IndexedSlices):
            raise TypeError(f"sparse_delta is not IndexedSlices: {delta}")
        return apply_op(op_type, self._storage, delta.indices, delta.values, use_locking=use_locking, name=name)

    def scatter_add(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Adds `IndexedSlices` to the variable."""
        return self._scatter("ScatterAdd", sparse_delta, use_locking, name)

    def scatter_sub(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Subtracts `IndexedSlices` from the variable."""
        return self._scatter("ScatterSub", sparse_delta, use_locking, name)

    def scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Assigns `IndexedSlices` to the variable."""
        return self._scatter("ScatterUpdate", sparse_delta, use_locking, name)

    def scatter_mul(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Multiplies the variable by `IndexedSlices`."""
        return self._scatter("ScatterMul", sparse_delta, use_locking, name)

    def scatter_div(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Divides the variable by `IndexedSlices`."""
        return self._scatter("ScatterDiv", sparse_delta, use_locking, name)

    def scatter_min(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Takes the minimum of the variable and `IndexedSlices`."""
        return self._scatter("ScatterMin", sparse_delta, use_locking, name)

    def scatter_max(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Takes the maximum of the variable and `IndexedSlices`."""
        return self._scatter("ScatterMax", sparse_delta, use_locking, name)

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Adds `updates` at the places that `indices` names."""
        return apply_op("ScatterNdAdd", self._storage, indices, updates, use_locking=True, name=name)

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Subtracts `updates` at the places that `indices` names."""
        return apply_op("ScatterNdSub", self._storage, indices, updates, use_locking=True, name=name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Assigns `updates` at the places that `indices` names."""
        return apply_op("ScatterNdUpdate", self._storage, indices, updates, use_locking=True, name=name)

    def scatter_nd_max(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Takes the maximum of the values and `updates` at the places that `indices` names."""
        return self.assign(apply_op("TensorScatterMax", self.value(), indices, updates), name=name)

    def scatter_nd_min(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Takes the minimum of the values and `updates` at the places that `indices` names."""
        return self.assign(apply_op("TensorScatterMin", self.value(), indices, updates), name=name)

    def batch_scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Assigns `IndexedSlices` whose indices have leading batch dimensions."""
        from scopedjax._src.variables.assignment import batch_scatter_update

        return batch_scatter_update(self, sparse_delta.indices, sparse_delta.values, use_locking, name)

    def count_up_to(self, limit: int) -> Tensor:
        """Increments a scalar until it is `limit`; see `tf.count_up_to`."""
        return apply_op("CountUpTo", self._storage, limit=limit)

    # What resource variables have ------------------------------------------------------------------------------------

    @property
    def handle(self) -> Tensor:
        """What names the storage: here the tensor of the node that owns it."""
        return self._storage

    def is_initialized(self, name: str | None = None) -> Tensor:
        """Returns a bool scalar: whether the variable has a value."""
        return apply_op("IsVariableInitialized", self._storage, name=name)

    @property
    def create(self) -> Operation:
        """The node that gives the variable its initial value."""
        return self._initializer_op

    # Files -----------------------------------------------------------------------------------------------------------

    def to_proto(self, export_scope: str | None = None) -> Any:
        """Returns the VariableDef of this variable, or None where it lies outside `export_scope`."""
        from scopedjax._src.variables.variable_def import to_proto

        return to_proto(self, export_scope)

    @staticmethod
    def from_proto(variable_def: Any, import_scope: str | None = None) -> Variable:
        """Returns the variable that a VariableDef describes, over nodes that the default graph holds."""
        return Variable(variable_def=variable_def, import_scope=import_scope)

    # Python ----------------------------------------------------------------------------------------------------------

    def ref(self) -> Reference:
        """Returns a hashable stand-in for this variable."""
        return Reference(self)

    def experimental_ref(self) -> Reference:
        """Returns a hashable stand-in for this variable."""
        return Reference(self)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("'Variable' object is not iterable.")

    def __repr__(self) -> str:
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}>"


@contextmanager
def _lifted(graph: Graph) -> Iterator[None]:
    """Records outside every branch, loop and control dependency, under the same name scope."""
    with graph.outermost():
        yield


@contextmanager
def _colocated(graph: Graph, group: str) -> Iterator[None]:
    """Records nodes that belong on the device of the variable whose group it is."""
    scopes = graph.scopes
    old = scopes.colocation
    scopes.colocation = (group,)
    try:
        yield
    finally:
        scopes.colocation = old


def _operator(name: str) -> Callable[..., Any]:
    def run(self: Variable, *args: Any) -> Any:
        return Tensor._operators[name](self.value(), *args)

    run.__name__ = name
    return run


OVERLOADED = (
    "__add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __div__ __rdiv__ __truediv__ __rtruediv__ __floordiv__ "
    "__rfloordiv__ __mod__ __rmod__ __lt__ __le__ __gt__ __ge__ __and__ __rand__ __or__ __ror__ __xor__ __rxor__ "
    "__getitem__ __pow__ __rpow__ __invert__ __neg__ __abs__ __matmul__ __rmatmul__"
).split()
for _name in OVERLOADED:
    setattr(Variable, _name, _operator(_name))


class SlicedVariable(Tensor):
    """What `v[...]` gives: a tensor like any other, and a place that can be assigned."""

    __slots__ = ()

    @property
    def _variable(self) -> Any:
        return self.op._extra.get("sliced") if self.op._extra is not None else None

    def assign(self, value: Any, name: str | None = None) -> Tensor:
        """Returns the variable's tensor, with this slice of it changed to `value` when it runs.

        >>> v = tf.Variable([1.0, 2.0, 3.0])
        >>> with tf.Session() as sess:
        ...     sess.run(v.initializer)
        ...     print(sess.run(v[1:].assign([5.0, 6.0])).tolist())
        [1.0, 5.0, 6.0]
        """
        whole, *bounds = self.op.inputs
        masks = {key: self.op.attrs[key] for key in self.op.attrs if key.endswith("_mask")}
        if self._variable is not None:
            return self._variable._assign_slice(bounds, value, masks, name or f"{self.op.name}/_assign")
        ref = whole.op.inputs[0]
        graph = self.op.graph
        with graph.name_scope(None), _colocated(graph, f"loc:@{ref.op.name}"):
            return apply_op("StridedSliceAssign", ref, *bounds, value, name=name or f"{self.op.name}/_assign", **masks)


def _subscript(self: Variable, key: Any) -> Tensor:
    result = Tensor._operators["__getitem__"](self.value(), key)
    if result.op.type == "StridedSlice":
        result.__class__ = SlicedVariable
        if hasattr(self, "_assign_slice"):
            result.op._extra = {**(result.op._extra or {}), "sliced": self}
    return result


Variable.__getitem__ = _subscript  # type: ignore[attr-defined]


def _convert(value: Variable, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    if dtype is not None and as_dtype(dtype).name == "resource":
        return value.handle
    if dtype is not None and value.dtype.base_dtype is not as_dtype(dtype).base_dtype:
        raise ValueError(
            f"Incompatible type conversion requested to type '{as_dtype(dtype).name}' for variable of type "
            f"'{value.dtype.name}'"
        )
    return value._ref() if as_ref else value.value()


register_tensor_conversion_function(Variable, _convert)


def is_variable_initialized(variable: Any) -> Tensor:
    """Returns a bool scalar: whether the variable has a value.

    >>> v = tf.Variable(1.0)
    >>> tf.Session().run(tf.is_variable_initialized(v))
    np.False_
    """
    graph = variable.graph
    with graph.colocate_with(variable.op):
        if variable.op.type == "VarHandleOp":
            return variable.is_initialized()
        return apply_op("IsVariableInitialized", variable)
