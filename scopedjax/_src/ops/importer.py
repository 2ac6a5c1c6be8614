"""`tf.import_graph_def`: nodes of a GraphDef, perhaps from a stranger, recorded into a graph.

    file: x, w, m = MatMul(x, w)        tf.import_graph_def(file, {"x:0": mine}, ["m:0"], name="net")
                                          -> net/x, net/w, net/m = MatMul(mine, net/w)

The steps: raise TF1's control flow to branches and loops (`imported_loops`); read every node and check it against its
type (`imported_node`); find an order in which inputs come first, with ties by place in the file, as TensorFlow does;
record each node under its new name; tie regions to their structured nodes and gradient nodes to their forward nodes.
Names get the prefix, and `_1`, `_2`... where the graph has them already.

Invariants: either all nodes are recorded or none; an imported node's inputs are imported nodes or values of
`input_map`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from scopedjax._src.base import dtypes, version
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import OpError
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph import protos, stacks
from scopedjax._src.graph.attributes import FunctionAttr
from scopedjax._src.graph.contexts import ControlFlowContext
from scopedjax._src.graph.devices import resolve_device
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.graphdef import FORWARD, LIBRARY
from scopedjax._src.graph.names import check_op_name
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.scopes import Scopes
from scopedjax._src.graph.site import user_site
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.gradient_node import link_forward
from scopedjax._src.ops.imported_functions import expanded
from scopedjax._src.ops.imported_loops import raised
from scopedjax._src.ops.imported_node import MOST_ARGUMENTS, ImportedNode, read_node
from scopedjax._src.ops.opdef import type_text
from scopedjax._src.ops.raising.shapes import settle_shapes
from scopedjax._src.ops.shape_context import ShapeContext, infer_dims

_TYPE_ATTRS: Final = (
    "dtype",
    "T",
    "Tout",
    "out_type",
    "output_type",
    "DstT",
    "Tparams",
    "output_types",
    "Toutput_types",
)


def import_graph_def(
    graph_def: Any,
    input_map: Mapping[str, Any] | None = None,
    return_elements: Sequence[str] | None = None,
    name: str | None = None,
    op_dict: Any = None,
    producer_op_list: Any = None,
) -> list[Any] | None:
    """Records the nodes of a GraphDef into the default graph.

    Args:
      graph_def: A GraphDef, of this package or of TensorFlow. Its nodes may stand in any order.
      input_map: Puts tensors of the graph in the place of nodes of the file: maps "node", "node:1", or "^node" (for a
        control input) to a tensor, or to a value that can be made one.
      return_elements: Names in the file of the nodes ("node") and tensors ("node:0") to return.
      name: Prefix of the new names; default "import". With "" the names are kept.
      op_dict: Not used, as in TF1.
      producer_op_list: OpList of the program that wrote the file, for attributes and types that are not known here.

    Returns:
      The nodes and tensors that `return_elements` names, or None.

    Raises:
      TypeError: an argument has the wrong type.
      ValueError: the file is not consistent, or a name of an argument is not in it.
      InvalidArgumentError: the file's control flow (`Switch`, `Merge`, `Enter`...) is no branch and no loop.

    >>> with tf.Graph().as_default() as g:
    ...     y = tf.multiply(tf.placeholder(tf.float32, [], name="x"), 2.0, name="y")
    >>> z, = tf.import_graph_def(g.as_graph_def(), {"x": tf.constant(3.0)}, ["y:0"], name="net")
    >>> z.name, tf.Session().run(z)
    ('net/y:0', np.float32(6.0))
    """
    del op_dict
    return import_nodes(graph_def, input_map, return_elements, name, producer_op_list)


def import_nodes(
    graph_def: Any,
    input_map: Mapping[str, Any] | None = None,
    return_elements: Sequence[str] | None = None,
    name: str | None = None,
    producer_op_list: Any = None,
    validate_colocation_constraints: bool = True,
) -> list[Any] | None:
    """Does what `import_graph_def` does; without `validate_colocation_constraints` a node may be placed beside an
    absent one."""
    try:
        proto = protos.converted(graph_def, "GraphDef")
    except TypeError:
        raise TypeError(f"Argument `graph_def` must be a GraphDef proto, got {type(graph_def).__name__}.") from None
    mapped = _checked_map(input_map)
    wanted = _checked_names(return_elements)
    _check_versions(proto.versions)
    proto = raised(expanded(proto))
    op_defs = {op.name: op for op in producer_op_list.op} if producer_op_list is not None else {}
    op_defs.update({function.signature.name: function.signature for function in proto.library.function})
    graph = stacks.get_default_graph()
    with graph.name_scope("import" if name is None else name) as scope:
        tensors = _tensors_of_map(graph, mapped, name)
        work = _Import(graph, proto, scope[:-1], tensors, op_defs, validate_colocation_constraints)
        return work.run(wanted)


# ------------------------------------------------------------------------------------------------------- arguments


def _checked_map(input_map: Any) -> dict[str, Any]:
    if input_map is None:
        return {}
    if not isinstance(input_map, Mapping):
        raise TypeError(f"Argument `input_map` must be a dictionary. Obtained {type(input_map).__name__}")
    keys = list(input_map)
    if not all(isinstance(key, (str, bytes)) for key in keys):
        raise TypeError(f"All keys for argument `input_map` must be strings. Obtained keys: {keys}")
    return {key.decode() if isinstance(key, bytes) else key: value for key, value in input_map.items()}


def _checked_names(return_elements: Any) -> list[str] | None:
    if return_elements is None:
        return None
    names = list(return_elements)
    if not all(isinstance(name, (str, bytes)) for name in names):
        raise TypeError(f"Argument `return_elements` must be a list of strings. Obtained {return_elements}.")
    return [name.decode() if isinstance(name, bytes) else name for name in names]


def _tensors_of_map(graph: Graph, mapped: dict[str, Any], name: str | None) -> dict[str, Any]:
    """Makes tensors of the values of `input_map`, in the scope `_inputs`, as TF1 does."""
    plain = [key for key, v in mapped.items() if not isinstance(v, (Tensor, Operation))]
    if not plain:
        return mapped
    if name == "":
        raise ValueError(
            "tf.import_graph_def() requires a non-empty `name` if `input_map` contains non-Tensor values. Try calling "
            "tf.convert_to_tensor() on `input_map` values before calling tf.import_graph_def()."
        )
    result = dict(mapped)
    with graph.name_scope("_inputs"):
        for key in plain:
            result[key] = convert_to_tensor(mapped[key])
    return result


def _check_versions(versions: Any) -> None:
    ours = version.GRAPH_DEF_VERSION
    if versions.min_consumer > ours:
        raise ValueError(
            f"GraphDef min consumer version {versions.min_consumer} above current version {ours} of this package: "
            "the file was written for readers of a later TensorFlow."
        )
    if ours in versions.bad_consumers:
        raise ValueError(f"GraphDef disallows consumer version {ours}: its writer knows that this version misreads it.")


def _merged_versions(graph: Graph, new: Any, was_empty: bool) -> Any:
    old = graph.graph_def_versions
    merged = protos.VersionDef()
    merged.CopyFrom(old)
    merged.producer = min(old.producer, new.producer) if new.producer or not was_empty else old.producer
    merged.min_consumer = max(old.min_consumer, new.min_consumer)
    merged.bad_consumers.extend(sorted(set(new.bad_consumers) - set(old.bad_consumers)))
    return merged


# ----------------------------------------------------------------------------------------------------------- import


class _Import:
    """One call of `import_graph_def`: what the file holds, and what has become of it."""

    def __init__(
        self,
        graph: Graph,
        proto: Any,
        prefix: str,
        input_map: dict[str, Any],
        op_defs: dict[str, Any],
        validate_colocation: bool,
    ) -> None:
        self.graph = graph
        self.proto = proto
        self.prefix = prefix
        self.op_defs = op_defs
        self.validate_colocation = validate_colocation
        self.mapped_tensors: dict[tuple[str, int], Any] = {}
        self.mapped_controls: dict[str, Operation] = {}
        for key, value in input_map.items():
            if key.startswith("^"):
                self.mapped_controls[key[1:]] = value.op if isinstance(value, Tensor) else value
            elif isinstance(value, Operation):
                raise TypeError(
                    f"can't convert Operation '{value.name}' to Tensor (the value for '{key}' in input_map)"
                )
            else:
                self.mapped_tensors[_tensor_key(key)] = value
        self.used: set[Any] = set()
        self.nodes: dict[str, ImportedNode] = {}
        self.new_names: dict[str, str] = {}
        self.ops: dict[str, Operation] = {}
        self.regions: dict[str, ControlFlowContext] = {}
        self.site = user_site()

    def run(self, wanted: list[str] | None) -> list[Any] | None:
        """Records the nodes and returns what `wanted` names."""
        graph = self.graph
        with graph._lock:
            self._name_nodes()
            self._read_nodes()
            self._guess_unknown_outputs(wanted or ())
            self._check_references()
            self._check_regions()
            order = self._order()
            with _all_or_nothing(graph):
                with _neutral_scopes(graph) as outer:
                    for node in order:
                        self.ops[node.name] = self._record(node, outer)
                    self._place_neighbours()
                    self._check_map_is_used()
                    found = None if wanted is None else [self._element(name) for name in wanted]
                    self._tie(outer)
                    if any(node.regions and node.output_shapes is None for node in self.nodes.values()):
                        settle_shapes(self.ops.values())
                graph._versions = _merged_versions(graph, self.proto.versions, len(graph._ops) == len(self.ops))
                self._keep_library()
        return found

    # Reading ---------------------------------------------------------------------------------------------------------

    def _name_nodes(self) -> None:
        taken = _names_in(self.graph)
        lead = f"{self.prefix}/" if self.prefix else ""
        planned = {lead + node.name for node in self.proto.node}
        for node in self.proto.node:
            try:
                check_op_name(node.name)
            except ValueError:
                raise ValueError(f"Node '{node.name}': Node name contains invalid characters") from None
            if node.name in self.new_names:
                raise ValueError(f"Node '{node.name}' is not unique")
            new = name = lead + node.name
            count = 0
            while new in taken or (count and new in planned):
                count += 1
                new = f"{name}_{count}"
            taken.add(new)
            self.new_names[node.name] = new

    def _read_nodes(self) -> None:
        for proto in self.proto.node:
            self.nodes[proto.name] = read_node(proto, self.new_names[proto.name], self.op_defs)

    def _check_references(self) -> None:
        """Checks that what the nodes refer to is in the file, before anything is recorded."""
        for node in self.nodes.values():
            for name, index in node.inputs:
                if (name, index) in self.mapped_tensors:
                    self.used.add((name, index))
                    continue
                source = self.nodes.get(name)
                if source is None:
                    raise ValueError(f"Node '{node.name}': Unknown input node '{_tensor_text(name, index)}'")
                count = len(source.output_types or ())
                if index >= count:
                    raise ValueError(
                        f"Node '{node.name}': Connecting to invalid output {index} of source node {name} which has "
                        f"{count} outputs."
                    )
            for name in node.controls:
                if name in self.mapped_controls:
                    self.used.add(name)
                elif name not in self.nodes:
                    raise ValueError(f"Node '{node.name}': Unknown input node '^{name}'")
            self._check_colocation(node)

    def _check_colocation(self, node: ImportedNode) -> None:
        for group in node.colocation if self.validate_colocation else ():
            target = _colocated_with(group)
            if target is not None and target not in self.nodes:
                raise ValueError(f"Node '{node.name}' expects to be colocated with unknown node '{target}'")

    def _check_regions(self) -> None:
        """Checks that regions lie in each other like boxes."""
        around: dict[str, str] = {}
        for node in self.nodes.values():
            for description in node.regions:
                if description.name in around:
                    raise ValueError(f"Node '{node.name}': the region '{description.name}' belongs to another node too")
                around[description.name] = node.region
        for name in around:
            seen = {name}
            outer = around[name]
            while outer in around:
                if outer in seen:
                    raise ValueError(f"the region '{name}' lies inside itself")
                seen.add(outer)
                outer = around[outer]

    def _guess_unknown_outputs(self, wanted: Sequence[str]) -> None:
        """Gives outputs to nodes of types of which nothing is known: as many as are used, of the dtype that is used."""
        unknown = {n.name: n for n in self.nodes.values() if n.output_types is None}
        if not unknown:
            return
        counts = {name: len(node.output_shapes or ()) for name, node in unknown.items()}
        used_as: dict[tuple[str, int], DType] = {}
        for node in self.nodes.values():
            for i, key in enumerate(node.inputs):
                if key[0] in unknown:
                    counts[key[0]] = max(counts[key[0]], key[1] + 1)
                    if node.input_types is not None:
                        used_as.setdefault(key, node.input_types[i])
        for text in wanted:
            name, _, index = text.partition(":")
            if name in unknown and index.isdigit() and int(index) < MOST_ARGUMENTS:
                counts[name] = max(counts[name], int(index) + 1)
        for name, node in unknown.items():
            if counts[name] > MOST_ARGUMENTS:
                raise ValueError(f"Node '{name}': an output beyond number {MOST_ARGUMENTS} is used")
            node.output_types = [used_as.get((name, i), _attr_dtype(node, i)) for i in range(counts[name])]

    def _order(self) -> list[ImportedNode]:
        """Returns the nodes with inputs first, ties by place in the file."""
        nodes = list(self.nodes.values())
        place = {node.name: i for i, node in enumerate(nodes)}
        waiting = [0] * len(nodes)
        users: list[list[int]] = [[] for _ in nodes]
        for i, node in enumerate(nodes):
            sources = {place[n] for n, k in node.inputs if (n, k) not in self.mapped_tensors}
            sources |= {place[n] for n in node.controls if n not in self.mapped_controls}
            waiting[i] = len(sources)
            for source in sources:
                users[source].append(i)
        ready = [i for i, count in enumerate(waiting) if not count]
        order: list[ImportedNode] = []
        while ready:
            i = heapq.heappop(ready)
            order.append(nodes[i])
            for user in users[i]:
                waiting[user] -= 1
                if not waiting[user]:
                    heapq.heappush(ready, user)
        if len(order) < len(nodes):
            raise _cycle_error([node for i, node in enumerate(nodes) if waiting[i]])
        return order

    # Recording -------------------------------------------------------------------------------------------------------

    def _record(self, node: ImportedNode, outer: Scopes) -> Operation:
        graph = self.graph
        name = self.new_names[node.name]
        inputs = tuple(self._source(key) for key in node.inputs)
        _check_input_types(node, name, inputs)
        output_types = node.output_types or []
        dims = _dims_of(node, name, inputs, len(output_types))
        op = graph.create_node(
            node.type, name + "/", inputs, output_types, dims, node.attrs, node.record, self.site
        )  # fmt: skip
        graph._names.take(name)
        controls = {self.mapped_controls.get(c) or self.ops[c]: None for c in sorted(node.controls)}
        controls.update(dict.fromkeys(outer.control_inputs_for([t.op for t in inputs])))
        op._control_inputs.extend(controls)
        targets = [_colocated_with(group) for group in node.colocation]
        op._colocation = tuple(f"loc:@{self.new_names.get(t, t)}" for t in targets if t is not None)
        self._place(op, node, outer)
        return op

    def _source(self, key: tuple[str, int]) -> Tensor:
        mapped = self.mapped_tensors.get(key)
        return self.ops[key[0]].outputs[key[1]] if mapped is None else mapped

    def _place(self, op: Operation, node: ImportedNode, outer: Scopes) -> None:
        """Gives a node its device, unless it goes to that of another node."""
        if _neighbours(node):
            return
        if node.device or outer.devices:
            try:
                op.device = resolve_device(op, [*outer.devices, node.device] if node.device else outer.devices)
            except ValueError as error:
                raise ValueError(f"Node '{node.name}': {error}") from None

    def _place_neighbours(self) -> None:
        """Puts nodes that are colocated with others on the device of the first of them that has one."""
        for name, op in self.ops.items():
            devices = (self.ops[n].device for n in _neighbours(self.nodes[name]) if n in self.ops)
            op.device = next((device for device in devices if device), op.device)

    # Regions, gradients, returned elements ---------------------------------------------------------------------------

    def _tie(self, outer: Scopes) -> None:
        """Ties nodes to their regions and gradient nodes to their forward nodes."""
        for node in self.nodes.values():
            for description in node.regions:
                kind = dict(description.attrs).get("kind", "")
                region = self.regions[description.name] = ControlFlowContext("", str(kind), None)
                region.from_file = True
        for node in self.nodes.values():
            around = self.regions.get(node.region, outer.context)
            for description in node.regions:
                self._fill_region(self.regions[description.name], description, around, node)
        for name, op in self.ops.items():
            node = self.nodes[name]
            region = self.regions.get(node.region, outer.context)
            if region is not None:
                op.context = region
                region.add_op(op)
            if node.regions:
                op._extra = {**(op._extra or {}), "regions": tuple(self.regions[d.name] for d in node.regions)}
            if node.forward:
                forward = self.ops.get(node.forward)
                op.attrs[FORWARD] = self.new_names.get(node.forward, node.forward)
                if forward is not None:
                    link_forward(op, forward)

    def _fill_region(
        self,
        region: ControlFlowContext,
        description: FunctionAttr,
        around: ControlFlowContext | None,
        node: ImportedNode,
    ) -> None:
        fields = dict(description.attrs)
        place = f"region '{description.name}' of node '{node.name}'"
        region.name = "/".join(filter(None, (self.prefix, str(fields.get("name", "")))))
        region.outer = around
        region.captures = dict.fromkeys(self._region_tensors(fields, "captures", place))
        region.controls = dict.fromkeys(self._region_ops(fields, "controls", place))
        region.results = self._region_tensors(fields, "results", place)
        region.result_controls = self._region_ops(fields, "result_controls", place)
        region.parameters = self._region_tensors(fields, "parameters", place)
        for key, value in fields.items():
            if key.startswith("extra."):
                region.extra[key[len("extra.") :]] = self._restored(value, place)

    def _region_tensors(self, fields: dict[str, Any], key: str, place: str) -> list[Tensor]:
        return [self._named_tensor(str(name), place) for name in fields.get(key, ())]

    def _region_ops(self, fields: dict[str, Any], key: str, place: str) -> list[Operation]:
        return [self._named_op(str(name), place) for name in fields.get(key, ())]

    def _named_op(self, name: str, place: str) -> Operation:
        op = self.mapped_controls.get(name) or self.ops.get(name)
        if op is None:
            raise ValueError(f"the {place} refers to the node '{name}', which is not in the GraphDef")
        return op

    def _named_tensor(self, text: str, place: str) -> Tensor:
        key = _tensor_key(text)
        if key in self.mapped_tensors:
            return self.mapped_tensors[key]
        op = self.ops.get(key[0])
        if op is None or key[1] >= len(op.outputs):
            raise ValueError(f"the {place} refers to the tensor '{text}', which is not in the GraphDef")
        return op.outputs[key[1]]

    def _restored(self, value: Any, place: str) -> Any:
        if isinstance(value, FunctionAttr) and value.name in ("tensor", "operation"):
            name = str(dict(value.attrs).get("name", ""))
            return self._named_tensor(name, place) if value.name == "tensor" else self._named_op(name, place)
        if isinstance(value, tuple):
            return tuple(self._restored(item, place) for item in value)
        return value

    def _check_map_is_used(self) -> None:
        missing = [
            _tensor_text(name, index, always=True)
            for name, index in self.mapped_tensors
            if (name, index) not in self.used and (name not in self.ops or index >= len(self.ops[name].outputs))
        ]
        missing += [f"^{name}" for name in self.mapped_controls if name not in self.used and name not in self.ops]
        if missing:
            raise ValueError(f"Attempted to map inputs that were not found in graph_def: [{', '.join(missing)}]")

    def _element(self, text: str) -> Any:
        if ":" not in text:
            if text not in self.ops:
                raise ValueError(f"Requested return node '{text}' not found in graph def")
            return self.ops[text]
        name, _, index = text.partition(":")
        if not index.isdigit():
            raise ValueError(
                f"Cannot convert {text!r} to a tensor name. Second component of the name following the `:` should be "
                f"an int. Got {index}."
            )
        mapped = self.mapped_tensors.get((name, int(index)))
        if mapped is not None:
            return mapped
        op = self.ops.get(name)
        if op is None:
            raise ValueError(f"Requested return tensor '{text}' not found in graph def")
        if int(index) >= len(op.outputs):
            raise ValueError(f"Invalid return output {index} of node '{name}', which has {len(op.outputs)} output(s)")
        return op.outputs[int(index)]

    def _keep_library(self) -> None:
        """Keeps the file's functions, so that nodes that name them can be written again."""
        if not self.proto.library.function:
            return
        library = self.graph.extra.get(LIBRARY)
        if library is None:
            library = self.graph.extra[LIBRARY] = protos.FunctionDefLibrary()
        known = {function.signature.name for function in library.function}
        library.function.extend(f for f in self.proto.library.function if f.signature.name not in known)
        library.gradient.extend(self.proto.library.gradient)


