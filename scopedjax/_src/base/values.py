"""Python values as arrays, by the rules of `tf.constant` and of `feed_dict`.

What a program writes has a type only by convention, and TF1's convention is neither Python's nor NumPy's:

    written                         array                       why
    3, [1, 2]                       int32                       Python integers are int32, int64 when one does not fit
    0.5, [1, 2.5]                   float32                     Python floats are float32 ...
    np.float64(0.5), np.ones(2)     float64                     ... but NumPy values keep their type
    [np.float64(0.5)]               float32                     ... except inside a list, which counts as Python
    "a", ["a", b"b"]                object array of bytes       text is UTF-8
    tf.constant(1.5, tf.int32)      TypeError                   a Python value is never rounded silently
    tf.constant(np.array([1.5]), tf.int32)   [1]                an array is converted as NumPy does
    feed_dict={int32_placeholder: 1.5}       1                  and so is everything that is fed

Invariants: the result is a new array in native byte order (`feed_array` may return its argument); its dtype is the
`as_numpy_dtype` of a `DType`; strings are `bytes` in an object array.

The texts of the errors are those of TensorFlow 2's `compat.v1`, with the cure added where it is not obvious.
"""

from __future__ import annotations

import array as _buffers
import numbers
from collections.abc import Sequence
from typing import Any, Final, cast

import ml_dtypes
import numpy as np

from scopedjax._src.base import dtypes, errors
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dimension, TensorShape, fully_known

Array = np.ndarray[Any, np.dtype[Any]]

_INT32_MAX: Final = 2**31 - 1
# A float beyond this may round to infinity in float32, of which NumPy warns.
_FLOAT32_SAFE: Final = 3.4e38

_TEXT: Final = (str, bytes)
_BUFFERS: Final = (bytearray, memoryview, _buffers.array)
_SMALL_FLOATS: Final = (ml_dtypes.bfloat16,)

# Which Python values may stand in a list for a dtype of each kind. `bool` is an int in Python, and TF lets it be one.
_ALLOWED: Final[dict[str, tuple[type, ...]]] = {
    "integer": (int, np.integer, Dimension),
    "floating": (numbers.Real, np.floating, np.integer, *_SMALL_FLOATS),
    "complex": (numbers.Complex, np.number, *_SMALL_FLOATS),
    "bool": (bool,),
    "string": _TEXT,
    "quantized": (),
    # No dtype asked for: whatever NumPy can put into an array of numbers, or text.
    "any": (bool, int, float, complex, np.number, np.bool_, Dimension, *_SMALL_FLOATS, *_TEXT),
}


def as_array(
    value: object, dtype: object = None, shape: Sequence[Any] | TensorShape | None = None, verify_shape: bool = False
) -> Array:
    """`value` as the array that `tf.constant(value, dtype, shape)` holds.

    Args:
      value: Number, text, nested lists or tuples of them, NumPy array, anything with `__array__`; also a `range`, a
        `TensorShape` or a `Dimension` (int32, or int64 when a size needs it).
      dtype: Anything `tf.as_dtype` accepts, or `None` to follow the value.
      shape: Fully known shape to give the result; a value with fewer elements is continued with its last element.
      verify_shape: Require the value to have exactly `shape` instead.

    Returns:
      A new array.

    Raises:
      TypeError: A Python value does not fit the dtype, or there is no dtype for it; or `verify_shape` fails.
      ValueError: `None`, nested lists of unequal lengths, or more elements than `shape` holds.
      OverflowError: An integer has no place in the dtype or in 64 bits.
    """
    wanted = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
    if shape is not None and not isinstance(value, (np.ndarray, np.generic)) and 0 in _sizes(shape):
        # TF does not look at a Python value of which nothing is kept; an empty list has NumPy's default dtype.
        value = []
    result = _fast(value, wanted)
    if result is None:
        result = _convert(value, wanted)
    return result if shape is None else _with_shape(result, shape, verify_shape)


def _fast(value: object, wanted: DType | None) -> Array | None:
    """What programs write most (`x * 2.0`, shapes), without walking and converting twice; `None` for the rest."""
    kind = type(value)
    if kind is float:
        if (wanted is None or wanted is dtypes.float32) and -_FLOAT32_SAFE < cast(float, value) < _FLOAT32_SAFE:
            return np.array(value, np.float32)
    elif kind is int:
        if (wanted is None or wanted is dtypes.int32) and -_INT32_MAX <= cast(int, value) <= _INT32_MAX:
            return np.array(value, np.int32)
        if wanted is dtypes.float32 and -_INT32_MAX <= cast(int, value) <= _INT32_MAX:
            return np.array(value, np.float32)
    elif kind is bool and (wanted is None or wanted is dtypes.bool):
        return np.array(value, np.bool_)
    elif (kind is list or kind is tuple) and (wanted is None or wanted is dtypes.int32):
        if set(map(type, cast("list[object]", value))) == {int}:
            try:
                return np.array(value, np.int32)
            except OverflowError:
                return None
    return None


