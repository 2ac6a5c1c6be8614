"""`variable_scope`: where the names and the defaults of `tf.get_variable` come from.

    with tf.variable_scope("conv1", initializer=..., reuse=tf.AUTO_REUSE) as scope:    VariableScope("conv1")
      tf.get_variable("w", [3])                                                         'conv1/w'
      tf.add(x, y)                                                                      'conv1/Add': a name scope
      opens too
    with tf.variable_scope(scope): ...       the same variables; the name scope becomes 'conv1_1'

One `VariableScope` is current in each graph and thread. Opening a scope makes a new one from the current one and
from what was given; closing puts the old one back. Invariants: reuse=True is inherited by every scope below;
variable names depend on variable scopes only, never on name scopes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from scopedjax._src.base.dtypes import as_dtype, float32
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.ops.convert import convert_to_tensor, graph_of, infer_dtype
from scopedjax._src.variables.kinds import VariableAggregation, VariableSynchronization, is_trainable
from scopedjax._src.variables.spec import GetterSpec
from scopedjax._src.variables.store import AUTO_REUSE, ReuseMode, VariableStore, get_store

SCOPE_KEY = ("__varscope",)


class VariableScope:
    """The defaults that `tf.get_variable` takes in a scope.

    Args:
      reuse: True, False, None, or `tf.AUTO_REUSE`.
      name: Full name of the scope.
      initializer: Default initializer.
      regularizer: Default regularizer.
      caching_device: Accepted.
      partitioner: Default partitioner.
      custom_getter: Function around the getter.
      name_scope: The name scope that belongs to it.
      dtype: Default dtype.
      use_resource: Default for resource variables.
      constraint: Default constraint.
    """

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        name_scope: str = "",
        dtype: Any = float32,
        use_resource: bool | None = None,
        constraint: Any = None,
    ) -> None:
        self._name = name
        self._reuse = reuse
        self._initializer = initializer
        self._regularizer = regularizer
        self._caching_device = caching_device
        self._partitioner = partitioner
        self._custom_getter = custom_getter
        self._name_scope = name_scope
        self._dtype = dtype
        self._use_resource = use_resource
        self._constraint = constraint

    @property
    def name(self) -> str:
        """The full name."""
        return self._name

    @property
    def original_name_scope(self) -> str:
        """The name scope that was opened with it, with a trailing '/'."""
        return self._name_scope

    @property
    def reuse(self) -> Any:
        """Whether variables are shared."""
        return self._reuse

    @property
    def initializer(self) -> Any:
        """The default initializer."""
        return self._initializer

    @property
    def dtype(self) -> Any:
        """The default dtype."""
        return self._dtype

    @property
    def use_resource(self) -> bool | None:
        """Whether resource variables are made by default."""
        return self._use_resource

    @property
    def regularizer(self) -> Any:
        """The default regularizer."""
        return self._regularizer

    @property
    def caching_device(self) -> Any:
        """As given."""
        return self._caching_device

    @property
    def partitioner(self) -> Any:
        """The default partitioner."""
        return self._partitioner

    @property
    def custom_getter(self) -> Any:
        """The function around the getter."""
        return self._custom_getter

    @property
    def constraint(self) -> Any:
        """The default constraint."""
        return self._constraint

    def reuse_variables(self) -> None:
        """Shares variables from here on in this scope."""
        self._reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Sets the default initializer."""
        self._initializer = initializer

    def set_dtype(self, dtype: Any) -> None:
        """Sets the default dtype."""
        self._dtype = dtype

    def set_use_resource(self, use_resource: bool | None) -> None:
        """Sets whether resource variables are made by default."""
        self._use_resource = use_resource

    def set_regularizer(self, regularizer: Any) -> None:
        """Sets the default regularizer."""
        self._regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        """Accepted."""
        self._caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        """Sets the default partitioner."""
        self._partitioner = partitioner

    def set_custom_getter(self, custom_getter: Any) -> None:
        """Sets the function around the getter."""
        self._custom_getter = custom_getter

    def get_collection(self, name: str) -> list[Any]:
        """Returns the items of a graph collection whose names lie in this scope."""
        scope = self._name + "/" if self._name else self._name
        return stacks.get_default_graph().get_collection(name, scope)

    def trainable_variables(self) -> list[Any]:
        """Returns the trainable variables of this scope."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Any]:
        """Returns the global variables of this scope."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Any]:
        """Returns the local variables of this scope."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(
        self,
        var_store: VariableStore,
        name: str,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        validate_shape: bool = True,
        use_resource: bool | None = None,
        custom_getter: Any = None,
        constraint: Any = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
    ) -> Any:
        """Makes or shares a variable of this scope; see `tf.get_variable`."""
        spec = GetterSpec(
            name, shape, dtype, initializer, regularizer, reuse, trainable, collections, caching_device, partitioner,
            validate_shape, use_resource, constraint, synchronization, aggregation,
        )  # fmt: skip
        return self.get(var_store, spec, custom_getter)

    def get(self, store: VariableStore, spec: GetterSpec, custom_getter: Any = None) -> Any:
        """Makes or shares the variable that `spec` asks for, filling in this scope's defaults."""
        getter = custom_getter if custom_getter is not None else self._custom_getter
        self._fill_in(spec)
        with stacks.get_default_graph().name_scope(None):
            self._choose_dtype(spec)
            if self._name:
                spec.name = f"{self._name}/{spec.name}"
            return store.get_variable(spec, getter)

    def _fill_in(self, spec: GetterSpec) -> None:
        if spec.regularizer is None:
            spec.regularizer = self._regularizer
        if spec.caching_device is None:
            spec.caching_device = self._caching_device
        if spec.partitioner is None:
            spec.partitioner = self._partitioner
        if spec.reuse is None:
            spec.reuse = self._reuse
        if isinstance(spec.reuse, ReuseMode):
            spec.reuse = {ReuseMode.FALSE: False, ReuseMode.TRUE: True}.get(spec.reuse, AUTO_REUSE)
        if spec.initializer is None:
            spec.initializer = self._initializer
        if spec.constraint is None:
            spec.constraint = self._constraint
        if spec.use_resource is None:
            spec.use_resource = self._use_resource
        spec.trainable = is_trainable(spec.synchronization, spec.trainable)

    def _choose_dtype(self, spec: GetterSpec) -> None:
        """An initializer that is a value decides the dtype; it must not contradict a dtype that was asked for."""
        initializer = spec.initializer
        if initializer is not None and not callable(initializer):
            # TF1 records a constant to learn the dtype where one was asked for.
            found = infer_dtype(initializer) if spec.dtype is None else convert_to_tensor(initializer).dtype.base_dtype
            if spec.dtype is not None and found is not None and as_dtype(spec.dtype).base_dtype is not found:
                raise ValueError(f"Initializer type '{found}' and explicit dtype '{as_dtype(spec.dtype)}' don't match.")
            if spec.dtype is None:
                spec.dtype = found
        if spec.dtype is None:
            spec.dtype = self._dtype


