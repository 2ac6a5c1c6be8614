"""TensorInfo: how a SavedModel's signature says which tensor it means.

Tensor 'x:0'      name: "x:0"  dtype: DT_FLOAT  tensor_shape [-1, 3]
SparseTensor      coo_sparse { values, indices and dense_shape by name }  dtype, shape
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph import protos, stacks
from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.scope_names import prepend_name_scope
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor


def build_tensor_info(tensor: Any) -> Any:
    """Returns the TensorInfo of a tensor, a variable or a SparseTensor.

    Args:
      tensor: The tensor.

    >>> info = tf.saved_model.build_tensor_info(tf.placeholder(tf.float32, [None, 3], name="x"))
    >>> info.name, [dim.size for dim in info.tensor_shape.dim]
    ('x:0', [-1, 3])
    """
    info = protos.TensorInfo(
        dtype=dtypes.as_dtype(tensor.dtype).as_datatype_enum, tensor_shape=tensor.get_shape().as_proto()
    )
    if isinstance(tensor, SparseTensor):
        info.coo_sparse.values_tensor_name = tensor.values.name
        info.coo_sparse.indices_tensor_name = tensor.indices.name
        info.coo_sparse.dense_shape_tensor_name = tensor.dense_shape.name
    else:
        info.name = tensor.name
    return info


def get_tensor_from_tensor_info(tensor_info: Any, graph: Graph | None = None, import_scope: str | None = None) -> Any:
    """Returns the tensor or SparseTensor that a TensorInfo describes.

    Args:
      tensor_info: The TensorInfo.
      graph: The graph; default: the default graph.
      import_scope: Name scope in front of the names.

    Raises:
      KeyError: The graph does not have it.
      ValueError: `tensor_info` says no name.

    >>> x = tf.placeholder(tf.float32, [None, 3], name="x")
    >>> tf.saved_model.get_tensor_from_tensor_info(tf.saved_model.build_tensor_info(x)) is x
    True
    """
    source = graph or stacks.get_default_graph()

    def found(name: str) -> Any:
        return source.get_tensor_by_name(prepend_name_scope(name, import_scope))

    encoding = tensor_info.WhichOneof("encoding")
    if encoding == "name":
        return found(tensor_info.name)
    if encoding == "coo_sparse":
        names = tensor_info.coo_sparse
        return SparseTensor(
            found(names.indices_tensor_name), found(names.values_tensor_name), found(names.dense_shape_tensor_name)
        )
    if encoding == "composite_tensor":
        raise ValueError(
            "Invalid TensorInfo.encoding: composite_tensor. Of the composite tensors only SparseTensor is here, which "
            "has the encoding coo_sparse."
        )
    raise ValueError(
        f"Invalid TensorInfo.encoding: {encoding}. Expected `coo_sparse`, `composite_tensor`, or `name` for a dense "
        "tensor."
    )


def node_from_info(tensor_info: Any, graph: Graph, import_scope: str | None) -> Any:
    """Returns the node or tensor that a TensorInfo names.

    Raises:
      KeyError: the graph does not have it.
    """
    return graph.as_graph_element(prepend_name_scope(tensor_info.name, import_scope))