def _convert(value: Any, wanted: DType | None) -> Array:
    if value is None:
        raise ValueError("None values not supported.")
    if wanted is not None and not wanted.is_numpy_compatible:
        raise TypeError(f"`dtype` {wanted} is not compatible with {value}: a constant cannot hold a handle.")
    if isinstance(value, (TensorShape, Dimension)):
        return _sizes_array(value, wanted)
    if isinstance(value, range):
        value = list(value)
    with np.errstate(over="ignore", invalid="ignore"):
        if isinstance(value, (np.ndarray, np.generic)):
            return _from_numpy(np.asarray(value), wanted)
        if isinstance(value, _BUFFERS) or (not isinstance(value, (list, tuple)) and hasattr(value, "__array__")):
            return _from_numpy(np.asarray(value), wanted)
        return _from_python(value, wanted)


def _sizes_array(value: TensorShape | Dimension, wanted: DType | None) -> Array:
    """A static shape, or one size of it, as integers: `tf.reshape(x, y.shape)`."""
    kind = type(value).__name__
    if isinstance(value, Dimension):
        if value.value is None:
            raise ValueError(f"Cannot convert unknown Dimension {value} to a Tensor. Use tf.shape(x)[i] instead.")
        sizes: Any = value.value
    else:
        if not fully_known(value._dims):
            raise ValueError(
                f"Cannot convert a partially known TensorShape {value} to a Tensor. Use tf.shape(x) instead."
            )
        sizes = value.as_list()
    if wanted not in (None, dtypes.int32, dtypes.int64):
        raise TypeError(f"Cannot convert {kind} {value} to dtype {wanted}. Allowed dtypes are tf.int32 and tf.int64.")
    too_large = np.max(sizes, initial=0) > _INT32_MAX
    if too_large and wanted is dtypes.int32:
        raise ValueError(
            f"Cannot convert {kind} {value} to dtype int32; a dimension is too large. Consider using tf.int64."
        )
    return np.array(sizes, np.int64 if too_large or wanted is dtypes.int64 else np.int32)


# --------------------------------------------------------------------------------------------------- NumPy values


def _from_numpy(value: Array, wanted: DType | None) -> Array:
    """An array keeps its type, or is converted the way NumPy does, rounding and wrapping included."""
    if wanted is None:
        wanted = dtypes.as_dtype(value.dtype)
    if wanted is dtypes.string:
        return _encoded(value)
    return value.astype(wanted.as_numpy_dtype)


def _encoded(value: Array) -> Array:
    """An object array of `bytes`; NumPy's own `S` type would cut trailing zero bytes off."""
    result = np.empty(value.shape, object)
    flat = result.reshape(-1)
    for i, item in enumerate(value.astype(object).reshape(-1)):
        flat[i] = bytes(as_bytes(item))
    return result


