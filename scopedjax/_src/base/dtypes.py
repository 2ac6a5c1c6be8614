"""Data types: the TensorFlow name, number and NumPy type of what a tensor holds.

A `DType` is a singleton: there is one object per TensorFlow `DataType` number, so `is` and `==` agree and a
comparison of two of them costs a pointer comparison. Everything that is asked often (`base_dtype`, `as_numpy_dtype`,
`is_floating`, ...) is a plain attribute, filled once when the table below is read. A reference type (`float32_ref`,
the type of a TF1 variable's node) is a second object whose number is 100 higher and whose `base_dtype` is the value
type.

    number   1 -> float32      101 -> float32_ref
    float32._as_ref is float32_ref      float32_ref.base_dtype is float32

Facts from TensorFlow's `types.proto` (numbers, names) and from asking `tf.as_dtype` (what is accepted).
"""

from __future__ import annotations

import builtins
from typing import Any, Final

import ml_dtypes
import numpy as np

_REF_OFFSET: Final = 100

# number, name, NumPy type, bytes a value takes (0: not fixed), kind. Kinds: f float, i signed, u unsigned, c complex,
# b bool, q quantized, s string, h handle (no NumPy counterpart).
_TABLE: Final[tuple[tuple[int, str, Any, int, str], ...]] = (
    (1, "float32", np.float32, 4, "f"),
    (2, "float64", np.float64, 8, "f"),
    (3, "int32", np.int32, 4, "i"),
    (4, "uint8", np.uint8, 1, "u"),
    (5, "int16", np.int16, 2, "i"),
    (6, "int8", np.int8, 1, "i"),
    (7, "string", object, 0, "s"),
    (8, "complex64", np.complex64, 8, "c"),
    (9, "int64", np.int64, 8, "i"),
    (10, "bool", np.bool_, 1, "b"),
    (11, "qint8", np.dtype([("qint8", np.int8)]), 1, "q"),
    (12, "quint8", np.dtype([("quint8", np.uint8)]), 1, "q"),
    (13, "qint32", np.dtype([("qint32", np.int32)]), 4, "q"),
    (14, "bfloat16", ml_dtypes.bfloat16, 2, "f"),
    (15, "qint16", np.dtype([("qint16", np.int16)]), 2, "q"),
    (16, "quint16", np.dtype([("quint16", np.uint16)]), 2, "q"),
    (17, "uint16", np.uint16, 2, "u"),
    (18, "complex128", np.complex128, 16, "c"),
    (19, "float16", np.float16, 2, "f"),
    (20, "resource", object, 0, "h"),
    (21, "variant", object, 0, "h"),
    (22, "uint32", np.uint32, 4, "u"),
    (23, "uint64", np.uint64, 8, "u"),
)

# TF1 knows an image range for these only; the others have "no defined limits".
_WITH_LIMITS: Final = frozenset(
    ("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64")
)