# ------------------------------------------------------------------------------------------------------------ parts


def _tensor_key(text: str) -> tuple[str, int]:
    name, _, index = text.rpartition(":")
    return (name, int(index)) if name and index.isdigit() else (text, 0)


def _tensor_text(name: str, index: int, always: bool = False) -> str:
    return f"{name}:{index}" if index or always else name


def _colocated_with(group: Any) -> str | None:
    return group[len("loc:@") :] if isinstance(group, str) and group.startswith("loc:@") else None


def _neighbours(node: ImportedNode) -> list[str]:
    """The other nodes that a node is colocated with."""
    targets = (_colocated_with(group) for group in node.colocation)
    return [target for target in targets if target is not None and target != node.name]


def _attr_dtype(node: ImportedNode, index: int) -> DType:
    """The dtype of an output of which only the node's attributes may tell something."""
    for name in _TYPE_ATTRS:
        value = node.attrs.get(name)
        if isinstance(value, DType):
            return value
        if isinstance(value, tuple) and index < len(value) and isinstance(value[index], DType):
            return value[index]
    return dtypes.variant


def _names_in(graph: Graph) -> set[str]:
    """Names of the nodes of a graph and of all scopes around them: none of them can be given to a node."""
    taken = set(graph._ops)
    for name in list(taken):
        scope = name.rpartition("/")[0]
        while scope and scope not in taken:
            taken.add(scope)
            scope = scope.rpartition("/")[0]
    return taken