def as_bytes(bytes_or_text: object, encoding: str = "utf-8") -> bytes:
    """Text or bytes as bytes.

    Args:
      bytes_or_text: `str`, `bytes` or `bytearray`.
      encoding: For `str`.

    Returns:
      The bytes.

    Raises:
      TypeError: It is something else.

    >>> tf.compat.as_bytes("é")
    b'\\xc3\\xa9'
    """
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text
    if isinstance(bytes_or_text, bytearray):
        return bytes(bytes_or_text)
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_text(bytes_or_text: object, encoding: str = "utf-8") -> str:
    """Text or bytes as `str`.

    Args:
      bytes_or_text: `str` or `bytes`.
      encoding: For `bytes`.

    Returns:
      The text.

    Raises:
      TypeError: It is something else.

    >>> tf.compat.as_text(b"abc")
    'abc'
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_str_any(value: object, encoding: str = "utf-8") -> str:
    """`str(value)`, except that bytes are decoded.

    >>> tf.compat.as_str_any(b"abc"), tf.compat.as_str_any(3)
    ('abc', '3')
    """
    return as_text(value, encoding) if isinstance(value, bytes) else str(value)


# -------------------------------------------------------------------------------------------------- Python values


def _from_python(value: Any, wanted: DType | None) -> Array:
    if wanted is not None and wanted.is_quantized:
        return _quantized(value, wanted)
    kind = _kind(wanted)
    leaf_types: set[type] = set()
    _collect_types(value, leaf_types)
    allowed = _ALLOWED[kind]
    for leaf_type in leaf_types:
        if not issubclass(leaf_type, allowed) and leaf_type is not np.ndarray:
            raise _refusal(value, wanted, allowed)
    is_text = [issubclass(t, _TEXT) for t in leaf_types]
    if kind == "string" or any(is_text):
        if not all(is_text):
            raise _refusal(value, wanted, allowed)
        return _encoded(_dense(value, np.dtype(object)))
    if np.ndarray in leaf_types:
        _check_array_leaves(value, wanted, allowed)
    if wanted is None:
        return _followed(value, leaf_types)
    return _numbers(value, wanted)


def _kind(wanted: DType | None) -> str:
    if wanted is None:
        return "any"
    for kind in ("integer", "floating", "complex", "bool"):
        if getattr(wanted, f"is_{kind}"):
            return kind
    return "string"


def _collect_types(value: Any, into: set[type]) -> None:
    """Adds the types of the leaves of nested lists and tuples."""
    if not isinstance(value, (list, tuple)):
        into.add(type(value))
        return
    kinds = set(map(type, cast("list[Any]", value)))
    nested = {kind for kind in kinds if issubclass(kind, (list, tuple))}
    into |= kinds - nested
    if nested:
        for item in cast("list[Any]", value):
            if type(item) in nested:
                _collect_types(item, into)


def _leaves(value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        return [value]
    return [leaf for item in cast("list[Any]", value) for leaf in _leaves(item)]


def _refusal(value: Any, wanted: DType | None, allowed: tuple[type, ...]) -> TypeError:
    """The error for the first leaf that the dtype does not take."""
    if wanted is not None:
        for leaf in _leaves(value):
            scalar = leaf[()] if isinstance(leaf, np.ndarray) and leaf.ndim == 0 else leaf
            if not isinstance(scalar, (*allowed, np.ndarray)):
                return TypeError(f"Expected {wanted.name}, but got {leaf} of type '{type(leaf).__name__}'.")
    return TypeError(
        f"Failed to convert elements of {value} to Tensor. Consider casting elements to a supported type: "
        "numbers, bool, str or bytes, not mixed with text."
    )


def _check_array_leaves(value: Any, wanted: DType | None, allowed: tuple[type, ...]) -> None:
    """Arrays inside lists: scalars count as numbers; longer ones TF refuses unless the first element is a list."""
    for leaf in _leaves(value):
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "SUO":
            raise _refusal(value, wanted, ())
        if isinstance(leaf, np.ndarray) and leaf.ndim == 0 and not isinstance(leaf[()], allowed):
            raise _refusal(value, wanted, allowed)
    outer: list[int] = []
    first = value
    while isinstance(first, (list, tuple)):
        outer.append(len(cast("list[Any]", first)))
        if not first:
            break
        first = cast("list[Any]", first)[0]
    shape = list(_dense(value, None).shape)
    if shape != outer:
        raise ValueError(
            f"Expected values {value} to be a dense tensor with shape {outer}, but got shape {shape}. "
            "Use np.stack or tf.stack to make one tensor of a list of arrays."
        )


def _dense(value: Any, numpy_dtype: np.dtype[Any] | None) -> Array:
    try:
        result = np.array(value, numpy_dtype)
    except ValueError as error:
        raise ValueError(f"Expected values {value} to be a dense tensor: {error}") from None
    if numpy_dtype == np.dtype(object) and any(isinstance(item, (list, tuple)) for item in result.reshape(-1)):
        # With dtype object NumPy keeps unequal lists as items.
        raise ValueError(
            f"Expected values {value} to be a dense tensor: setting an array element with a sequence. "
            "The requested array has an inhomogeneous shape."
        )
    return result


def _followed(value: Any, leaf_types: set[type]) -> Array:
    """No dtype was asked for: NumPy's choice, narrowed to 32 bits as TF does for Python values."""
    if Dimension in leaf_types:
        if all(issubclass(t, (int, np.integer, Dimension)) for t in leaf_types):
            wide = _dense(value, np.dtype(np.int64))
            return wide if np.max(wide, initial=0) > _INT32_MAX else wide.astype(np.int32)
        raise _refusal(value, None, _ALLOWED["any"])
    result = _dense(value, None)
    if result.dtype == np.float64:
        return result.astype(np.float32)
    if result.dtype == np.int64:
        narrow = result.astype(np.int32)
        return narrow if np.array_equal(narrow, result) else result
    if result.dtype.kind == "O":
        # Integers of more than 64 bits.
        raise _refusal(value, None, ())
    return result