class _Current(threading.local):
    """The current scope of a graph, per thread."""

    def __init__(self) -> None:
        self.scope = VariableScope(False)


def _current(graph: Graph | None = None) -> _Current:
    collection = (graph or stacks.get_default_graph()).get_collection_ref(SCOPE_KEY)
    if not collection:
        collection.append(_Current())
    return collection[0]


def get_variable_scope() -> VariableScope:
    """Returns the current variable scope."""
    return _current().scope


class variable_scope:
    """Opens a variable scope, and a name scope with it.

    Args:
      name_or_scope: Name below the current scope, or a VariableScope to enter again, or None with `default_name`.
      default_name: Name to be made unique where `name_or_scope` is None; then reuse is not inherited as True.
      values: Tensors that tell which graph is meant.
      initializer: Default initializer of the scope.
      regularizer: Default regularizer.
      caching_device: Accepted.
      partitioner: Default partitioner.
      custom_getter: Function `f(getter, name, *args, **kwargs)` around the getter; one around it in an outer scope
      is called by it. reuse: True, None (inherit), False or `tf.AUTO_REUSE`.
      dtype: Default dtype.
      use_resource: Default for resource variables.
      constraint: Default constraint.
      auxiliary_name_scope: Whether to open a name scope too.

    Raises:
      ValueError: neither a name nor a default name was given, or `reuse` goes with a default name.
      TypeError: an argument is of the wrong kind.

    >>> with tf.variable_scope("foo"):
    ...     with tf.variable_scope("bar"):
    ...         v = tf.get_variable("v", [1])
    >>> v.name
    'foo/bar/v:0'
    """

    def __init__(
        self,
        name_or_scope: Any,
        default_name: str | None = None,
        values: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        reuse: Any = None,
        dtype: Any = None,
        use_resource: bool | None = None,
        constraint: Any = None,
        auxiliary_name_scope: bool = True,
    ) -> None:
        if default_name is None and name_or_scope is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        if isinstance(reuse, ReuseMode):
            reuse = {ReuseMode.FALSE: False, ReuseMode.TRUE: True}.get(reuse, AUTO_REUSE)
        if reuse not in (None, False, True, AUTO_REUSE):
            raise ValueError("The reuse parameter must be True or False or None.")
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError(f"The auxiliary_name_scope must be `True` or `False`, while get {auxiliary_name_scope}")
        self._name_or_scope = name_or_scope
        self._default_name = default_name
        self._values = values or []
        self._reuse = reuse
        self._options = {
            "initializer": initializer,
            "regularizer": regularizer,
            "caching_device": caching_device,
            "partitioner": partitioner,
            "custom_getter": custom_getter,
            "dtype": dtype,
            "use_resource": use_resource,
            "constraint": constraint,
        }
        self._auxiliary_name_scope = auxiliary_name_scope
        self._stack: list[ExitStack] = []

    def __enter__(self) -> VariableScope:
        stack = ExitStack()
        with stack:
            graph = next((g for v in self._values if (g := graph_of(v)) is not None), None)
            if graph is not None and graph is not stacks.get_default_graph():
                stack.enter_context(graph.as_default())
            scope = self._open(stack, stacks.get_default_graph())
            self._stack.append(stack.pop_all())
        return scope

    def __exit__(self, *error: Any) -> None:
        self._stack.pop().__exit__(*error)

    def _open(self, stack: ExitStack, graph: Graph) -> VariableScope:
        target = self._name_or_scope
        if target is None:
            return self._open_default(stack, graph)
        if not isinstance(target, (str, VariableScope)):
            raise TypeError(f"VariableScope: name_or_scope must be a string or VariableScope, got {target!r}")
        name_scope: str | None
        if isinstance(target, str):
            name_scope = target
        else:
            name_scope = target.name.split("/")[-1]
        if name_scope and self._auxiliary_name_scope:
            opened = stack.enter_context(graph.name_scope(name_scope))
        else:
            opened = f"{graph.get_name_scope()}/" if graph.get_name_scope() else ""
        if isinstance(target, str):
            return stack.enter_context(self._entered(target, None, opened))
        return stack.enter_context(self._entered(None, target, opened if name_scope else target.original_name_scope))

    def _open_default(self, stack: ExitStack, graph: Graph) -> VariableScope:
        if self._reuse:
            raise ValueError("reuse=True cannot be used without a name_or_scope")
        name = _unique_scope_name(str(self._default_name))
        if self._auxiliary_name_scope:
            opened = stack.enter_context(graph.name_scope(self._default_name))
        else:
            opened = f"{graph.get_name_scope()}/" if graph.get_name_scope() else ""
        return stack.enter_context(self._entered(name, None, opened))

    @contextmanager
    def _entered(self, name: str | None, again: VariableScope | None, name_scope: str) -> Iterator[VariableScope]:
        """Makes the new scope the current one for the length of the block."""
        current, store = _current(), get_store()
        outer = current.scope
        base = outer if again is None else again
        if again is None:
            full = f"{outer.name}/{name}" if outer.name else str(name)
            reuse = self._reuse or outer.reuse
        else:
            full = again.name
            reuse = self._reuse or again.reuse  # False, as in TF1, does not take back the scope's own True
            name_scope = name_scope if again.original_name_scope is None else again.original_name_scope
        scope = self._derived(base, again, full, reuse, name_scope)
        store.open_variable_scope(full)
        counts = dict(store.variable_scopes_count)
        current.scope = scope
        try:
            yield scope
        finally:
            store.close_variable_subscopes(full)
            if again is not None:
                store.variable_scopes_count = counts
            current.scope = outer

    def _derived(
        self, base: VariableScope, again: VariableScope | None, full: str, reuse: Any, name_scope: str
    ) -> VariableScope:
        options = {key: getattr(base, key) if value is None else value for key, value in self._options.items()}
        getter = self._options["custom_getter"]
        if getter is not None and base.custom_getter is not None:
            options["custom_getter"] = _around(getter, base.custom_getter)
        if again is None:  # TF1 hands a constraint on to the same scope entered again, not to scopes below
            options["constraint"] = self._options["constraint"]
        return VariableScope(reuse, full, name_scope=name_scope, **options)


