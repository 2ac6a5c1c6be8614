"""What a SavedModel takes and gives, for people: its graphs by tags, their signatures, dtypes and shapes.

for graph in describe("/d/model"):
    print(graph.tags, [(s.key, [e.key for e in s.inputs], [e.key for e in s.outputs]) for s in graph.signatures])
print(describe("/d/model")[0].text())           as `saved_model_cli show --dir /d/model --all` words it
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph import protos
from scopedjax._src.lib.saved_model.assets import assets_in
from scopedjax._src.lib.saved_model.messages import read_saved_model


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An input or an output of a signature.

    Attributes:
      key: Its name in the signature.
      name: The tensor, or the node; of a SparseTensor the tensors of values, indices and dense shape.
      dtype: Name of its dtype ("float32"); "" where a node is meant.
      shape: Its shape, with None for a size that is not fixed; None for an unknown rank.
    """

    key: str
    name: str
    dtype: str
    shape: tuple[int | None, ...] | None

    def lines(self, kind: str) -> list[str]:
        """What `saved_model_cli show` prints of it; `kind` is "inputs" or "outputs"."""
        sizes = (
            "unknown_rank" if self.shape is None else f"({', '.join(str(-1 if d is None else d) for d in self.shape)})"
        )
        return [
            f"    {kind}['{self.key}'] tensor_info:",
            f"        dtype: {_proto_type(self.dtype)}",
            f"        shape: {sizes}",
            f"        name: {self.name}",
        ]


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature.

    Attributes:
      key: Its name.
      method_name: What it is for.
      inputs: Its inputs, by name.
      outputs: Its outputs, by name.
    """

    key: str
    method_name: str
    inputs: tuple[Endpoint, ...]
    outputs: tuple[Endpoint, ...]

    def lines(self) -> list[str]:
        """What `saved_model_cli show` prints of it."""
        found = [f"signature_def['{self.key}']:"]
        for kind, endpoints in (("inputs", self.inputs), ("outputs", self.outputs)):
            found.append(f"  The given SavedModel SignatureDef contains the following {kind[:-1]}(s):")
            for endpoint in endpoints:
                found += endpoint.lines(kind)
        return [*found, f"  Method name is: {self.method_name}"]


@dataclass(frozen=True, slots=True)
class GraphDescription:
    """A graph of a SavedModel.

    Attributes:
      tags: Its tags, sorted.
      signatures: Its signatures, by name.
      assets: Names of its assets' files.
      nodes: The number of its nodes, those of functions not counted.
      writer: The TensorFlow version that it names.
    """

    tags: tuple[str, ...]
    signatures: tuple[Signature, ...]
    assets: tuple[str, ...]
    nodes: int
    writer: str

    def text(self) -> str:
        """What `saved_model_cli show --all` prints of the signatures."""
        lines = [f"MetaGraphDef with tag-set: '{', '.join(self.tags)}' contains the following SignatureDefs:"]
        for signature in self.signatures:
            lines += ["", *signature.lines()]
        return "\n".join(lines)


def describe(export_dir: Any) -> list[GraphDescription]:
    """Returns what the graphs of a SavedModel are.

    Args:
      export_dir: Folder of the SavedModel.

    Raises:
      OSError: There is no SavedModel, or its file cannot be read.
    """
    return [describe_graph(meta) for meta in read_saved_model(export_dir).meta_graphs]


def describe_graph(meta_graph_def: Any) -> GraphDescription:
    """Returns what a MetaGraphDef is."""
    info = meta_graph_def.meta_info_def
    return GraphDescription(
        tuple(sorted(info.tags)),
        signatures_of(meta_graph_def),
        tuple(asset.filename for asset in assets_in(meta_graph_def)),
        len(meta_graph_def.graph_def.node),
        info.tensorflow_version,
    )


def signatures_of(meta_graph_def: Any) -> tuple[Signature, ...]:
    """Returns the signatures of a MetaGraphDef, by name."""
    return tuple(
        Signature(key, signature.method_name, _endpoints(signature.inputs), _endpoints(signature.outputs))
        for key, signature in sorted(meta_graph_def.signature_def.items())
    )


def _endpoints(infos: Any) -> tuple[Endpoint, ...]:
    return tuple(
        Endpoint(key, ", ".join(_names(infos[key])), _dtype_name(infos[key].dtype), _shape(infos[key].tensor_shape))
        for key in sorted(infos)
    )


def _names(info: Any) -> Iterable[str]:
    if info.WhichOneof("encoding") == "coo_sparse":
        parts = info.coo_sparse
        return (parts.values_tensor_name, parts.indices_tensor_name, parts.dense_shape_tensor_name)
    if info.WhichOneof("encoding") == "composite_tensor":
        return [name for component in info.composite_tensor.components for name in _names(component)]
    return (info.name,)


def _dtype_name(enum: int) -> str:
    try:
        return dtypes.as_dtype(enum).base_dtype.name if enum else ""
    except TypeError:
        return f"type {enum}"  # of a later TensorFlow


def _proto_type(name: str) -> str:
    if name.startswith("type "):
        return name
    values = protos.TensorInfo.DESCRIPTOR.fields_by_name["dtype"].enum_type.values_by_number
    return values[dtypes.as_dtype(name).as_datatype_enum if name else 0].name


def _shape(proto: Any) -> tuple[int | None, ...] | None:
    return None if proto.unknown_rank else tuple(None if dim.size < 0 else dim.size for dim in proto.dim)
