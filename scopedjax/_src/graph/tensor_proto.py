"""TensorProto: an array inside a GraphDef, and how files from elsewhere are read without trusting them.

A TensorProto says its values in one of two ways, and the reader has to take both:

    tensor_content   the array's bytes, little-endian, row-major              [[1, 2]] -> 00 00 80 3f 00 00 00 40
    a `*_val` field  one number an element; the last one stands for the rest  zeros([1000]) -> float_val: 0

Which dtype uses which field, and when TensorFlow writes which form, was found by asking `tf.make_tensor_proto` for
every dtype: more than one element goes into `tensor_content`, except for text, bool, complex and uint16. The 16-bit
floats are written as their bits in `half_val`.

Invariants: `decode(encode(a, t), ...)` equals `a` bit for bit; `decode` never makes an array larger than the bytes it
was given, unless the proto repeats its last value, and then at most `MOST_FILLED_BYTES`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.base.values import as_array, as_bytes
from scopedjax._src.graph import protos

Array = np.ndarray[Any, np.dtype[Any]]

# A few bytes of a file may ask for any number of elements by repeating one; TensorFlow tries to allocate them. A graph
# with a constant beyond this is more likely an attack than a model.
MOST_FILLED_BYTES: Final = 1 << 34
_MOST_CONTENT_BYTES: Final = (1 << 31) - 1  # a protocol buffer holds no more
_MOST_ELEMENTS: Final = (1 << 63) - 1

# The field of each dtype, and the NumPy type of what stands in it.
_FIELDS: Final[dict[str, tuple[str, Any]]] = {
    "float16": ("half_val", np.uint16),
    "bfloat16": ("half_val", np.uint16),
    "float32": ("float_val", np.float32),
    "float64": ("double_val", np.float64),
    "int64": ("int64_val", np.int64),
    "uint32": ("uint32_val", np.uint32),
    "uint64": ("uint64_val", np.uint64),
    "bool": ("bool_val", np.bool_),
    "complex64": ("scomplex_val", np.float32),
    "complex128": ("dcomplex_val", np.float64),
    "string": ("string_val", object),
    **dict.fromkeys(
        ("int8", "int16", "int32", "uint8", "uint16", "qint8", "quint8", "qint16", "quint16", "qint32"),
        ("int_val", np.int64),
    ),
}
_NEVER_CONTENT: Final = frozenset(("string", "bool", "complex64", "complex128", "uint16"))


def _plain_type(dtype: DType) -> np.dtype[Any]:
    """The NumPy type of one element as it lies in memory; of a quantized type, its integer."""
    numpy_type = np.dtype(dtype.as_numpy_dtype)
    return numpy_type[0] if dtype.is_quantized else numpy_type


# ------------------------------------------------------------------------------------------------------- writing


def encode(array: Array, dtype: DType | None = None) -> Any:
    """Returns an array as a TensorProto.

    Args:
      array: Values; text as an object array of bytes. An array that repeats one value without storing it (all strides
        0, from `np.broadcast_to`) is written as that one value.
      dtype: Its dtype; default: the array's own.

    Raises:
      TypeError: arrays of this dtype cannot be written.
      ValueError: more than 2 GB.
    """
    dtype = as_dtype(array.dtype) if dtype is None else dtype.base_dtype
    repeated = array.size > 1 and not any(array.strides)
    values = array[(slice(0, 1),) * array.ndim] if repeated else array
    return _proto(values, dtype, array.shape, full=not repeated)


def _proto(values: Array, dtype: DType, shape: Sequence[int], full: bool) -> Any:
    if dtype.name not in _FIELDS:
        raise TypeError(f"a TensorProto of {dtype.name} has no values that could be written")
    proto = protos.TensorProto(dtype=dtype.as_datatype_enum)
    proto.tensor_shape.SetInParent()
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    if full and values.size > 1 and dtype.name not in _NEVER_CONTENT:
        if values.nbytes > _MOST_CONTENT_BYTES:
            raise ValueError(
                f"Cannot create a tensor proto whose content is larger than 2GB: shape {tuple(shape)} of {dtype.name} "
                f"takes {values.nbytes} bytes. Feed the array, or keep it in a variable."
            )
        plain = np.ascontiguousarray(values).view(_plain_type(dtype))
        proto.tensor_content = plain.astype(plain.dtype.newbyteorder("<"), copy=False).tobytes()
    else:
        field = getattr(proto, _FIELDS[dtype.name][0])
        field.extend(_field_values(values, dtype))
    return proto


def _field_values(values: Array, dtype: DType) -> list[Any]:
    flat = np.ascontiguousarray(values).reshape(-1)
    if dtype.name == "string":
        return [as_bytes(item) for item in flat]
    if dtype.is_complex:
        return flat.view(np.dtype(dtype.real_dtype.as_numpy_dtype)).tolist()
    if dtype.name in ("float16", "bfloat16"):
        return flat.view(np.uint16).tolist()
    return flat.view(_plain_type(dtype)).tolist()


def make_tensor_proto(
    values: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False, allow_broadcast: bool = False
) -> Any:
    """Returns a TensorProto with the given values.

    Args:
      values: Number, text, nested lists of these, or an array; a TensorProto is returned as it is.
      dtype: The dtype; default: the one that `tf.constant` would choose.
      shape: The shape; fewer values than it holds are written as they are, and the last one stands for the rest.
      verify_shape: Whether `values` must have the shape `shape` already.
      allow_broadcast: Whether `values` with fewer elements than `shape` must be a single one.

    Raises:
      TypeError: a value does not fit the dtype, or the values do not have the shape that was asked for.
      ValueError: too many values, or both flags are set.

    >>> tf.make_ndarray(tf.make_tensor_proto([1.5, 2.5], shape=[2, 1])).tolist()
    [[1.5], [2.5]]
    """
    if allow_broadcast and verify_shape:
        raise ValueError("allow_broadcast and verify_shape are not both allowed.")
    if protos.is_message(values, "TensorProto"):
        return values
    array = as_array(values, dtype)
    found = as_dtype(array.dtype) if dtype is None else as_dtype(dtype).base_dtype
    if shape is None:
        return encode(array, found)
    sizes = tuple(int(size) for size in shape)
    count = math.prod(sizes)
    if array.shape != sizes and (verify_shape or (allow_broadcast and array.size != count and array.size != 1)):
        raise TypeError(f"Expected Tensor's shape: {sizes}, but got {array.shape}.")
    if count == 0:
        array = array.reshape(-1)[:0]
    if array.size > count:
        raise ValueError(f"Too many elements provided. Takes at most {count}, but got {array.size}.")
    return _proto(array, found, sizes, full=array.size == count)


# ------------------------------------------------------------------------------------------------------- reading


def make_ndarray(tensor: Any) -> Array:
    """Returns the array that a TensorProto holds.

    Args:
      tensor: A TensorProto.

    Returns:
      A new array of its dtype and shape; text is an object array of `bytes`.

    Raises:
      TypeError: the dtype is not known, or has no values (`resource`, `variant`).
      ValueError: values and shape do not agree.

    >>> tf.make_ndarray(tf.make_tensor_proto([[1, 2]])).tolist()
    [[1, 2]]
    """
    array = decode(tensor, "the TensorProto")
    held = _held_values(tensor, as_dtype(int(tensor.dtype)))
    if held > array.size:
        raise ValueError(f"the TensorProto holds {held} values, and its shape {array.shape} takes {array.size}")
    return np.array(array)


def decode(proto: Any, place: str) -> Array:
    """Returns the array that a TensorProto holds, read-only where that saves a copy.

    Args:
      proto: A TensorProto, perhaps from a stranger's file.
      place: What it belongs to, for error texts.

    Raises:
      TypeError: the dtype is not known, or has no values.
      ValueError: values and shape do not agree, or the array would be too large.
    """
    dtype = _dtype_of(proto, place)
    shape = _shape_of(proto, place)
    count = math.prod(shape)
    if count > _MOST_ELEMENTS:
        raise ValueError(f"{place}: shape {list(shape)} is too large (more than 2**63 - 1 entries)")
    try:
        if proto.tensor_content:
            return _from_content(proto.tensor_content, dtype, shape, count, place)
        return _from_fields(proto, dtype, shape, count, place)
    except (ValueError, MemoryError) as error:
        if str(error).startswith(place):
            raise
        raise ValueError(
            f"{place}: a tensor of {dtype.name} with shape {list(shape)} cannot be read: {error}"
        ) from error


def _dtype_of(proto: Any, place: str) -> DType:
    try:
        dtype = as_dtype(int(proto.dtype)).base_dtype
    except TypeError:
        raise TypeError(f"{place}: {proto.dtype} is not the number of a dtype that is known here") from None
    if dtype.name not in _FIELDS:
        raise TypeError(f"{place}: a tensor of {dtype.name} holds a handle, which has no meaning outside its process")
    return dtype


def _shape_of(proto: Any, place: str) -> tuple[int, ...]:
    if proto.tensor_shape.unknown_rank:
        return ()  # as TensorFlow reads it
    sizes = tuple(int(dim.size) for dim in proto.tensor_shape.dim)
    if any(size < 0 for size in sizes):
        raise ValueError(f"{place}: shape {TensorShape([None if s < 0 else s for s in sizes])} is not fully defined")
    return sizes


def _from_content(content: bytes, dtype: DType, shape: tuple[int, ...], count: int, place: str) -> Array:
    if dtype.name == "string":
        raise ValueError(f"{place}: text stands in string_val, not in tensor_content")
    plain = _plain_type(dtype)
    if len(content) != count * plain.itemsize:
        raise ValueError(
            f"{place}: tensor_content has {len(content)} bytes; shape {list(shape)} of {dtype.name} takes "
            f"{count * plain.itemsize}"
        )
    if dtype.is_bool and content.strip(b"\x00\x01"):
        raise ValueError(f"{place}: a bool in tensor_content is neither 0 nor 1")
    array = np.frombuffer(content, plain.newbyteorder("<")).astype(plain, copy=False)
    return array.view(dtype.as_numpy_dtype).reshape(shape)


def _held_values(proto: Any, dtype: DType) -> int:
    held = len(getattr(proto, _FIELDS[dtype.base_dtype.name][0]))
    return held // 2 if dtype.is_complex else held


def _from_fields(proto: Any, dtype: DType, shape: tuple[int, ...], count: int, place: str) -> Array:
    values = _listed(getattr(proto, _FIELDS[dtype.name][0])[: 2 * count if dtype.is_complex else count], dtype, place)
    if values.size == count:
        return values.reshape(shape)
    if count * max(values.itemsize, 1) > MOST_FILLED_BYTES:
        raise ValueError(
            f"{place}: {values.size} values stand for {count}, which takes more than {MOST_FILLED_BYTES >> 30} GiB"
        )
    if values.size == 0:
        zero: Any = b"" if dtype.name == "string" else np.zeros((), values.dtype)
        return np.broadcast_to(np.array(zero, values.dtype), shape)
    if values.size == 1:
        return np.broadcast_to(values.reshape(()), shape)
    return np.concatenate([values, np.broadcast_to(values[-1:], (count - values.size,))]).reshape(shape)


def _listed(items: Any, dtype: DType, place: str) -> Array:
    """The values of a `*_val` field as a vector of the dtype; integers that do not fit wrap, as in TensorFlow."""
    if dtype.name == "string":
        texts = np.empty(len(items), object)
        texts[:] = list(items)
        return texts
    wire = np.array(items, _FIELDS[dtype.name][1] if dtype.name not in ("float16", "bfloat16") else np.int64)
    if dtype.is_complex:
        return wire[: wire.size // 2 * 2].view(dtype.as_numpy_dtype)
    if dtype.name in ("float16", "bfloat16"):
        return wire.astype(np.uint16).view(dtype.as_numpy_dtype)
    return wire.astype(_plain_type(dtype)).view(dtype.as_numpy_dtype)
