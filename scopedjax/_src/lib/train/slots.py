"""Slots: the variables that an optimizer or a moving average keeps beside a variable, such as 'w/Momentum'.

A slot is an ordinary variable, saved and restored by its name. It stands under the name of its primary; where that
is a slice of a partitioned variable, so is the slot.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.shapes import to_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.variables.initializers import zeros_initializer
from scopedjax._src.variables.resource_variable import ResourceVariable
from scopedjax._src.variables.scope import variable_scope
from scopedjax._src.variables.spec import GetterSpec
from scopedjax._src.variables.store import get_store
from scopedjax._src.variables.variable import Variable


def _slice_of_slot(primary: Any, slot: Variable) -> None:
    """Marks the slot of a slice as a slice; a slot with fewer axes is sliced along those that it has."""
    info = primary._get_save_slice_info() if isinstance(primary, Variable) else None
    axes = slot.get_shape().rank
    if info is None or axes == 0:
        return
    real_name = slot.name[len(primary.op.name) + 1 : -2]
    full, offset, shape = ((part or ())[:axes] for part in (info.full_shape, info.var_offset, info.var_shape))
    slot._set_save_slice_info(Variable.SaveSliceInfo(f"{info.full_name}/{real_name}", full, offset, shape))


def primary_known(primary: Any) -> bool:
    """Whether the static shape of the primary is known."""
    return bool(primary.get_shape().is_fully_defined())


def create_slot(primary: Any, val: Any, name: str, colocate_with_primary: bool = True) -> Variable:
    """Makes a slot with an initial value.

    Args:
      primary: The variable or tensor that the slot belongs to.
      val: Initial value, a tensor.
      name: Name below that of the primary.
      colocate_with_primary: Whether the slot belongs on the primary's device.
    """
    return _create(primary, val, None, None, name, colocate_with_primary)


def create_slot_with_initializer(
    primary: Any, initializer: Any, shape: Any, dtype: Any, name: str, colocate_with_primary: bool = True
) -> Variable:
    """Makes a slot with an initializer.

    Args:
      primary: The variable or tensor that the slot belongs to.
      initializer: Initializer.
      shape: Shape.
      dtype: Dtype.
      name: Name below that of the primary.
      colocate_with_primary: Whether the slot belongs on the primary's device.
    """
    dims = to_dims(shape)
    if dims is not None and None not in dims:
        return _create(primary, initializer, dims, dtype, name, colocate_with_primary)
    value = initializer(apply_op("Shape", primary), dtype=dtype)
    return _create(primary, value, None, None, name, colocate_with_primary)


def create_zeros_slot(primary: Any, name: str, dtype: Any = None, colocate_with_primary: bool = True) -> Variable:
    """Makes a slot of zeros with the shape of the primary.

    Args:
      primary: The variable or tensor that the slot belongs to.
      name: Name below that of the primary.
      dtype: Dtype; the primary's if not given.
      colocate_with_primary: Whether the slot belongs on the primary's device.
    """
    dtype = primary.dtype.base_dtype if dtype is None else dtype
    return create_slot_with_initializer(
        primary, zeros_initializer(), primary.get_shape(), dtype, name, colocate_with_primary
    )


def _create(primary: Any, value: Any, shape: Any, dtype: Any, name: str, colocate: bool) -> Variable:
    graph = primary.graph
    with graph.as_default(), graph.outermost():
        with variable_scope(None, f"{primary.op.name}/{name}", auxiliary_name_scope=True) as scope:
            if colocate:
                with graph.colocate_with(primary.op):
                    slot = _make(scope, value, shape, dtype, primary)
            else:
                slot = _make(scope, value, shape, dtype, primary)
    _slice_of_slot(primary, slot)
    return slot


def _make(scope: Any, value: Any, shape: Any, dtype: Any, primary: Any) -> Variable:
    """Makes the variable that has exactly the name of the scope: a trailing "/" takes a name as it is.

    Sharing is as the scope says, as in TF1: under `reuse=True` a slot that is not there is an error.
    """
    sizes = None if shape is None else list(shape)
    spec = GetterSpec(scope.name + "/", sizes, dtype, value, reuse=scope.reuse, trainable=False)
    if dtype is None and isinstance(value, Tensor):
        spec.dtype = value.dtype.base_dtype
    spec.use_resource = isinstance(primary, ResourceVariable)
    spec.validate_shape = shape is not None or primary_known(primary)
    with stacks.get_default_graph().name_scope(None):
        return get_store().get_variable(spec)
