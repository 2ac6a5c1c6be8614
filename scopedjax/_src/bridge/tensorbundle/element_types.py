"""The types of tensors in TensorFlow's files, by their numbers in `types.proto`, and what NumPy calls each.

Also those that TensorFlow gained after version 1 and that no variable here can have (`float8_e5m2`, `int4`, ...): their
values are read as arrays of `ml_dtypes`. (TensorFlow keeps a byte for each 4-bit number.)
"""

from __future__ import annotations

import functools
from typing import Any, Final

import ml_dtypes
import numpy as np

from scopedjax._src.base import dtypes, errors

STRING: Final = 7

_ONLY_READ: Final[dict[int, tuple[str, Any]]] = {
    24: ("float8_e5m2", ml_dtypes.float8_e5m2),
    25: ("float8_e4m3fn", ml_dtypes.float8_e4m3fn),
    26: ("float8_e4m3fnuz", ml_dtypes.float8_e4m3fnuz),
    27: ("float8_e4m3b11fnuz", ml_dtypes.float8_e4m3b11fnuz),
    28: ("float8_e5m2fnuz", ml_dtypes.float8_e5m2fnuz),
    29: ("int4", ml_dtypes.int4),
    30: ("uint4", ml_dtypes.uint4),
    31: ("int2", ml_dtypes.int2),
    32: ("uint2", ml_dtypes.uint2),
}
_WITHOUT_BYTES: Final = {20: "resource", 21: "variant"}


def _known() -> dict[int, dtypes.DType]:
    found: dict[int, dtypes.DType] = {}
    for number in range(1, 24):
        dtype = dtypes.as_dtype(number)
        if dtype.is_numpy_compatible:
            found[number] = dtype
    return found


_KNOWN: Final = _known()
_NUMPY: Final[dict[int, np.dtype[Any]]] = {
    **{number: np.dtype(dtype.as_numpy_dtype) for number, dtype in _KNOWN.items()},
    **{number: np.dtype(kind) for number, (_, kind) in _ONLY_READ.items()},
}
NUMBERS: Final = frozenset(_NUMPY) | frozenset(_WITHOUT_BYTES)
"""The numbers that mean a type."""

NUMBERS_WITH_SIZE: Final[dict[int, int]] = {
    number: kind.itemsize for number, kind in _NUMPY.items() if number != STRING
}
"""Bytes of one element in a file, by the number of the type, for those where all elements have the same."""


def numpy_type(number: int, name: str) -> np.dtype[Any]:
    """The NumPy type of a tensor's elements; `object` for strings.

    Args:
      number: The type's number.
      name: The tensor, for the message.

    Raises:
      UnimplementedError: Its values are no numbers or strings.
    """
    found = _NUMPY.get(number)
    if found is None:
        raise errors.UnimplementedError(
            None,
            None,
            f"{name} is a tensor of the type {type_name(number)}, whose values are objects of TensorFlow's runtime and "
            "mean nothing outside of it. Restore the other tensors by name.",
        )
    return found


def dtype_of(number: int, name: str) -> dtypes.DType:
    """The `tf.DType` of a type's number.

    Args:
      number: The type's number.
      name: The tensor, for the message.

    Raises:
      UnimplementedError: There is none: TensorFlow gained the type after version 1.
    """
    if is_former(number):
        return dtypes.as_dtype(number)
    raise errors.UnimplementedError(
        None,
        None,
        f"{name} is a tensor of the type {type_name(number)}, which TensorFlow gained after version 1: no tf.DType "
        "here is that type. Its values can be read as an array (tf.train.NewCheckpointReader(path).get_tensor).",
    )


def is_former(number: int) -> bool:
    """Whether a type is one of TensorFlow 1, which have a `tf.DType`."""
    return number in _KNOWN or number in _WITHOUT_BYTES


def type_name(number: int) -> str:
    """What TensorFlow calls a type: `float32`."""
    if number in _KNOWN:
        return _KNOWN[number].name
    if number in _ONLY_READ:
        return _ONLY_READ[number][0]
    return _WITHOUT_BYTES.get(number, f"number {number}")


@functools.lru_cache(maxsize=64)
def number_of(kind: np.dtype[Any]) -> int:
    """The number of a type.

    Args:
      kind: What NumPy calls it; `object` for strings.

    Raises:
      TypeError: TensorFlow has no such type.
    """
    for number, (_, other) in _ONLY_READ.items():
        if kind == other:
            return number
    return dtypes.as_dtype(kind).as_datatype_enum
