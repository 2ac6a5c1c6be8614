"""The nodes of a saver: TensorFlow's own, name by name, so that MetaGraphDefs go to and fro.

    save/filename/input ─ save/filename ─ save/Const          the path: fed by name
    save/SaveV2(Const, names, slices, tensors...)  ─ save/control_dependency
    save/RestoreV2(Const, names, slices) ─ save/Assign, save/Assign_1, ... ─ save/restore_all

A sharded saver has a SaveV2 and a RestoreV2 for each device, and a node that makes one checkpoint of the parts.

The nodes do run (`sess.run("save/restore_all", {"save/Const:0": path})`); `Saver` itself reads from them what to do
(`saver_plan`) and does it directly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scopedjax._src.graph import protos, stacks
from scopedjax._src.graph.devices import DeviceSpec
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.train.saveables import SaveableObject, SaveSpec
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.identity import placeholder_with_default
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.files.checkpoints import FORMAT_ATTRIBUTE

V1 = 1  # SaverDef.V1, the format of TensorFlow before 1.0


def record_saver(
    saveables: Sequence[SaveableObject],
    name: str | None = None,
    filename: str | None = None,
    reshape: bool = False,
    sharded: bool = False,
    write_version: int = 2,
    format: str | None = None,
) -> Any:
    """Records the nodes that save and restore.

    Args:
      saveables: What.
      name: Name scope; default "save".
      filename: The path that the nodes take if none is fed; default "model".
      reshape: Whether values get the shapes of the variables.
      sharded: Whether each device has its own nodes.
      write_version: 1 records the saving type of TensorFlow before 1.0.
      format: The format of checkpoints that the nodes are to write; None leaves it to the settings.

    Returns:
      A SaverDef with the names of the nodes.
    """
    graph = stacks.get_default_graph()
    attrs = {} if format is None else {FORMAT_ATTRIBUTE: format}
    with name_scope(name, "save", [saveable.op for saveable in saveables]):
        path = placeholder_with_default(filename or "model", shape=(), name="filename")
        path = placeholder_with_default(path, shape=(), name="Const")
        if sharded:
            groups = _by_device(saveables)
            saved = _record_sharded_save(graph, path, groups, attrs)
            restored = _record_sharded_restore(graph, path, groups, reshape)
        else:
            saved = _record_save(graph, path, saveables, attrs, write_version)
            assignments = _record_restore(graph, path, saveables, reshape)
            restored = group(*assignments, name="restore_all")
    return protos.SaverDef(
        filename_tensor_name=path.name,
        save_tensor_name=saved.name,
        restore_op_name=restored.name,
        sharded=sharded,
        version=write_version,
    )


# -------------------------------------------------------------------------------------------------------------- saving


def _strings(items: Sequence[str]) -> np.ndarray:
    return np.array([item.encode() for item in items], object)


def _record_save(
    graph: Graph, path: Tensor, saveables: Sequence[SaveableObject], attrs: dict[str, str], write_version: int = 2
) -> Tensor:
    """Records the node that saves; returns the path as a tensor that waits for it."""
    specs = [spec for saveable in saveables for spec in saveable.specs]
    names, slices = _strings([s.name for s in specs]), _strings([s.slice_spec for s in specs])
    tensors = [spec.tensor for spec in specs]
    if write_version == V1:
        save = apply_op("SaveSlices", path, names, slices, tensors, name="save")
    else:
        save = apply_op("SaveV2", path, names, slices, tensors, name="SaveV2")
        for attribute, value in attrs.items():
            save._set_attr(attribute, value)
    with graph.colocate_with(path.op), graph.control_dependencies([save]):
        return apply_op("Identity", path, name="control_dependency")


def _by_device(saveables: Sequence[SaveableObject]) -> list[tuple[str, list[SaveableObject]]]:
    """The saveables of each device, by the device's canonical name."""
    found: dict[str, list[SaveableObject]] = {}
    for saveable in saveables:
        devices = {DeviceSpec.from_string(spec.device or "").to_string() for spec in saveable.specs}
        if len(devices) != 1:
            raise ValueError(f"All tensors of a saveable object must be on the same device: {saveable.name}")
        found.setdefault(devices.pop(), []).append(saveable)
    return sorted(found.items())


def _cpu_of(device: str) -> str:
    """The first CPU of the machine that has the device."""
    return DeviceSpec.from_string("/device:CPU:0").merged_over(DeviceSpec.from_string(device)).to_string()


def _record_sharded_save(
    graph: Graph, path: Tensor, groups: Sequence[tuple[str, list[SaveableObject]]], attrs: dict[str, str]
) -> Tensor:
    with graph.device("/device:CPU:*"):
        remote = apply_op("StaticRegexFullMatch", path, pattern="^s3://.*", name="StaticRegexFullMatch")
        choices = [convert_to_tensor(suffix, name="Const") for suffix in (".part", "_temp/part")]
        suffix = apply_op("Select", remote, *choices, name="Select")
        prefix = apply_op("StringJoin", [path, suffix], name="StringJoin")
    count = convert_to_tensor(len(groups), name="num_shards")
    files: list[Tensor] = []
    saved: list[Tensor] = []
    for number, (device, saveables) in enumerate(groups):
        with graph.device(_cpu_of(device)):
            files.append(apply_op("ShardedFilename", prefix, number, count, name="ShardedFilename"))
            saved.append(_record_save(graph, files[-1], saveables, attrs))
    with graph.control_dependencies(saved):
        with graph.device(_cpu_of(groups[-1][0])):
            merge = apply_op("MergeV2Checkpoints", files, path, name="MergeV2Checkpoints")
            with graph.control_dependencies([merge]):
                return apply_op("Identity", path, name="Identity")


# ----------------------------------------------------------------------------------------------------------- restoring


def _record_restore(
    graph: Graph, path: Tensor, saveables: Sequence[SaveableObject], reshape: bool
) -> list[Operation | Tensor]:
    """Records the node that reads, and one that puts a value back for each saveable."""
    specs = [spec for saveable in saveables for spec in saveable.specs]
    with graph.device("/device:CPU:0"):
        tensors = apply_op(
            "RestoreV2",
            path,
            _strings([spec.name for spec in specs]),
            _strings([spec.slice_spec for spec in specs]),
            dtypes=tuple(spec.dtype for spec in specs),
            name="RestoreV2",
        )
    result: list[Operation | Tensor] = []
    at = 0
    for saveable in saveables:
        restored = tensors[at : at + len(saveable.specs)]
        at += len(saveable.specs)
        shapes = [_shape_of(spec) for spec in saveable.specs] if reshape else None
        if shapes is not None:
            restored = [apply_op("Reshape", t, s, name="Reshape") for t, s in zip(restored, shapes, strict=True)]
        result.append(saveable.restore(restored, shapes))
    return result


def _shape_of(spec: SaveSpec) -> Any:
    tensor = spec.tensor
    dims = tensor._dims
    if dims is None or None in dims:
        return apply_op("Shape", tensor, name="Shape")
    return np.array(dims, np.int32)


def _record_sharded_restore(
    graph: Graph, path: Tensor, groups: Sequence[tuple[str, list[SaveableObject]]], reshape: bool
) -> Operation:
    shards: list[Operation] = []
    for device, saveables in groups:
        with graph.device(device):
            shards.append(group(*_record_restore(graph, path, saveables, reshape), name="restore_shard"))
    return group(*shards, name="restore_all")
