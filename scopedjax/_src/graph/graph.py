"""`Graph`: the record of a TensorFlow 1 program. Nodes are added, never computed here.

    tf.matmul(x, w) --> Graph.create_node("MatMul", ...) --> Operation 'MatMul' --> Tensor 'MatMul:0'

Invariants: a name belongs to one node; a node's inputs exist before it (so the order of creation is a topological
order, unless `_update_input` or late control inputs change it, which `mutation_count` tells); a finalized graph never
changes; everything that a node means is in its type, attributes and inputs, so a GraphDef holds all of it.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.devices import resolve_device
from scopedjax._src.graph.names import NameTable, check_op_name, check_scope_name
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.scopes import Controller, Scopes
from scopedjax._src.graph.site import Site, user_site
from scopedjax._src.graph.tensor import Tensor


class _ThreadScopes(threading.local):
    def __init__(self) -> None:
        self.scopes = Scopes()


class Graph:
    """A TensorFlow computation, recorded as nodes.

    >>> g = tf.Graph()
    >>> with g.as_default():
    ...     c = tf.constant(30.0)
    >>> c.graph is g, [op.name for op in g.get_operations()]
    (True, ['Const'])
    """

    building_function = False  # whether it is the body of a function, which captures what it takes from outside

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._ops: dict[str, Operation] = {}
        self._next_id = 0
        self._names = NameTable()
        self._collections: dict[Any, list[Any]] = {}
        self._thread = _ThreadScopes()
        self._finalized = False
        self._seed: int | None = None
        self.random_op_count = 0
        self._seeds_by_nodes = os.environ.get("SCOPEDJAX_SEED_RULE") == "1.15"
        self.mutation_count = 0
        self._unfeedable: set[Tensor] = set()
        self._unfetchable: set[Any] = set()
        self._versions: Any = None
        self.extra: dict[Any, Any] = {}

    def inside(self, tensor: Tensor, scope: str = "") -> Tensor:
        """Returns what stands for a tensor in this graph: itself, but in the body of a function perhaps a capture."""
        return tensor

    def advice(self) -> str:
        """Returns what to add to the error of a tensor that is asked for its truth."""
        return ""

    # Recording nodes -------------------------------------------------------------------------------------------------

    @property
    def scopes(self) -> Scopes:
        """The scope stacks of the calling thread."""
        return self._thread.scopes

    def create_node(
        self,
        type: str,
        name: str,
        inputs: tuple[Tensor, ...],
        output_types: Sequence[DType],
        output_dims: Sequence[Dims],
        attrs: dict[str, Any],
        record: Any,
        site: Site | None = None,
    ) -> Operation:
        """Adds a node under the open scopes and returns it.

        Args:
          type: TensorFlow's op type.
          name: Name below the current name scope; ending in "/" it is the whole name, as entering a scope returned it.
          inputs: Data inputs, of this graph.
          output_types: Dtype of each output.
          output_dims: Static shape of each output.
          attrs: Attributes in canonical form.
          record: What the floor above knows about the type.
          site: The user's line; found here when not given.

        Raises:
          RuntimeError: the graph is finalized.
          ValueError: an input belongs to another graph, or the name is not legal.
        """
        self._check_not_finalized()
        for tensor in inputs:
            if tensor.op.graph is not self:
                raise ValueError(
                    f"Tensor({tensor.name!r}) must be from the same graph as the node '{name}' ({type}) that uses it: "
                    "it was recorded in another tf.Graph. Build both under one `with graph.as_default():`."
                )
        scopes = self._thread.scopes
        if name.endswith("/"):
            name = name[:-1]
        else:
            name = self.unique_name(name)
        check_op_name(name)
        if scopes.controllers:
            control_inputs = scopes.control_inputs_for([t.op for t in inputs])
        else:
            control_inputs = []
        with self._lock:
            op = Operation(
                self, self._next_id, type, name, inputs, control_inputs, output_types, output_dims, attrs, record,
                site or user_site(),
            )  # fmt: skip
            self._next_id += 1
            self._ops[name] = op
        if (
            scopes.attrs
            or scopes.gradient_overrides
            or scopes.devices
            or scopes.colocation
            or scopes.context
            or scopes.container
        ):
            self._apply_scopes(op, scopes)
        if scopes.controllers:
            scopes.record_seen(op)
        return op

    def _apply_scopes(self, op: Operation, scopes: Scopes) -> None:
        if scopes.container and not op._attrs.get("container", True):
            op._attrs["container"] = scopes.container
        for key, value in scopes.attrs.items():
            if key not in op._attrs:
                op._attrs[key] = value(op.node_def) if callable(value) else value
        override = scopes.gradient_overrides.get(op.type)
        if override is not None:
            op._attrs["_gradient_op_type"] = override
        if scopes.devices:
            op.device = resolve_device(op, scopes.devices)
        if scopes.colocation:
            op._colocation = tuple(sorted(scopes.colocation))
            first = self._ops.get(scopes.colocation[0][len("loc:@") :])
            if first is not None and first.device:
                op.device = first.device
        if scopes.context is not None:
            op.context = scopes.context
            scopes.context.add_op(op)

    def _check_not_finalized(self) -> None:
        if self._finalized:
            raise RuntimeError(
                "Graph is finalized and cannot be modified. Build all nodes before graph.finalize(); a training loop "
                "that reaches this line adds nodes on each step."
            )

    def mutated(self) -> None:
        """Notes that an existing node was changed, so that cached plans are not used again."""
        self._check_not_finalized()
        self.mutation_count += 1

    # Names -----------------------------------------------------------------------------------------------------------

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """Returns a name that no node has: `name` below the current scope, with `_1`, `_2`... where it is taken."""
        stack = self._thread.scopes.name_stack
        full = f"{stack}/{name}" if stack else name
        with self._lock:
            return self._names.unique(full, mark_as_used)

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Opens a name scope and yields its full name with a trailing "/".

        Args:
          name: A new scope below the current one; with a trailing "/" the very scope that has this name is entered
            again; None or "" goes to the root.
        """
        scopes = self._thread.scopes
        old = scopes.name_stack
        yielded = self.enter_name_scope(scopes, name)
        try:
            yield yielded
        finally:
            scopes.name_stack = old

    def enter_name_scope(self, scopes: Scopes, name: str | None) -> str:
        """Moves `scopes` into a name scope and returns the scope's name with a trailing "/", or ""."""
        if not name:
            scopes.name_stack = ""
            return ""
        if isinstance(name, bytes):
            name = name.decode()
        if name[-1] == "/":
            new = name[:-1]
        else:
            check_scope_name(name, at_root=not scopes.name_stack)
            new = self.unique_name(name)
        scopes.name_stack = new
        return new + "/"

    def get_name_scope(self) -> str:
        """Returns the name of the current scope, without a trailing "/"."""
        return self._thread.scopes.name_stack

    # Scopes ----------------------------------------------------------------------------------------------------------

    @contextmanager
    def control_dependencies(self, control_inputs: Any) -> Iterator[None]:
        """Makes the nodes recorded in the block wait for `control_inputs`; None forgets the blocks around it."""
        scopes = self._thread.scopes
        if control_inputs is None:
            controller = Controller(None, scopes.context)
        else:
            ops: list[Operation] = []
            for item in control_inputs:
                op = self._as_control_input(item)
                if op not in ops:
                    ops.append(op)
            controller = Controller(ops, scopes.context)
        old_controllers, old_context = scopes.controllers, scopes.context
        scopes.controllers = [controller] if controller.fresh else [*old_controllers, controller]
        if controller.fresh:
            scopes.context = None
        try:
            yield
        finally:
            scopes.controllers, scopes.context = old_controllers, old_context

    def _as_control_input(self, item: Any) -> Operation:
        if hasattr(item, "_as_control_input"):
            item = item._as_control_input()
        elif hasattr(item, "_as_graph_element"):
            item = item._as_graph_element()
        elif hasattr(item, "values") and hasattr(item, "indices"):  # IndexedSlices
            item = item.op
        element = self.as_graph_element(item)
        return element.op if isinstance(element, Tensor) else element

    @contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Records a device for the nodes of the block: a name, a function of the node, or None."""
        scopes = self._thread.scopes
        old = scopes.devices
        spec = device_name_or_function
        if spec is None:
            scopes.devices = []
        else:
            scopes.devices = [*old, spec if callable(spec) else str(getattr(spec, "to_string", lambda: spec)())]
        try:
            yield
        finally:
            scopes.devices = old

    @contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Records that the nodes of the block belong on the device of `op`."""
        scopes = self._thread.scopes
        old, old_devices = scopes.colocation, scopes.devices
        if op is None:
            if not ignore_existing:
                raise ValueError("Trying to reset colocation (op is None) but ignore_existing is not True")
            scopes.colocation = ()
        else:
            target = self._as_control_input(op)
            group = target._colocation or (f"loc:@{target.name}",)
            scopes.colocation = group if ignore_existing else tuple(dict.fromkeys((*old, *group)))
        scopes.devices = []
        try:
            yield
        finally:
            scopes.colocation, scopes.devices = old, old_devices

    @contextmanager
    def container(self, container_name: str) -> Iterator[str]:
        """Sets the resource container of the variables and queues of the block."""
        scopes = self._thread.scopes
        old = scopes.container
        scopes.container = container_name
        try:
            yield container_name
        finally:
            scopes.container = old

    @contextmanager
    def gradient_override_map(self, op_type_map: dict[str, str]) -> Iterator[None]:
        """Gives the nodes of the block another gradient.

        Args:
          op_type_map: Maps an op type to the name under which a gradient was registered with `tf.RegisterGradient`.
        """
        if not isinstance(op_type_map, dict):
            raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        for key, value in op_type_map.items():
            if not isinstance(key, str) or not isinstance(value, str):
                raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        scopes = self._thread.scopes
        old = scopes.gradient_overrides
        scopes.gradient_overrides = {**old, **op_type_map}
        try:
            yield
        finally:
            scopes.gradient_overrides = old

    @contextmanager
    def _attr_scope(self, attr_map: dict[str, Any]) -> Iterator[None]:
        scopes = self._thread.scopes
        old = scopes.attrs
        merged = {**old, **attr_map}
        scopes.attrs = {key: value for key, value in merged.items() if value is not None}
        try:
            yield
        finally:
            scopes.attrs = old

    @contextmanager
    def context(self, region: Any) -> Iterator[Any]:
        """Records the nodes of the block into a control-flow region (None: into no region)."""
        scopes = self._thread.scopes
        old = scopes.context
        scopes.context = region
        try:
            yield region
        finally:
            scopes.context = old

    @contextmanager
    def outermost(self) -> Iterator[None]:
        """Records the nodes of the block outside every region and without control dependencies."""
        with self.control_dependencies(None), self.context(None):
            yield

    # Finding nodes ---------------------------------------------------------------------------------------------------

    def get_operations(self) -> list[Operation]:
        """Returns all nodes in the order in which they were recorded."""
        return list(self._ops.values())

    def get_operation_by_name(self, name: str) -> Operation:
        """Returns the node of that name.

        Raises:
          TypeError: `name` is not a string.
          KeyError: there is no such node.
        """
        if not isinstance(name, str):
            raise TypeError(f"Operation names are strings (or similar), not {type(name).__name__}.")
        return self.as_graph_element(name, allow_tensor=False, allow_operation=True)

    def get_tensor_by_name(self, name: str) -> Tensor:
        """Returns the tensor called `node:index`.

        Raises:
          TypeError: `name` is not a string.
          KeyError: there is no such tensor.
          ValueError: `name` has no ":index".
        """
        if not isinstance(name, str):
            raise TypeError(f"Tensor names are strings (or similar), not {type(name).__name__}.")
        return self.as_graph_element(name, allow_tensor=True, allow_operation=False)

    def as_graph_element(self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        """Returns the tensor or node that `obj` is, stands for, or names.

        Raises:
          TypeError: `obj` is nothing of that kind.
          ValueError: `obj` belongs to another graph, or the name is badly formed.
          KeyError: no node or tensor has the name.
        """
        if not (allow_tensor or allow_operation):
            raise ValueError("allow_tensor and allow_operation can't both be False.")
        wanted = " or ".join(w for w, ok in (("Tensor", allow_tensor), ("Operation", allow_operation)) if ok)
        if hasattr(obj, "_as_graph_element"):
            obj = obj._as_graph_element()
        if isinstance(obj, bytes):
            obj = obj.decode()
        if isinstance(obj, str):
            return self._element_by_name(obj, allow_tensor, allow_operation)
        if isinstance(obj, Tensor) and allow_tensor or isinstance(obj, Operation) and allow_operation:
            if obj.graph is not self:
                kind = "Tensor" if isinstance(obj, Tensor) else "Operation"
                raise ValueError(f"{kind} {obj} is not an element of this graph.")
            return obj
        raise TypeError(f"Can not convert a {type(obj).__name__} into a {wanted}.")

    def _element_by_name(self, name: str, allow_tensor: bool, allow_operation: bool) -> Any:
        if ":" in name and allow_tensor:
            op_name, _, index = name.partition(":")
            if ":" in index or not index.isdigit() or not op_name:
                raise ValueError(f"The name {name!r} looks a like a Tensor name, but is not a valid one. "
                                 'Tensor names must be of the form "<op_name>:<output_index>".')  # fmt: skip
            op = self._ops.get(op_name)
            if op is None:
                raise KeyError(
                    f"The name {name!r} refers to a Tensor which does not exist. "
                    f"The operation, {op_name!r}, does not exist in the graph."
                )
            if int(index) >= len(op.outputs):
                raise KeyError(
                    f"The name {name!r} refers to a Tensor which does not exist. "
                    f"The operation, {op_name!r}, exists but only has {len(op.outputs)} outputs."
                )
            return op.outputs[int(index)]
        if ":" in name:
            raise ValueError(f"Name {name!r} appears to refer to a Tensor, not an Operation.")
        op = self._ops.get(name)
        if not allow_operation:
            if op is not None:
                raise ValueError(f"The name {name!r} refers to an Operation, not a Tensor. Tensor names must be of the "
                                 f'form "<op_name>:<output_index>". Did you mean "{name}:0"?')  # fmt: skip
            raise ValueError(f"The name {name!r} looks like an (invalid) Operation name, not a Tensor. "
                             'Tensor names must be of the form "<op_name>:<output_index>".')  # fmt: skip
        if op is None:
            raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")
        return op

    @property
    def version(self) -> int:
        """The number of nodes recorded so far."""
        return self._next_id

    @property
    def _last_id(self) -> int:
        return self._next_id

    # Collections -----------------------------------------------------------------------------------------------------

    def add_to_collection(self, name: Any, value: Any) -> None:
        """Appends `value` to the collection `name`."""
        self._check_not_finalized()
        with self._lock:
            self._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Appends `value` to each of the collections `names` (a name, or several)."""
        for name in (names,) if isinstance(names, str) else set(names):
            self.add_to_collection(name, value)

    def get_collection_ref(self, name: Any) -> list[Any]:
        """Returns the collection itself: a list that the caller may change."""
        with self._lock:
            return self._collections.setdefault(name, [])

    def get_collection(self, name: Any, scope: str | None = None) -> list[Any]:
        """Returns a copy of the collection `name`.

        Args:
          name: The key, mostly one of `tf.GraphKeys`.
          scope: Regular expression; only items whose name it matches from the start are returned, and items without
            a name never are.
        """
        with self._lock:
            items = list(self._collections.get(name, ()))
        if scope is None:
            return items
        import re

        pattern = re.compile(scope)
        return [item for item in items if hasattr(item, "name") and pattern.match(item.name)]

    def get_all_collection_keys(self) -> list[Any]:
        """Returns the keys of all collections that are named by strings."""
        with self._lock:
            return [key for key in self._collections if isinstance(key, str)]

    @property
    def collections(self) -> list[Any]:
        """The keys of all collections."""
        return list(self._collections)

    def clear_collection(self, name: Any) -> None:
        """Empties the collection `name`."""
        self._check_not_finalized()
        with self._lock:
            self._collections.pop(name, None)

    # The whole graph -------------------------------------------------------------------------------------------------

    def as_default(self) -> Any:
        """Returns a context manager that makes this the default graph of the thread."""
        return stacks.graphs.pushed(self)

    def finalize(self) -> None:
        """Makes the graph read-only."""
        self._finalized = True

    @property
    def finalized(self) -> bool:
        """Whether the graph is read-only."""
        return self._finalized

    def _unsafe_unfinalize(self) -> None:
        self._finalized = False

    @property
    def seed(self) -> int | None:
        """The seed that `tf.set_random_seed` set for this graph."""
        return self._seed

    @seed.setter
    def seed(self, seed: int | None) -> None:
        self._seed = seed

    def random_op_number(self) -> int:
        """Returns what stands in for the seed of a random node that has none, under a graph seed.

        TensorFlow 2 counts the graph's random nodes. TensorFlow 1.15 took the number of nodes recorded so far; the
        environment variable `SCOPEDJAX_SEED_RULE=1.15` asks for that.
        """
        return self._next_id if self._seeds_by_nodes else self.random_op_count

    @property
    def graph_def_versions(self) -> Any:
        """The VersionDef protocol buffer written into GraphDefs."""
        from scopedjax._src.graph.graphdef import versions

        return versions(self)

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> Any:
        """Returns the GraphDef protocol buffer of this graph.

        Args:
          from_version: If given, only nodes recorded after the graph had this version.
          add_shapes: Whether to add an `_output_shapes` attribute to each node.
        """
        from scopedjax._src.graph.graphdef import graph_def

        return graph_def(self, from_version, add_shapes)

    def prevent_feeding(self, tensor: Tensor) -> None:
        """Marks a tensor as one that may not be fed."""
        self._unfeedable.add(tensor)

    def is_feedable(self, tensor: Tensor) -> bool:
        """Whether the tensor may be fed."""
        return tensor not in self._unfeedable

    def prevent_fetching(self, op: Operation) -> None:
        """Marks a node as one that may not be fetched."""
        self._unfetchable.add(op)

    def is_fetchable(self, tensor_or_op: Any) -> bool:
        """Whether the tensor or node may be fetched; nodes inside a branch or a loop may not."""
        op = tensor_or_op.op if isinstance(tensor_or_op, Tensor) else tensor_or_op
        return op not in self._unfetchable and op.context is None

    def session_for(self, verb: str, session: Any, what: str = "evaluate tensor") -> Any:
        """Returns the session in which `tensor.eval()` or `op.run()` runs.

        Raises:
          ValueError: there is no default session, or the session has another graph.
        """
        if session is None:
            session = stacks.get_default_session()
            if session is None:
                raise ValueError(
                    f"Cannot {what} using `{verb}()`: No default session is registered. "
                    f"Use `with sess.as_default(){':' if verb == 'run' else ''}` or pass an explicit session to "
                    f"`{verb}(session=sess)`"
                )
            if session.graph is not self:
                raise ValueError(
                    f"Cannot use the default session to {what}: the tensor's graph is different from the session's "
                    f"graph. Pass an explicit session to `{verb}(session=sess)`."
                )
        elif session.graph is not self:
            raise ValueError(
                f"Cannot use the given session to {what}: the tensor's graph is different from the session's graph."
            )
        return session

    def __deepcopy__(self, memo: Any) -> Graph:
        raise TypeError("A tf.Graph is not copied; write it with as_graph_def and read it with import_graph_def.")

    def warn_growth(self, site: Site) -> None:
        """Warns, once, that the graph grows while sessions run."""
        warnings.warn_explicit(
            f"The graph grows on each step: nodes are recorded at {site} ({site.function}) between calls of "
            f"Session.run. "
            "Each new node costs time and memory, and new programs are compiled. Build the node once before the loop, "
            "and feed what changes; graph.finalize() finds such lines.",
            UserWarning, site.filename, site.lineno,
        )  # fmt: skip
