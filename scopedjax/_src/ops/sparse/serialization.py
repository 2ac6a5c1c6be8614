"""Sparse tensors as strings: three serialized TensorProtos, as TensorFlow writes them.

    [indices, values, dense_shape]  ->  one string each       serialize_sparse: [3], serialize_many_sparse: [n, 3]

`serialize_many_sparse` takes a tensor of rank r apart into its rows, of rank r - 1; `deserialize_many_sparse` puts rows
together again, in the smallest shape that holds them all. Numbers are stored as they lie in memory; texts as their
lengths (varints) and then their bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import Dims, TensorShape
from scopedjax._src.graph.protos import TensorProto
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.graph.tensor_proto import make_ndarray
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.registry import NO_GRADIENT, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.sparse.densify import invalid
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor, as_sparse

_OUT = (dtypes.string, dtypes.variant)


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


def _texts(content: bytes, count: int) -> list[bytes]:
    lengths: list[int] = []
    at = 0
    for _ in range(count):
        length = shift = 0
        while True:
            byte = content[at]
            at += 1
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        lengths.append(length)
    found: list[bytes] = []
    for length in lengths:
        found.append(content[at : at + length])
        at += length
    return found


def _encoded(array: np.ndarray, dtype: DType) -> bytes:
    if dtype is dtypes.string:
        flat = [bytes(item) for item in array.ravel()]
        content = b"".join(_varint(len(item)) for item in flat) + b"".join(flat)
    else:
        content = np.ascontiguousarray(array).tobytes()
    proto = TensorProto(
        dtype=dtype.as_datatype_enum, tensor_shape=TensorShape(array.shape).as_proto(), tensor_content=content
    )
    return proto.SerializeToString()


def _decoded(text: bytes, dtype: DType, what: str, row: int) -> np.ndarray:
    try:
        proto = TensorProto.FromString(text)
    except Exception as error:
        raise invalid(f"Could not parse serialized {what}") from error
    if proto.dtype != dtype.as_datatype_enum:
        found = {"float32": "float", "float64": "double"}.get(as_dtype(proto.dtype).name, as_dtype(proto.dtype).name)
        raise invalid(f"Requested SparseTensor of type {dtype.name} but SparseTensor[{row}].{what}.dtype() == {found}")
    if dtype is dtypes.string and proto.tensor_content:
        shape = [d.size for d in proto.tensor_shape.dim]
        result = np.empty(shape, object)
        result[...] = np.array([*_texts(proto.tensor_content, result.size), None], object)[:-1].reshape(shape)
        return result
    return np.asarray(make_ndarray(proto))


def _packed(places: np.ndarray, values: np.ndarray, sizes: np.ndarray, dtype: DType) -> list[bytes]:
    return [_encoded(places, dtypes.int64), _encoded(values, dtype), _encoded(sizes, dtypes.int64)]


def _only_text(out_type: DType) -> None:
    if out_type is not dtypes.string:
        raise NotImplementedError("a sparse tensor is serialized into strings only: out_type=tf.string")


@defop(
    "SerializeSparse(sparse_indices: int64, sparse_values: T, sparse_shape: int64; out_type: type = string) "
    "-> serialized_sparse: out_type",
    shape=lambda c: [(3,)],
    host=True,
    gradient=NO_GRADIENT,
    types={"out_type": _OUT},
)
def _serialize(ctx: Any, sparse_indices: Any, sparse_values: Any, sparse_shape: Any, *, out_type: DType) -> Any:
    _only_text(out_type)
    return np.array(_packed(sparse_indices, sparse_values, sparse_shape, ctx.op.attrs["T"]), object)


@defop(
    "SerializeManySparse(sparse_indices: int64, sparse_values: T, sparse_shape: int64; out_type: type = string) "
    "-> serialized_sparse: out_type",
    shape=lambda c: [(None, 3)],
    host=True,
    gradient=NO_GRADIENT,
    types={"out_type": _OUT},
)
def _serialize_many(ctx: Any, sparse_indices: Any, sparse_values: Any, sparse_shape: Any, *, out_type: DType) -> Any:
    _only_text(out_type)
    if len(sparse_shape) < 2:
        raise invalid(f"Rank of input SparseTensor should be > 1, but saw rank: {len(sparse_shape)}")
    rows: list[list[bytes]] = []
    for row in range(int(sparse_shape[0])):
        inside = sparse_indices[:, 0] == row
        places = sparse_indices[inside][:, 1:]
        rows.append(_packed(places, sparse_values[inside], sparse_shape[1:], ctx.op.attrs["T"]))
    result = np.empty((len(rows), 3), object)
    for i, row in enumerate(rows):
        result[i, :] = row
    return result


def _unknown_rank(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    if dims is not None and (not dims or dims[-1] not in (None, 3)):
        raise c.fail("Dimension must be 3: a serialized sparse tensor is three strings")
    return [(None, None), (None,), (None,)]


def _combined(serialized: np.ndarray, dtype: DType) -> tuple[Any, Any, Any]:
    """The sparse tensors of an array [..., 3], each in its place; the sizes are the largest that occur."""
    outer = serialized.shape[:-1]
    parts = [
        tuple(
            _decoded(text, kind, what, number)
            for text, kind, what in zip(
                row, (dtypes.int64, dtype, dtypes.int64), ("indices", "values", "shape"), strict=True
            )
        )
        for number, row in enumerate(serialized.reshape(-1, 3))
    ]
    ranks = {len(sizes) for _, _, sizes in parts}
    if len(ranks) > 1:
        raise invalid(f"Inconsistent shape across SparseTensors: ranks {sorted(ranks)}")
    largest = np.max([sizes for _, _, sizes in parts], axis=0) if parts else np.zeros(0, np.int64)
    places: list[np.ndarray] = []
    for at, (inner, _, _) in zip(np.ndindex(*outer), parts, strict=True):
        front = np.broadcast_to(np.array(at, np.int64), (len(inner), len(outer)))
        places.append(np.concatenate([front, inner], 1))
    if not parts:
        return np.zeros((0, len(outer)), np.int64), np.zeros(0, dtype.as_numpy_dtype), np.array(outer, np.int64)
    values = np.concatenate([values for _, values, _ in parts])
    return np.concatenate(places), values, np.concatenate([np.array(outer, np.int64), largest])


@defop(
    "DeserializeSparse(serialized_sparse: Tserialized; dtype: type, Tserialized: type = string) "
    "-> sparse_indices: int64, sparse_values: dtype, sparse_shape: int64",
    shape=_unknown_rank,
    host=True,
    gradient=NO_GRADIENT,
    types={"Tserialized": _OUT},
)
def _deserialize(serialized_sparse: Any, *, dtype: DType) -> Any:
    return _combined(serialized_sparse, dtype)


@defop(
    "DeserializeManySparse(serialized_sparse: string; dtype: type) "
    "-> sparse_indices: int64, sparse_values: dtype, sparse_shape: int64",
    shape=_unknown_rank,
    host=True,
    gradient=NO_GRADIENT,
)
def _deserialize_many(serialized_sparse: Any, *, dtype: DType) -> Any:
    if serialized_sparse.ndim != 2 or serialized_sparse.shape[1] != 3:
        raise invalid(f"Serialized sparse should be a matrix with 3 columns, got shape {list(serialized_sparse.shape)}")
    return _combined(serialized_sparse, dtype)


def serialize_sparse(sp_input: Any, name: str | None = None, out_type: Any = dtypes.string) -> Tensor:
    """A sparse tensor as three strings.

    Args:
      sp_input: `SparseTensor`.
      name: Node name; "SerializeSparse" by default.
      out_type: `tf.string`.

    Returns:
      String tensor `[3]`: indices, values and shape.

    Raises:
      TypeError: `sp_input` is no `SparseTensor`.

    >>> tf.serialize_sparse(tf.SparseTensor([[0]], [7], [3])).shape.as_list()
    [3]
    """
    sparse = as_sparse(sp_input)
    return apply_op("SerializeSparse", sparse.indices, sparse.values, sparse.dense_shape, name=name, out_type=out_type)


def serialize_many_sparse(sp_input: Any, name: str | None = None, out_type: Any = dtypes.string) -> Tensor:
    """The rows of a sparse tensor as strings, three each.

    Args:
      sp_input: `SparseTensor` of rank 2 or more.
      name: Node name; "SerializeManySparse" by default.
      out_type: `tf.string`.

    Returns:
      String tensor `[n, 3]`.

    Raises:
      TypeError: `sp_input` is no `SparseTensor`.

    >>> sparse = tf.SparseTensor([[1, 2]], [7], [2, 3])
    >>> back = tf.deserialize_many_sparse(tf.serialize_many_sparse(sparse), tf.int32)
    >>> tf.Session().run(back).indices.tolist()
    [[1, 2]]
    """
    sparse = as_sparse(sp_input)
    return apply_op(
        "SerializeManySparse", sparse.indices, sparse.values, sparse.dense_shape, name=name, out_type=out_type
    )


def deserialize_many_sparse(
    serialized_sparse: Any, dtype: Any, rank: int | None = None, name: str | None = None
) -> SparseTensor:
    """One sparse tensor from rows that `serialize_many_sparse` or `serialize_sparse` wrote.

    Args:
      serialized_sparse: String tensor `[n, 3]`.
      dtype: Dtype of the values.
      rank: Rank of the result, for its static shape.
      name: Node name; "DeserializeManySparse" by default.

    Returns:
      A `SparseTensor` of one dimension more than the rows.

    Raises:
      InvalidArgumentError: when run, if the strings hold something else.
    """
    places, values, sizes = apply_op("DeserializeManySparse", serialized_sparse, dtype=dtype, name=name)
    places.set_shape([None, rank])
    sizes.set_shape([rank])
    return SparseTensor(places, values, sizes)


def deserialize_sparse(
    serialized_sparse: Any, dtype: Any, rank: int | None = None, name: str | None = None
) -> SparseTensor:
    """A sparse tensor from strings that `serialize_sparse` wrote, in any number of outer dimensions.

    Args:
      serialized_sparse: String tensor `[..., 3]`.
      dtype: Dtype of the values.
      rank: Rank of the result, for its static shape.
      name: Node name; "DeserializeSparse" by default.

    Returns:
      A `SparseTensor`.

    Raises:
      InvalidArgumentError: when run, if the strings hold something else.
    """
    places, values, sizes = apply_op("DeserializeSparse", serialized_sparse, dtype=dtype, name=name)
    places.set_shape([None, rank])
    sizes.set_shape([rank])
    return SparseTensor(places, values, sizes)