class DType:
    """The type of the elements of a tensor.

    `DType(n)` gives the type with TensorFlow's `DataType` number `n`; programs normally use the constants
    (`tf.float32`) or `tf.as_dtype`.

    Attributes:
      name: TensorFlow's name, `"float32"` or `"float32_ref"`.
      as_datatype_enum: TensorFlow's number.
      as_numpy_dtype: NumPy scalar type; a structured `np.dtype` for quantized types; `object` for strings and for the
        handle types `resource` and `variant` (TF raises `KeyError` for those two; ask `is_numpy_compatible` to tell
        them apart).
      base_dtype: The value type of a reference type; itself otherwise.
      real_dtype: The type of the real part of a complex type; itself otherwise.
      size: Bytes of one value; 0 for strings and handles (TF 1.15 says 1 for those).
      is_integer, is_floating, is_complex, is_bool, is_unsigned, is_quantized, is_numeric, is_numpy_compatible: What
        it is; quantized types are not integers.

    >>> tf.float32.name, tf.float32.size, tf.complex64.real_dtype
    ('float32', 4, tf.float32)
    >>> tf.float32 == "float32" and tf.float32 == np.float32
    True
    """

    __slots__ = (
        "_as_ref",
        "_is_ref_dtype",
        "_type_enum",
        "as_datatype_enum",
        "as_numpy_dtype",
        "base_dtype",
        "is_bool",
        "is_complex",
        "is_floating",
        "is_integer",
        "is_numeric",
        "is_numpy_compatible",
        "is_quantized",
        "is_unsigned",
        "name",
        "real_dtype",
        "size",
    )

    name: str
    as_datatype_enum: int
    as_numpy_dtype: Any
    base_dtype: DType
    real_dtype: DType
    size: int
    is_bool: builtins.bool
    is_complex: builtins.bool
    is_floating: builtins.bool
    is_integer: builtins.bool
    is_numeric: builtins.bool
    is_numpy_compatible: builtins.bool
    is_quantized: builtins.bool
    is_unsigned: builtins.bool
    _as_ref: DType
    _is_ref_dtype: builtins.bool
    _type_enum: int

    def __new__(cls, type_enum: int) -> DType:
        try:
            return _BY_ENUM[int(type_enum)]
        except KeyError:
            raise TypeError(f"{type_enum!r} is not the number of a TensorFlow DataType.") from None

    @property
    def is_ref_dtype(self) -> builtins.bool:
        """Whether this is a reference type (`float32_ref`)."""
        return self._is_ref_dtype

    @property
    def min(self) -> Any:
        """The smallest finite value, as a Python or NumPy number; TypeError when the type has none."""
        return self._extreme("minimum", "min")

    @property
    def max(self) -> Any:
        """The largest finite value, as a Python or NumPy number; TypeError when the type has none."""
        return self._extreme("maximum", "max")

    @property
    def limits(self) -> tuple[Any, Any]:
        """The intensity range of an image of this type, negative part cut off: `(0, 255)` for uint8, `(0, 1)` for
        float32."""
        base = self.base_dtype
        if base.name not in _WITH_LIMITS:
            raise ValueError(f"{self} does not have defined limits.")
        if base.is_bool:
            return 0, True
        return (0, 1) if base.is_floating else (0, base.max)

    def _extreme(self, word: str, side: str) -> Any:
        base = self.base_dtype
        if base.is_floating:
            return getattr(ml_dtypes.finfo(base.as_numpy_dtype), side)
        if base.is_integer:
            return getattr(np.iinfo(base.as_numpy_dtype), side)
        kind = "quantized type" if base.is_quantized else "type"
        raise TypeError(f"Cannot find {word} value of {self} with {kind} {base}.")

    def is_compatible_with(self, other: object) -> builtins.bool:
        """Whether a value of type `other` can be used where this type is wanted.

        A value type takes itself and its reference type, which is read; a reference type takes only itself.

        Args:
          other: Anything `tf.as_dtype` accepts.

        Returns:
          `True` when it can.

        Raises:
          TypeError: `other` names no data type.

        >>> tf.float32.is_compatible_with("float32"), tf.float32.is_compatible_with(tf.int32)
        (True, False)
        """
        other = as_dtype(other)
        return other is self or other.base_dtype is self

    def __eq__(self, other: object) -> builtins.bool:
        if other is self:
            return True
        if other is None or isinstance(other, DType):
            return False
        try:
            return as_dtype(other) is self
        except TypeError:
            return False

    def __ne__(self, other: object) -> builtins.bool:
        return not self.__eq__(other)

    def __hash__(self) -> int:
        return self.as_datatype_enum

    def __int__(self) -> int:
        return self.as_datatype_enum

    def __str__(self) -> str:
        return f"<dtype: '{self.name}'>"

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        # By name, so that copies and unpickled objects are the singleton again.
        return as_dtype, (self.name,)


