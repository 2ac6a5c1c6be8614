"""What a Saver saves: each item under its name, with the tensors to write and the node that puts them back.

    Saver([w, b])            {"w": variable w, "b": variable b}
    Saver({"old/w": w})      {"old/w": variable w}
    a partitioned variable   {"emb": slices emb/part_0, emb/part_1}: one tensor in the checkpoint

`SaveableObject` is the interface; a variable, or a slice of one, is a `VariableSaveable`. Objects that are no variables
(tables, iterators) bring their own subclass and stand in `GraphKeys.SAVEABLE_OBJECTS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.graphkeys import GraphKeys
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.state.handles import is_resource, stored_dims
from scopedjax._src.variables.partitioned import PartitionedVariable
from scopedjax._src.variables.variable import Variable


class SaveSpec:
    """One tensor to save.

    Args:
      tensor: The tensor, or a function that returns it.
      slice_spec: Which part of the tensor `name` it is, as in "4 3 0,2:0,3"; "" for the whole.
      name: Its name in the checkpoint.
      dtype: Its dtype, where `tensor` is a function.
      device: Its device, where `tensor` is a function.
    """

    def __init__(
        self, tensor: Any, slice_spec: str, name: str, dtype: DType | None = None, device: str | None = None
    ) -> None:
        self._tensor: Any = tensor
        self.slice_spec = slice_spec
        self.name = name
        if dtype is None and callable(tensor):
            raise AssertionError(f"{name}: where the tensor is a function, its dtype must be given")
        self.dtype: DType = tensor.dtype.base_dtype if dtype is None else dtype
        self.device: str = (tensor.device if not callable(tensor) else "") if device is None else device

    @property
    def tensor(self) -> Tensor:
        """The tensor."""
        if callable(self._tensor):
            return self._tensor()  # type: ignore[no-any-return]
        return self._tensor


class SaveableObject:
    """Something that a Saver saves; subclasses say how it is restored.

    Args:
      op: What is saved; two saveables of one Saver must not have the same.
      specs: The tensors that make it up.
      name: Its name.
    """

    def __init__(self, op: Any, specs: Sequence[SaveSpec], name: str) -> None:
        self.op = op
        self.specs = list(specs)
        self.name = name

    @property
    def device(self) -> str:
        """The device that it is on."""
        return self.specs[0].device

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Sequence[Any] | None) -> Any:
        """Records the node that puts the values back.

        Args:
          restored_tensors: A tensor read from the checkpoint for each of `specs`.
          restored_shapes: The shapes that the values have been given, or None if they are as in the checkpoint.

        Returns:
          The node, or its tensor.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it is restored")


class VariableSaveable(SaveableObject):
    """A variable, or a slice of a partitioned one."""

    def __init__(self, variable: Any, source: Tensor, slice_spec: str, name: str) -> None:
        self._ref: Tensor = variable._ref() if hasattr(variable, "_ref") else variable
        super().__init__(self._ref.op, [SaveSpec(source, slice_spec, name)], name)

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Sequence[Any] | None) -> Any:
        """Records the assignment."""
        value = restored_tensors[0]
        if is_resource(self._ref):
            return self._restore_handle(value, restored_shapes)
        dims = self._ref._dims
        known = dims is not None and None not in dims
        with self.op.graph.colocate_with(self.op):
            return apply_op("Assign", self._ref, value, validate_shape=restored_shapes is None and known, name="Assign")

    def _restore_handle(self, value: Tensor, restored_shapes: Sequence[Any] | None) -> Operation:
        dims = stored_dims(self._ref)
        known = dims is not None and None not in dims
        with self.op.graph.device(self.op.device):
            value = apply_op("Identity", value)
            validates = restored_shapes is None and known
            return apply_op("AssignVariableOp", self._ref, value, validate_shape=validates)


# -------------------------------------------------------------------------------------------------- from Saver's list


def all_saveable_objects(scope: str | None = None) -> list[Any]:
    """Returns what a Saver saves by default: the global variables and the saveable objects of the default graph."""
    graph = stacks.get_default_graph()
    return graph.get_collection(GraphKeys.GLOBAL_VARIABLES, scope) + graph.get_collection(
        GraphKeys.SAVEABLE_OBJECTS, scope
    )


