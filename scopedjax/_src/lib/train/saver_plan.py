"""What a saver's nodes say is to be saved and restored, and doing it on a session's state.

    SaverDef --names--> nodes --read off--> SavePlan:     [("w", "", storage "w"), ("emb", "4 3 0,2:0,3", ...), ...]
                                            RestorePlan:  [("w", "", float32, storage "w", [784, 10]), ...]

A saver may come from this program, from a `.meta` file of this library or from one of TensorFlow's: the nodes are all
that it leaves behind, so they are what is read. What they do is then done without running them: values go straight
between the session and the checkpoint. Running them would compile a program with one assignment for each variable.

Nodes that are not understood are run: a tensor that is no variable is fetched and then saved; a node that restores
something else than a variable is run with the path fed; and if the names are not constants, the saver's own nodes are
run as a whole.

Invariants: what is saved is one moment of the session (its lock is held while values are taken); a restore changes all
of its variables, or none if anything is wrong with one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import jax
import numpy as np

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.errors import InvalidArgumentError, OpError
from scopedjax._src.base.shapes import Dims, compatible, format_dims
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lower.bundles import host_arrays
from scopedjax._src.lower.effects import effects_of, is_handle, owner, storage_key
from scopedjax._src.lower.trace import uninitialized
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.files.checkpoints import RESTORING, SAVING, format_of
from scopedjax._src.ops.files.slices import parse_slice
from scopedjax._src.ops.state.handles import is_resource, stored_dims

_READING: Final = frozenset(("Identity", "ReadVariableOp"))  # a value of a variable passes through these unchanged
_HARMLESS: Final = frozenset(("MergeV2Checkpoints",))  # has effects, all on files that are not written here
_CACHE: Final = "saver plans"


@dataclass(frozen=True, slots=True)
class SaveItem:
    """A tensor to save.

    Attributes:
      name: Its name in the checkpoint.
      spec: Which slice of it, or "".
      key: The storage that holds it, or None for a tensor that must be computed.
      tensor: The tensor.
      node: The node that would save it.
    """

    name: str
    spec: str
    key: str | None
    tensor: Tensor
    node: Operation


class SavePlan:
    """What to save.

    Args:
      items: The tensors.

    Attributes:
      items: The same.
      names: Their names and slices.
      keys: Their storages, None for a tensor that must be computed.
      computed: Those.
    """

    def __init__(self, items: Sequence[SaveItem]) -> None:
        self.items = items
        self.names = [(item.name, item.spec) for item in items]
        self.keys = [item.key for item in items]
        self.computed = [item.tensor for item in items if item.key is None]


@dataclass(frozen=True, slots=True)
class RestoreItem:
    """A variable to restore.

    Attributes:
      name: Its name in the checkpoint.
      spec: Which slice of it, or "".
      dtype: Its dtype.
      key: The storage that takes it.
      dims: The shape that the value must have, or None for any.
      reshape: The shape that the value is given, or None.
      reader: The node that would read it.
      writer: The node that would assign it.
    """

    name: str
    spec: str
    dtype: DType
    key: str
    dims: Dims
    reshape: tuple[int, ...] | None
    reader: Operation
    writer: Operation


@dataclass(slots=True, eq=False)
class RestorePlan:
    """What to restore directly, and which nodes to run beside it.

    Attributes:
      items: The variables.
      others: The nodes.
      keys: The storages of the variables.
      wanted: What is read for them (`checkpoint_tensors.Wanted`).
      fitting: The shapes that were found to fit when it was used the last time; None where values are reshaped.
    """

    items: tuple[RestoreItem, ...]
    others: tuple[Operation, ...]
    keys: tuple[str, ...] = ()
    wanted: Any = None
    fitting: list[tuple[int, ...]] | None = None


# --------------------------------------------------------------------------------------------------- reading the nodes


def save_plan(graph: Graph, saver_def: Any) -> SavePlan | None:
    """Returns what a saver's nodes save, or None where that cannot be told without running them.

    Raises:
      KeyError: the graph does not have the nodes.
    """
    return _cached(graph, saver_def.save_tensor_name, lambda: _find_saved(graph, saver_def))


def restore_plan(graph: Graph, saver_def: Any) -> RestorePlan | None:
    """Returns what a saver's nodes restore, or None where that cannot be told without running them.

    Raises:
      KeyError: the graph does not have the nodes.
    """
    return _cached(graph, saver_def.restore_op_name, lambda: _find_restored(graph, saver_def))


def _cached(graph: Graph, name: str, make: Callable[[], Any]) -> Any:
    plans = graph.extra.setdefault(_CACHE, {})
    known = plans.get(name)
    if known is None or known[0] != graph.mutation_count:
        known = plans[name] = (graph.mutation_count, make())
    return known[1]


def written_format(plan: SavePlan) -> str | None:
    """The format of checkpoints that the nodes ask for, or None for the default."""
    return format_of(plan.items[0].node)


def _find_saved(graph: Graph, saver_def: Any) -> SavePlan | None:
    path = graph.get_tensor_by_name(saver_def.filename_tensor_name)
    writers = _saving_nodes(graph.get_tensor_by_name(saver_def.save_tensor_name), path)
    found: list[SaveItem] = []
    for node in writers or ():
        named = _names_and_slices(node, SAVING[node.type])
        if named is None:
            return None
        tensors = node.inputs[SAVING[node.type] :]
        found += [SaveItem(n, s, _storage(t), t, node) for (n, s), t in zip(named, tensors, strict=True)]
    return SavePlan(found) if found else None


def _saving_nodes(saved: Tensor, path: Tensor) -> list[Operation] | None:
    """The nodes that write, among those that `saved` waits for; None if other nodes with effects are among them."""
    seen: set[Operation] = {path.op}
    todo = [saved.op]
    writers: list[Operation] = []
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.type in SAVING:
            writers.append(node)
            continue
        record = node.record
        if record is None or (record.stateful and node.type not in _HARMLESS) or record.writes or record.rng:
            return None
        todo += [t.op for t in node.inputs] + list(node.control_inputs)
    return sorted(writers, key=lambda node: node._id)


def _names_and_slices(node: Operation, count: int) -> list[tuple[str, str]] | None:
    """The names and slices that a node of a saver has as constants; `count` inputs come before its tensors."""
    values = [constant_value(tensor) for tensor in node.inputs[1:count]]
    if any(value is None for value in values):
        return None
    names, *slices = ([_as_text(item) for item in np.ravel(np.asarray(value)).tolist()] for value in values)
    return list(zip(names, slices[0] if slices else [""] * len(names), strict=True))


def _as_text(item: Any) -> str:
    return item.decode() if isinstance(item, bytes) else str(item)


def _storage(tensor: Tensor) -> str | None:
    """The storage whose value a tensor is, or None."""
    while not is_handle(tensor):
        node = tensor.op
        if node.type not in _READING or node.control_inputs:
            return None
        tensor = node.inputs[0]
    record = tensor.op.record
    return storage_key(tensor.op) if record is not None and record.owns_storage else None


def _find_restored(graph: Graph, saver_def: Any) -> RestorePlan | None:
    path = graph.get_tensor_by_name(saver_def.filename_tensor_name)
    items: list[RestoreItem] = []
    others: list[Operation] = []
    names: dict[Operation, list[tuple[str, str]] | None] = {}
    for node in _ends(graph.get_operation_by_name(saver_def.restore_op_name)):
        item = _restored_variable(node, path, names)
        if item is None:
            others.append(node)
        else:
            items.append(item)
    return RestorePlan(tuple(items), tuple(others)) if items else None


def _ends(restore_all: Operation) -> list[Operation]:
    """The nodes that `restore_all` waits for, past those that only wait themselves."""
    seen: set[Operation] = set()
    todo, found = [restore_all], []
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.type == "NoOp" and node.control_inputs:
            todo += node.control_inputs
        else:
            found.append(node)
    return sorted(found, key=lambda node: node._id)


def _restored_variable(
    node: Operation, path: Tensor, names: dict[Operation, list[tuple[str, str]] | None]
) -> RestoreItem | None:
    """What an assignment restores; None if the node is something else."""
    if node.record is None or len(node.inputs) != 2 or not is_handle(node.inputs[0]):
        return None
    if list(effects_of(node).overwrites) != [storage_key(owner(node.inputs[0]))] or _storage(node.inputs[0]) is None:
        return None
    value, reshape = node.inputs[1], None
    while value.op.type not in RESTORING:
        if value.op.type == "Reshape" and reshape is None:
            shape = constant_value(value.op.inputs[1])
            if shape is None:
                return None
            reshape = tuple(int(size) for size in np.asarray(shape))
        elif value.op.type != "Identity":
            return None
        value = value.op.inputs[0]
    reader = value.op
    if reader not in names:
        names[reader] = _names_and_slices(reader, RESTORING[reader.type]) if reader.inputs[0] is path else None
    named = names[reader]
    if named is None:
        return None
    name, spec = named[value.value_index]
    handle = node.inputs[0]
    if is_resource(handle):
        dims = stored_dims(handle)
    else:
        dims = handle._dims if node.attrs.get("validate_shape", True) else None
    return RestoreItem(
        name, spec, value.dtype.base_dtype, storage_key(handle.op), dims, reshape, reader, node
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------- on a session


def take_values(session: Any, plan: SavePlan) -> list[tuple[str, str, np.ndarray]]:
    """Returns (name, slice, value) of what is to be saved, all of one moment.

    Raises:
      FailedPreconditionError: a variable has no value.
      InvalidArgumentError: a run before, which nobody waited for, failed.
    """
    computed = iter(session.run(plan.computed) if plan.computed else ())
    state = session.state
    state.notes.look(everything=True)
    with state.lock:
        values = state.values
        found: list[Any] = [next(computed) if key is None else values.get(key) for key in plan.keys]
        missing = next((number for number, value in enumerate(found) if value is None), None)
        if missing is not None:
            raise uninitialized(plan.items[missing].key or plan.items[missing].name, plan.items[missing].node)
        if state.platform != "cpu":
            for value in found:
                if isinstance(value, jax.Array):
                    value.copy_to_host_async()
        # A view of a CPU buffer is enough: JAX does not write into a buffer that somebody looks at, donated or not.
        return [(name, spec, array) for (name, spec), array in zip(plan.names, host_arrays(found), strict=True)]


def put_values(session: Any, plan: RestorePlan, path: str, path_tensor: Any) -> None:
    """Gives a session the values of a checkpoint.

    Args:
      session: The session.
      plan: What to restore.
      path: The checkpoint.
      path_tensor: The tensor that nodes which are run take the path from.

    Raises:
      NotFoundError: the checkpoint lacks a name.
      InvalidArgumentError: a value has another dtype or shape than its variable.
      DataLossError: the checkpoint is damaged.
    """
    from scopedjax._src.bridge import checkpoint_tensors

    if plan.wanted is None:
        plan.wanted = checkpoint_tensors.Wanted((item.name, item.spec, item.dtype) for item in plan.items)
        plan.keys = tuple(item.key for item in plan.items)
    with _at_node(plan.items[0].reader):
        arrays = checkpoint_tensors.read_tensors(path, plan.wanted)
    shapes = [array.shape for array in arrays]
    if shapes != plan.fitting:
        arrays = [_fitting(item, array) for item, array in zip(plan.items, arrays, strict=True)]
        plan.fitting = shapes if all(item.reshape is None for item in plan.items) else None
    values = dict(zip(plan.keys, arrays, strict=True))
    if plan.others:
        session.run(plan.others, {path_tensor: path})
    session.state.load_all(values)


def suggestions_for(plan: RestorePlan, path: str) -> str:
    """What to say after a restore that failed: under which names the checkpoint probably has what it seems to lack.

    Args:
      plan: What was to be restored.
      path: The checkpoint.

    Returns:
      Lines of text; "" where there is nothing to suggest, or the checkpoint cannot be read.
    """
    from scopedjax._src.lib.train import checkpoint_reader, rename_suggestions

    wanted: dict[str, tuple[str | None, Dims]] = {}
    for item in plan.items:
        box = parse_slice(item.spec)
        dims = box.full if box is not None else None if item.reshape is not None else item.dims
        wanted[item.name] = (None if item.dtype is None else item.dtype.name), dims
    try:
        reader = checkpoint_reader.open_checkpoint(path)
    except OpError:
        return ""
    dtypes, shapes = reader.get_variable_to_dtype_map(), reader.get_variable_to_shape_map()
    found = {name: (dtype.base_dtype.name, tuple(shapes[name])) for name, dtype in dtypes.items()}
    return rename_suggestions.suggestions_text(wanted, found, path)


def _fitting(item: RestoreItem, array: np.ndarray) -> np.ndarray:
    """The value as its variable takes it."""
    node = item.writer
    if item.reshape is not None:
        count = int(np.prod(item.reshape, dtype=np.int64))
        if count != array.size:
            raise InvalidArgumentError(
                None,
                node,
                f"Input to reshape is a tensor with {array.size} values, but the requested shape has {count}: "
                f"{item.name} in the checkpoint has shape {format_dims(array.shape)}, the variable {item.key} "
                f"{format_dims(item.reshape)}{_mark(node)}",
            )
        return array.reshape(item.reshape)
    if not compatible(item.dims, array.shape):
        raise InvalidArgumentError(
            None,
            node,
            f"Assign requires shapes of both tensors to match. lhs shape= {format_dims(item.dims)} rhs shape= "
            f"{format_dims(array.shape)}: the variable {item.key} has the first, {item.name} in the checkpoint the "
            f"second. Name variables, so that each finds its own value, or restore others only{_mark(node)}",
        )
    return array


def _mark(node: Operation) -> str:
    return f"\n\t [[{{{{node {node.name}}}}}]]"


@contextmanager
def _at_node(node: Operation) -> Iterator[None]:
    """Errors inside name the node."""
    try:
        yield
    except OpError as error:
        if error.op is not None:
            raise
        kind: Any = type(error)
        raise kind(None, node, error.message + _mark(node)) from error