_BY_ENUM: Final[dict[int, DType]] = {}
_LOOKUP: Final[dict[Any, DType]] = {}


def _declare(number: int, name: str, numpy_type: Any, size: int, kind: str, base: DType | None) -> DType:
    """Makes one of the two objects (value type, reference type) of a row of the table."""
    dtype = object.__new__(DType)
    dtype.as_datatype_enum = dtype._type_enum = number
    dtype.name = name
    dtype.as_numpy_dtype = numpy_type
    dtype.size = size
    dtype.is_floating = kind == "f"
    dtype.is_integer = kind in "iu"
    dtype.is_unsigned = kind == "u"
    dtype.is_complex = kind == "c"
    dtype.is_bool = kind == "b"
    dtype.is_quantized = kind == "q"
    dtype.is_numeric = kind in "fiucq"
    dtype.is_numpy_compatible = kind != "h"
    dtype.base_dtype = base or dtype
    dtype.real_dtype = dtype
    dtype._is_ref_dtype = base is not None
    dtype._as_ref = dtype
    if base is not None:
        base._as_ref = dtype
    _BY_ENUM[number] = _LOOKUP[number] = _LOOKUP[name] = dtype
    return dtype


def _fill_tables() -> None:
    for number, name, numpy_type, size, kind in _TABLE:
        base = _declare(number, name, numpy_type, size, kind, None)
        _declare(number + _REF_OFFSET, name + "_ref", numpy_type, size, kind, base)
        if kind not in "hs":
            _LOOKUP[np.dtype(numpy_type)] = base
        if kind not in "hsq":
            _LOOKUP[numpy_type] = base
    for short, name in (("float", "float32"), ("double", "float64"), ("half", "float16")):
        _LOOKUP[short] = _LOOKUP[name]
        _LOOKUP[short + "_ref"] = _LOOKUP[name + "_ref"]
    for same_bits in (np.longlong, np.ulonglong):
        _LOOKUP[same_bits] = _LOOKUP[np.dtype(same_bits).name]
    for text in (object, np.object_, np.str_, np.bytes_, np.dtype(object)):
        _LOOKUP[text] = _LOOKUP["string"]
    # Of Python's own types TF takes these two (and object); int, str and complex are refused because they name no size.
    _LOOKUP[builtins.float] = _LOOKUP["float32"]
    _LOOKUP[builtins.bool] = _LOOKUP["bool"]
    for name, real in (("complex64", "float32"), ("complex128", "float64")):
        _LOOKUP[name].real_dtype = _LOOKUP[name + "_ref"].real_dtype = _LOOKUP[real]


_fill_tables()

float16: Final = _LOOKUP["float16"]
half: Final = float16
float32: Final = _LOOKUP["float32"]
float64: Final = _LOOKUP["float64"]
double: Final = float64
bfloat16: Final = _LOOKUP["bfloat16"]
int8: Final = _LOOKUP["int8"]
int16: Final = _LOOKUP["int16"]
int32: Final = _LOOKUP["int32"]
int64: Final = _LOOKUP["int64"]
uint8: Final = _LOOKUP["uint8"]
uint16: Final = _LOOKUP["uint16"]
uint32: Final = _LOOKUP["uint32"]
uint64: Final = _LOOKUP["uint64"]
bool: Final = _LOOKUP["bool"]
string: Final = _LOOKUP["string"]
complex64: Final = _LOOKUP["complex64"]
complex128: Final = _LOOKUP["complex128"]
resource: Final = _LOOKUP["resource"]
variant: Final = _LOOKUP["variant"]
qint8: Final = _LOOKUP["qint8"]
quint8: Final = _LOOKUP["quint8"]
qint16: Final = _LOOKUP["qint16"]
quint16: Final = _LOOKUP["quint16"]
qint32: Final = _LOOKUP["qint32"]