def _around(inner: Callable[..., Any], outer: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a getter in which `inner` calls `outer` as its getter."""

    def combined(getter: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        return inner(lambda *a, **k: outer(getter, *a, **k), *args, **keywords)

    return combined


def _unique_scope_name(prefix: str) -> str:
    store, scope = get_store(), get_variable_scope()
    name = f"{scope.name}/{prefix}" if scope.name else prefix
    if store.variable_scope_count(name) == 0:
        return prefix
    index = 1
    while store.variable_scope_count(f"{name}_{index}") > 0:
        index += 1
    return f"{prefix}_{index}"


@contextmanager
def variable_op_scope(
    values: Any,
    name_or_scope: Any,
    default_name: str | None = None,
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    reuse: Any = None,
    dtype: Any = None,
    use_resource: bool | None = None,
    constraint: Any = None,
) -> Iterator[VariableScope]:
    """Opens a variable scope: the former form of `tf.variable_scope`, with `values` first."""
    with variable_scope(
        name_or_scope, default_name, values, initializer, regularizer, caching_device, partitioner, custom_getter,
        reuse, dtype, use_resource, constraint,
    ) as scope:  # fmt: skip
        yield scope


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Any:
    """Returns a variable of the current variable scope, made new or shared as the scope's `reuse` says.

    Args:
      name: Name below the scope.
      shape: Shape of a new variable; not to be given with an initializer that is a value.
      dtype: Dtype of a new variable; by default the scope's (float32).
      initializer: Initializer object or class, function without arguments, or a value.
      regularizer: Function of the variable whose result goes to `GraphKeys.REGULARIZATION_LOSSES`.
      trainable: Whether optimizers train it by default (True).
      collections: Collections to add it to; default `[GraphKeys.GLOBAL_VARIABLES]`.
      caching_device: Accepted.
      partitioner: Function `(shape, dtype) -> slices of each axis`.
      validate_shape: Whether the initial value's shape must be known.
      use_resource: Whether to make a resource variable.
      custom_getter: Function `f(getter, name, *args, **kwargs)` called instead of the getter.
      constraint: Function of the value, applied after an update.
      synchronization: Accepted.
      aggregation: Accepted.

    Returns:
      A Variable, or a PartitionedVariable where there is a partitioner.

    Raises:
      ValueError: the name exists and may not be shared, or does not exist and must, or shape or dtype disagree.

    >>> with tf.variable_scope("conv1"):
    ...     w = tf.get_variable("w", [2, 3])
    >>> with tf.variable_scope("conv1", reuse=True):
    ...     print(tf.get_variable("w") is w, w.name)
    True conv1/w:0
    """
    spec = GetterSpec(
        name, shape, dtype, initializer, regularizer, None, trainable, collections, caching_device, partitioner,
        validate_shape, use_resource, constraint, synchronization, aggregation,
    )  # fmt: skip
    return get_variable_scope().get(get_store(), spec, custom_getter)


def get_local_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = False,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Any:
    """Returns a variable as `tf.get_variable` does, in `GraphKeys.LOCAL_VARIABLES` and not trained.

    Args are those of `tf.get_variable`.

    >>> tf.get_local_variable("count", initializer=0) in tf.local_variables()
    True
    """
    collections = [*collections, GraphKeys.LOCAL_VARIABLES] if collections else [GraphKeys.LOCAL_VARIABLES]
    return get_variable(
        name, shape, dtype, initializer, regularizer, False, collections, caching_device, partitioner, validate_shape,
        use_resource, custom_getter, constraint, synchronization, aggregation,
    )  # fmt: skip


def no_regularizer(_: Any) -> None:
    """A regularizer that adds nothing; it keeps a scope's regularizer away from a variable."""
    return None