def validated_saveables(var_list: Any) -> list[SaveableObject]:
    """Returns the saveables of a Saver's `var_list`, sorted by name.

    Args:
      var_list: List of variables, or dict of their names in the checkpoint.

    Raises:
      TypeError: something in it is no variable.
      ValueError: two have one name, or one has two names, or slices do not belong together.
    """
    named = var_list if isinstance(var_list, Mapping) else _by_name(var_list)
    found: list[SaveableObject] = []
    seen: set[Any] = set()
    wrong = next((name for name in named if not isinstance(name, str)), None)
    if wrong is not None:
        raise TypeError(
            f"names_to_saveables must be a dict mapping string names to trackable operations. Name is not a string: "
            f"{wrong}"
        )
    for name in sorted(named):
        for saveable in _saveables(name, named[name]):
            key = saveable.op if isinstance(saveable.op, (Operation, Tensor, str)) else id(saveable.op)
            if key in seen:
                raise ValueError(f"The same saveable will be restored with two names: {saveable.name}")
            seen.add(key)
            found.append(saveable)
    return found


def _by_name(var_list: Any) -> dict[str, Any]:
    if not isinstance(var_list, (list, tuple, set)):
        raise TypeError(f"Variables to save should be passed in a dict or a list. Got {var_list}")
    # As TF1: by the names of the nodes, so that an error names the same one of two.
    named: dict[str, Any] = {}
    for item in sorted(var_list, key=lambda v: str(getattr(v, "name", ""))):
        if isinstance(item, SaveableObject):
            _add_once(named, item.name, item)
        elif isinstance(item, PartitionedVariable):
            _add_once(named, item.name, item)
        elif isinstance(item, Variable) and item._get_save_slice_info() is not None:
            _add_slice(named, item)
        else:
            _add_once(named, _storage(item).op.name, item)
    return named


def _add_once(named: dict[str, Any], name: str, item: Any) -> None:
    if name in named:
        raise ValueError(f"At least two variables have the same name: {name}")
    named[name] = item


def _add_slice(named: dict[str, Any], variable: Variable) -> None:
    name = str(_slice_info(variable).full_name)
    known = named.setdefault(name, [])
    if not isinstance(known, list):
        raise ValueError(f"At least two variables have the same name: {name}")
    known.append(variable)


def _slice_info(variable: Any) -> Any:
    info = variable._get_save_slice_info() if isinstance(variable, Variable) else None
    if info is None:
        raise ValueError(f"Slices must all be slices: {variable}")
    return info


def _storage(item: Any) -> Tensor:
    """The handle of a variable.

    Raises:
      TypeError: it is no variable.
    """
    tensor = item._ref() if hasattr(item, "_ref") else item
    record = getattr(getattr(tensor, "op", None), "record", None)
    if not isinstance(tensor, Tensor) or record is None or not record.owns_storage:
        raise TypeError(
            f"Variable to save is not a Variable: {item}. A Saver saves tf.Variable objects; to keep the value of "
            "another tensor, assign it to a variable first."
        )
    return tensor


def _saveables(name: str, item: Any) -> Iterable[SaveableObject]:
    """The saveables that one name stands for."""
    if isinstance(item, SaveableObject):
        yield item
    elif isinstance(item, (list, tuple, PartitionedVariable)):
        full_name = None
        for variable in item:
            info = _slice_info(variable)
            full_name = full_name or info.full_name
            if info.full_name != full_name:
                raise ValueError(f"Slices must all be from the same tensor: {full_name} != {info.full_name}")
            yield VariableSaveable(variable, variable.value(), info.spec, name)
    else:
        try:
            handle = _storage(item)
        except TypeError as error:
            raise TypeError(
                f"names_to_saveables must be a dict mapping string names to Tensors/Variables. Not a variable: {item}"
            ) from error
        yield VariableSaveable(item, item._as_graph_element() if is_resource(handle) else handle, "", name)