float16_ref: Final = float16._as_ref
half_ref: Final = float16_ref
float32_ref: Final = float32._as_ref
float64_ref: Final = float64._as_ref
double_ref: Final = float64_ref
bfloat16_ref: Final = bfloat16._as_ref
int8_ref: Final = int8._as_ref
int16_ref: Final = int16._as_ref
int32_ref: Final = int32._as_ref
int64_ref: Final = int64._as_ref
uint8_ref: Final = uint8._as_ref
uint16_ref: Final = uint16._as_ref
uint32_ref: Final = uint32._as_ref
uint64_ref: Final = uint64._as_ref
bool_ref: Final = bool._as_ref
string_ref: Final = string._as_ref
complex64_ref: Final = complex64._as_ref
complex128_ref: Final = complex128._as_ref
resource_ref: Final = resource._as_ref
variant_ref: Final = variant._as_ref
qint8_ref: Final = qint8._as_ref
quint8_ref: Final = quint8._as_ref
qint16_ref: Final = qint16._as_ref
quint16_ref: Final = quint16._as_ref
qint32_ref: Final = qint32._as_ref

# Groups, in TensorFlow's order of numbers, for the declarations of ops.
FLOATING: Final = (float16, bfloat16, float32, float64)
SIGNED_INTEGER: Final = (int8, int16, int32, int64)
UNSIGNED_INTEGER: Final = (uint8, uint16, uint32, uint64)
INTEGER: Final = SIGNED_INTEGER + UNSIGNED_INTEGER
COMPLEX: Final = (complex64, complex128)
REAL: Final = FLOATING + INTEGER
NUMERIC: Final = REAL + COMPLEX
QUANTIZED: Final = (qint8, quint8, qint16, quint16, qint32)
INDEX: Final = (int32, int64)
VALUES: Final = (*NUMERIC, bool, string)
HANDLES: Final = (resource, variant)
QUANTIZED_DTYPES: Final = frozenset(QUANTIZED) | frozenset(d._as_ref for d in QUANTIZED)


def as_dtype(type_value: object) -> DType:
    """The `DType` that `type_value` stands for.

    Args:
      type_value: A `DType`, a TensorFlow name (`"float32"`, `"float"`, `"half"`, `"int32_ref"`), a `DataType` number,
        a NumPy dtype or scalar type, something with a NumPy `dtype` attribute, or one of Python's `float` (float32),
        `bool`, `object` (string).

    Returns:
      The data type.

    Raises:
      TypeError: `type_value` stands for no data type. Python's `int`, `str` and `complex` are among those: TF1
      refuses them.

    >>> tf.as_dtype("half"), tf.as_dtype(np.int64), tf.as_dtype(float), tf.as_dtype(3)
    (tf.float16, tf.int64, tf.float32, tf.int32)
    """
    if isinstance(type_value, DType):
        return type_value
    try:
        return _LOOKUP[type_value]
    except KeyError:
        pass
    except TypeError:
        # Unhashable: an array, or no type at all.
        pass
    numpy_dtype = type_value if isinstance(type_value, np.dtype) else getattr(type_value, "dtype", None)
    if isinstance(numpy_dtype, np.dtype):
        found = _of_numpy(numpy_dtype)  # pyright: ignore[reportUnknownArgumentType]
        if found is not None:
            return found
    raise TypeError(
        f"Cannot convert the argument `type_value`: {type_value!r} to a TensorFlow DType.{_cure(type_value)}"
    )


def _of_numpy(numpy_dtype: np.dtype[Any]) -> DType | None:
    if numpy_dtype.kind in "SU":
        return string
    # The scalar type covers what differs in byte order only.
    return _LOOKUP.get(numpy_dtype) or _LOOKUP.get(numpy_dtype.type)


def _cure(type_value: object) -> str:
    if type_value is int:
        return " Use tf.int32 or tf.int64."
    if type_value is str or type_value is bytes:
        return " Use tf.string."
    if type_value is complex:
        return " Use tf.complex64 or tf.complex128."
    return ""
