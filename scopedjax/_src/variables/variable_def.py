"""VariableDef: a variable as the names of its nodes, in the form that a MetaGraphDef holds.

    <tf.Variable 's/v:0'>  ->  variable_name: "s/v:0"          initializer_name: "s/v/Assign"
                               snapshot_name: "s/v/read:0"     initial_value_name: "s/v/Initializer/zeros:0"

The names suffice to build the object again over imported nodes (`Variable.from_proto`); values are in checkpoints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scopedjax._src.graph import protos
from scopedjax._src.graph.scope_names import strip_name_scope

if TYPE_CHECKING:
    from scopedjax._src.variables.save_slice import SaveSliceInfo
    from scopedjax._src.variables.variable import Variable


def to_proto(variable: Variable, export_scope: str | None = None) -> Any:
    """Returns the VariableDef of a variable.

    Args:
      variable: The variable.
      export_scope: Only a variable below this scope is written, and its names without it.

    Returns:
      The VariableDef, or None for a variable outside `export_scope`.
    """
    if export_scope is not None and not variable.name.startswith(export_scope):
        return None
    proto = protos.VariableDef(
        variable_name=strip_name_scope(variable.name, export_scope),
        initializer_name=strip_name_scope(variable.initializer.name, export_scope),
        snapshot_name=strip_name_scope(variable._snapshot.name, export_scope),
        is_resource=variable.op.type == "VarHandleOp",
        trainable=variable.trainable,
        synchronization=variable.synchronization.value,
        aggregation=variable.aggregation.value,
    )
    if variable._initial_value is not None:
        proto.initial_value_name = strip_name_scope(variable._initial_value.name, export_scope)
    if variable._save_slice_info is not None:
        proto.save_slice_info_def.CopyFrom(slice_to_proto(variable._save_slice_info, export_scope))
    return proto


def slice_to_proto(info: SaveSliceInfo, export_scope: str | None = None) -> Any:
    """Returns the SaveSliceInfoDef that says which part of a partitioned variable one of its parts is.

    Args:
      info: The part.
      export_scope: Taken off the name of the whole variable.
    """
    return protos.SaveSliceInfoDef(
        full_name=strip_name_scope(info.full_name or "", export_scope),
        full_shape=list(info.full_shape or ()),
        var_offset=list(info.var_offset or ()),
        var_shape=list(info.var_shape or ()),
    )