def _cycle_error(nodes: list[ImportedNode]) -> Exception:
    return ValueError(f"{len(nodes)} nodes in a cycle: {', '.join(node.name for node in nodes[:20])}")


def _check_input_types(node: ImportedNode, name: str, inputs: tuple[Tensor, ...]) -> None:
    if node.input_types is None:
        return
    for i, (tensor, wanted) in enumerate(zip(inputs, node.input_types, strict=True)):
        found = tensor.dtype
        if found is not wanted and (wanted._is_ref_dtype or found.base_dtype is not wanted):
            raise ValueError(
                f"Input {i} of node {name} was passed {type_text(found)} from {tensor.name} incompatible with expected "
                f"{type_text(wanted)}."
            )


def _dims_of(node: ImportedNode, name: str, inputs: tuple[Tensor, ...], count: int) -> list[Dims]:
    """Returns the static shapes of a node's outputs: what its rule finds, with what the file's writer knew."""
    dims: list[Dims] = [None] * count
    if node.input_types is not None:
        context = ShapeContext(node.record, name, inputs, node.attrs)
        try:
            dims = infer_dims(node.record, context, count)
        except (ValueError, TypeError, OpError):
            raise
        except Exception as error:  # a rule may trip over attributes that no program would write
            raise ValueError(f"the shapes of node {name} ({node.type}) cannot be found: {error}") from error
    for i, known in enumerate((node.output_shapes or ())[:count]):
        try:
            dims[i] = merge_dims(dims[i], known)
        except ValueError as error:
            raise ValueError(
                f"Node '{name}' has an _output_shapes attribute inconsistent with the GraphDef for output #{i}: {error}"
            ) from None
    return dims


@contextmanager
def _all_or_nothing(graph: Graph) -> Iterator[None]:
    """Takes back what was recorded if the block fails."""
    graph._check_not_finalized()
    next_id, counts, versions = graph._next_id, dict(graph._names._counts), graph._versions
    try:
        yield
    except BaseException:
        for op in [op for op in graph._ops.values() if op._id >= next_id]:
            del graph._ops[op.name]
        graph._next_id, graph._names._counts, graph._versions = next_id, counts, versions
        raise


@contextmanager
def _neutral_scopes(graph: Graph) -> Iterator[Scopes]:
    """Hides the open scopes while nodes are recorded that bring their own; yields what was open."""
    scopes = graph.scopes
    fields = ("attrs", "colocation", "context", "controllers", "devices", "gradient_overrides")
    outer, neutral = Scopes(), Scopes()
    for name in fields:
        setattr(outer, name, getattr(scopes, name))
        setattr(scopes, name, getattr(neutral, name))
    try:
        yield outer
    finally:
        for name in fields:
            setattr(scopes, name, getattr(outer, name))