def _numbers(value: Any, wanted: DType) -> Array:
    numpy_dtype = np.dtype(wanted.as_numpy_dtype)
    try:
        return _dense(value, numpy_dtype)
    except OverflowError:
        if not wanted.is_integer:
            raise
    try:
        # TF goes through 64 bits and lets the low bits stand.
        return _dense(value, np.dtype(np.int64)).astype(numpy_dtype)
    except OverflowError:
        raise OverflowError(f"Python int too large to convert to C long: {value} does not fit {wanted.name}.") from None


def _quantized(value: Any, wanted: DType) -> Array:
    """Quantized values are written as tuples of one integer, like the records of their NumPy type."""
    leaves: list[Any] = [value]
    while leaves:
        leaf = leaves.pop(0)
        if isinstance(leaf, list):
            leaves = [*leaf, *leaves]
        elif not isinstance(leaf, tuple):
            raise TypeError(f"Expected {wanted.name}, but got {leaf} of type '{type(leaf).__name__}'.")
    return np.array(value, wanted.as_numpy_dtype)


# ---------------------------------------------------------------------------------------------------------- shape


def _sizes(shape: Sequence[Any] | TensorShape) -> tuple[int, ...]:
    return tuple([int(size) for size in shape])


def _with_shape(value: Array, shape: Sequence[Any] | TensorShape, verify_shape: bool) -> Array:
    sizes = _sizes(shape)
    if verify_shape:
        if value.shape != sizes:
            raise TypeError(f"Expected Tensor's shape: {sizes}, but got {value.shape}.")
        return value
    count = 1
    for size in sizes:
        count *= size
    if value.size == count:
        return value.reshape(sizes)
    if value.size > count:
        raise ValueError(f"Too many elements provided. Takes at most {count}, but got {value.size}.")
    if value.size == 0:
        return np.full(sizes, b"", object) if value.dtype == object else np.zeros(sizes, value.dtype)
    result = np.full(count, value.reshape(-1)[-1], value.dtype)
    result[: min(value.size, count)] = value.reshape(-1)[:count]
    return result.reshape(sizes)


# ---------------------------------------------------------------------------------------------------------- feeds


def feed_array(value: object, dtype: object) -> Array:
    """`value` as the array that a placeholder of this dtype receives.

    Feeding is laxer than `tf.constant`: NumPy's conversion, so that 1.5 becomes 1 for an int32 placeholder. Only a
    Python integer that does not survive the conversion is refused.

    Args:
      value: Anything `np.asarray` takes.
      dtype: The placeholder's dtype.

    Returns:
      An array; `value` itself when it is one of the right dtype already.

    Raises:
      TypeError: A Python integer does not fit the dtype.
      ValueError: NumPy cannot make one array of it: unequal lists, text that is no number.
      InternalError: Something other than text was fed to a string placeholder.
    """
    wanted = dtypes.as_dtype(dtype).base_dtype
    if isinstance(value, int) and not (wanted.is_floating or wanted.is_complex):
        return _fed_integer(value, wanted)
    if wanted is dtypes.string:
        return _fed_strings(value)
    numpy_dtype = wanted.as_numpy_dtype
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            return np.asarray(cast(Any, value), numpy_dtype)
        except OverflowError:
            # NumPy refuses Python integers out of range; TF lets the low bits stand, inside a list.
            return np.asarray(cast(Any, value)).astype(numpy_dtype)


def _fed_integer(value: int, wanted: DType) -> Array:
    if wanted is not dtypes.string:
        try:
            result = np.asarray(value, wanted.as_numpy_dtype)
            if result == value:
                return result
        except OverflowError:
            pass
    raise TypeError(
        f"Type of feed value {value} with type {type(value)} is not compatible with Tensor type "
        f"{wanted.as_numpy_dtype}. Try explicitly setting the type of the feed tensor to a larger type (e.g. int64)."
    )


def _fed_strings(value: object) -> Array:
    items = np.asarray(cast(Any, value), object)
    for item in items.reshape(-1):
        if not isinstance(item, _TEXT):
            raise errors.InternalError(
                None, None, f"Unsupported object type {type(item).__name__}: a string placeholder was fed {item!r}."
            )
    return _encoded(items)
