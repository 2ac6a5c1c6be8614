"""`VariableStore`: the variables that `tf.get_variable` made in one graph, by full name.

    get_variable("w", [2, 3])  in scope "conv1"   ->   store["conv1/w"]

Sharing is a look-up here. The rules about `reuse` are TF1's, error texts included, because people search for them: with
reuse=False a name that exists is an error, with reuse=True one that does not, with `tf.AUTO_REUSE` it is made once.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable
from typing import Any

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.base.shapes import Dims, TensorShape, to_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.variables.creation import create
from scopedjax._src.variables.partitioned import PartitionedVariable, make_slices
from scopedjax._src.variables.spec import GetterSpec, VariableSpec
from scopedjax._src.variables.variable import Variable

STORE_KEY = ("__variable_store",)


class ReuseMode(enum.Enum):
    """How `get_variable` treats a name: AUTO_REUSE makes the variable the first time and shares it afterwards."""

    FALSE = 0
    TRUE = 1
    AUTO_REUSE = 2


AUTO_REUSE = ReuseMode.AUTO_REUSE


class VariableStore:
    """The variables of one graph that can be shared."""

    def __init__(self) -> None:
        self._vars: dict[str, Variable] = {}
        self._partitioned_vars: dict[str, PartitionedVariable] = {}
        self.variable_scopes_count: dict[str, int] = {}

    def open_variable_scope(self, scope_name: str) -> None:
        """Counts an entering of a scope, which makes `default_name` unique."""
        self.variable_scopes_count[scope_name] = self.variable_scopes_count.get(scope_name, 0) + 1

    def close_variable_subscopes(self, scope_name: str | None) -> None:
        """Forgets how often the scopes below `scope_name` were entered."""
        for key in self.variable_scopes_count:
            if scope_name is None or key.startswith(scope_name + "/"):
                self.variable_scopes_count[key] = 0

    def variable_scope_count(self, scope_name: str) -> int:
        """Returns how often a scope was entered."""
        return self.variable_scopes_count.get(scope_name, 0)

    def get_variable(self, spec: GetterSpec, custom_getter: Callable[..., Any] | None = None) -> Any:
        """Returns the variable that `spec` asks for, made or shared; through `custom_getter` where there is one."""
        if custom_getter is None:
            return self._true_getter(**{"name": spec.name, **spec.keywords()})
        if not callable(custom_getter):
            raise ValueError(f"Passed a custom_getter which is not callable: {custom_getter}")
        keywords = {"getter": self._true_getter, "name": spec.name, **spec.keywords()}
        if not _accepts(custom_getter, "constraint"):
            del keywords["constraint"]
        for optional in ("synchronization", "aggregation"):
            if not _accepts(custom_getter, optional):
                del keywords[optional]
        return custom_getter(**keywords)

    def _true_getter(self, name: str, shape: Any = None, dtype: Any = "float32", **options: Any) -> Any:
        """Makes or shares a variable: what a custom getter is given as `getter`."""
        spec = GetterSpec(name, shape, dtype, **options)
        if spec.partitioner is not None:
            if not callable(spec.partitioner):
                raise ValueError(f"Partitioner must be callable, but received: {spec.partitioner}")
            return self._get_partitioned(spec)
        if spec.reuse is True and spec.partitioner is None and name in self._partitioned_vars:
            return self._get_partitioned(spec)
        if f"{name}/part_0" in self._vars:
            raise ValueError(
                "No partitioner was provided, but a partitioned version of the variable was found: "
                f"{name}/part_0. Perhaps a variable of the same name was already created with partitioning?"
            )
        return self._get_single(spec)

    def _get_single(self, spec: GetterSpec, partition_info: Any = None) -> Variable:
        if spec.name in self._vars:
            return self._shared(spec)
        if spec.reuse is True:
            raise ValueError(
                f"Variable {spec.name} does not exist, or was not created with tf.get_variable(). "
                "Did you mean to set reuse=tf.AUTO_REUSE in VarScope?"
            )
        variable = self._created(spec, partition_info)
        self._vars[spec.name] = variable
        _regularize(variable, spec)
        return variable

    def _shared(self, spec: GetterSpec) -> Variable:
        found = self._vars[spec.name]
        if spec.reuse is False or spec.reuse is None:
            site = found.op.site
            raise ValueError(
                f"Variable {spec.name} already exists, disallowed. Did you mean to set reuse=True or "
                f"reuse=tf.AUTO_REUSE in "
                f'VarScope? Originally defined at:\n\n  File "{site.filename}", line {site.lineno}, in '
                f"{site.function}\n"
            )
        if spec.shape is not None and not TensorShape(spec.shape).is_compatible_with(found.get_shape()):
            raise ValueError(
                f"Trying to share variable {spec.name}, but specified shape {TensorShape(spec.shape)} and found shape "
                f"{found.get_shape()}."
            )
        dtype = as_dtype(spec.dtype)
        if found.dtype.base_dtype is not dtype.base_dtype:
            raise ValueError(
                f"Trying to share variable {spec.name}, but specified dtype {dtype.name} and found dtype "
                f"{found.dtype.name}."
            )
        return found

    def _created(self, spec: GetterSpec, partition_info: Any) -> Variable:
        dtype = as_dtype(spec.dtype).base_dtype
        if spec.shape is None and (spec.initializer is None or _needs_shape(spec.initializer)):
            raise ValueError(
                f"Variable {spec.name} did not get an initializer, so its `shape` argument must be specified."
                if spec.initializer is None
                else f"Shape of a new variable ({spec.name}) must be fully defined, but instead was <unknown>. The "
                "initializer passed is not valid without it: It should be a callable with no arguments, or `shape` "
                "should be given."
            )
        dims = to_dims(spec.shape)
        initializer = spec.initializer
        if initializer is None:
            initializer = default_initializer(spec.name, dims, dtype)
        initial_value, variable_dtype = _initial_value(initializer, spec.shape, dims, dtype, partition_info)
        wanted = VariableSpec(
            initial_value=initial_value,
            name=spec.name,
            trainable=spec.trainable,
            collections=spec.collections,
            caching_device=spec.caching_device,
            dtype=variable_dtype,
            validate_shape=spec.validate_shape,
            constraint=spec.constraint,
            use_resource=spec.use_resource,
            synchronization=spec.synchronization,
            aggregation=spec.aggregation,
        )
        with stacks.get_default_graph().outermost():
            return create(wanted)

    def _get_partitioned(self, spec: GetterSpec) -> Any:
        if spec.name in self._vars:
            raise ValueError(
                "A partitioner was provided, but an unpartitioned version of the variable was found: "
                f"{spec.name}. Perhaps a variable of the same name was already created without partitioning?"
            )
        if spec.name in self._partitioned_vars:
            found = self._partitioned_vars[spec.name]
            if spec.reuse is False or spec.reuse is None:
                raise ValueError(
                    f"Partitioned variable with name {spec.name} already exists. Did you mean to set reuse=True or "
                    "reuse=tf.AUTO_REUSE in VarScope?"
                )
            return found
        if spec.reuse is True:
            raise ValueError(
                f"PartitionedVariable {spec.name} does not exist, or was not created with tf.get_variable(). "
                "Did you mean to set reuse=False or reuse=tf.AUTO_REUSE in VarScope?"
            )
        dtype = as_dtype(spec.dtype).base_dtype
        result = make_slices(spec, dtype, default_initializer, self._get_single)
        self._partitioned_vars[spec.name] = result
        return result


def default_initializer(name: str, dims: Dims, dtype: DType) -> Any:
    """Returns the initializer for a variable that got none: Glorot's for floats, zeros for the rest.

    Raises:
      ValueError: there is none for the dtype.
    """
    from scopedjax._src.variables import initializers

    if dtype.is_floating:
        return initializers.glorot_uniform_initializer()
    if dtype.is_integer or dtype.is_unsigned or dtype.is_bool or dtype.name == "string":
        return initializers.zeros_initializer()
    raise ValueError(f"An initializer for variable {name} of {dtype} is required")


def _accepts(function: Callable[..., Any], name: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return True
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _initial_value(
    initializer: Any, shape: Any, dims: Dims, dtype: DType, partition_info: Any
) -> tuple[Any, DType | None]:
    """Returns what to make a variable from, and its dtype (None: the value's own)."""
    if not callable(initializer):
        if shape is not None:
            raise ValueError("If initializer is a constant, do not specify shape.")
        return initializer, initializer.dtype.base_dtype if isinstance(initializer, Tensor) else None
    if inspect.isclass(initializer):
        initializer = initializer()
    if shape is not None and dims is not None and None not in dims:
        keywords = {"dtype": dtype}
        if partition_info is not None and _accepts(initializer, "partition_info"):
            keywords["partition_info"] = partition_info
        return (lambda: initializer(list(dims), **keywords)), dtype
    if _takes_nothing(initializer):
        return initializer, dtype if shape is not None else None
    raise ValueError(
        "The initializer passed is not valid. It should be a callable with no arguments and the shape should "
        "not be provided "
        "or an instance of `tf.keras.initializers.*' and `shape` should be fully defined."
    )


def _needs_shape(initializer: Any) -> bool:
    if not callable(initializer):
        return False
    made: Any = initializer() if inspect.isclass(initializer) else initializer
    return not _takes_nothing(made)


def _takes_nothing(initializer: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(initializer).parameters.values()
    except (TypeError, ValueError):
        return False
    return all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)


def _regularize(variable: Variable, spec: GetterSpec) -> None:
    if not spec.regularizer:
        return
    graph = variable.graph
    with graph.colocate_with(variable.op), graph.name_scope(f"{spec.name}/Regularizer/"):
        loss = spec.regularizer(variable)
    if loss is not None:
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)


def get_store() -> VariableStore:
    """Returns the store of the default graph."""
    collection = stacks.get_default_graph().get_collection_ref(STORE_KEY)
    if not collection:
        collection.append(VariableStore())
    return collection[0]
