"""Changing dtypes: `cast` and its short forms, `bitcast`, and the parts of complex numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like, zeros_like
from scopedjax._src.ops.array.module import is_known
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.indexed_slices import IndexedSlices
from scopedjax._src.ops.math.elementwise import quiet, times
from scopedjax._src.ops.registry import NO_GRADIENT, declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import broadcast, like


def _float_to_integer(x: Any, wanted: Any) -> Any:
    """C's conversion: towards zero, and by way of the widest integer, so that what does not fit wraps."""
    info = np.iinfo(wanted)
    if x.dtype.itemsize < 4:  # half precision cannot hold the bounds that it is compared with
        x = x.astype(np.float32)
    wide = x.astype(np.uint64 if wanted == np.uint64 else np.int64)
    if info.bits == 32 and info.min < 0:
        # x86 gives the lowest number for what is out of range of int32, NaN included.
        inside = (x > info.min - 1.0) & (x < info.max + 1.0)
        return jnp.where(inside, wide, info.min).astype(wanted)
    if info.bits == 64 and info.min < 0:
        inside = (x >= float(info.min)) & (x < -float(info.min))
        return jnp.where(inside, wide, info.min).astype(wanted)
    return wide.astype(wanted)


def _cast(x: Any, *, SrcT: DType, DstT: DType) -> Any:
    wanted = np.dtype(DstT.as_numpy_dtype)
    if SrcT is DstT:
        return x
    if SrcT.is_complex and not DstT.is_complex:
        x = jnp.real(x)
    if DstT.is_bool:
        return x != 0
    if jnp.issubdtype(x.dtype, jnp.floating) and DstT.is_integer:
        return _float_to_integer(jnp.asarray(x), wanted)
    return jnp.asarray(x).astype(wanted)


def _numpy_cast(x: Any, *, SrcT: DType, DstT: DType) -> Any:
    with np.errstate(all="ignore"):
        if SrcT.is_complex and not DstT.is_complex:
            x = x.real
        return np.asarray(x).astype(DstT.as_numpy_dtype)


declare(
    "Cast(x: SrcT; Truncate: bool = False) -> y: DstT",
    _cast,
    shape=like(0),
    numpy=_numpy_cast,
    dims_value=lambda op, of: of(op.inputs[0]) if op.attrs["DstT"].is_integer else None,
)


def _bitcast_dims(c: ShapeContext) -> list[Dims]:
    dims, have, want = c.dims(0), c.attr("T").size, c.attr("type").size
    if dims is None or have == want:
        return [dims]
    if have > want:
        return [(*dims, have // want)]
    ratio = want // have
    if not dims:
        raise c.fail(f"Cannot bitcast due to shape. {ratio} elements of type {c.attr('T').name} make one")
    if dims[-1] is not None and dims[-1] != ratio:
        raise c.fail(f"Cannot bitcast due to shape. {dims[-1]} does not match {ratio}")
    return [dims[:-1]]


def _bitcast(input: Any, *, type: DType) -> Any:
    wanted = type.as_numpy_dtype
    if is_known(input):
        return _numpy_bitcast(input, type=type)
    if jnp.iscomplexobj(input) or type.is_complex:
        return _complex_bitcast(input, type)
    return jax.lax.bitcast_convert_type(input, wanted)


def _numpy_bitcast(input: Any, *, type: DType) -> Any:
    value, wanted = np.ascontiguousarray(input), np.dtype(type.as_numpy_dtype)
    if value.dtype.itemsize > wanted.itemsize:
        return value.reshape(*np.shape(input), 1).view(wanted)
    if value.dtype.itemsize < wanted.itemsize:
        return value.view(wanted)[..., 0]
    return value.reshape(np.shape(input)).view(wanted)


def _complex_bitcast(input: Any, type: DType) -> Any:
    """By way of the real numbers that a complex one is made of; XLA has no bitcast of complex numbers."""
    if jnp.iscomplexobj(input):
        input = jnp.stack([jnp.real(input), jnp.imag(input)], -1)
        if type.size == 2 * input.dtype.itemsize and not type.is_complex:
            return jax.lax.bitcast_convert_type(input, type.as_numpy_dtype)
        if not type.is_complex:
            out = jax.lax.bitcast_convert_type(input, type.as_numpy_dtype)
            return out if out.ndim == input.ndim else out.reshape(*input.shape[:-1], -1)
    real = np.dtype(type.real_dtype.as_numpy_dtype)
    parts = input if input.dtype == real else _as_pairs(input, real)
    return jax.lax.complex(parts[..., 0], parts[..., 1])


def _as_pairs(input: Any, real: Any) -> Any:
    if input.dtype.itemsize < real.itemsize:
        input = input.reshape(*input.shape[:-1], 2, real.itemsize // input.dtype.itemsize)
    return jax.lax.bitcast_convert_type(input, real)


_BITS = (*dtypes.NUMERIC, *dtypes.QUANTIZED)
declare(
    "Bitcast(input: T; type: type) -> output: type",
    _bitcast,
    shape=_bitcast_dims,
    numpy=_numpy_bitcast,
    gradient=NO_GRADIENT,
    types={"T": _BITS, "type": _BITS},
)

_PARTS: tuple[tuple[str, Callable[..., Any]], ...] = (("Real", jnp.real), ("Imag", jnp.imag), ("Angle", jnp.angle))
for _type, _function in _PARTS:
    declare(
        f"{_type}(input: T; T: type = complex64, Tout: type = float32) -> output: Tout",
        lambda input, _function=_function: _function(input),
        shape=like(0),
        types={"T": dtypes.COMPLEX, "Tout": (dtypes.float32, dtypes.float64)},
    )
declare(
    "ComplexAbs(x: T; T: type = complex64, Tout: type = float32) -> y: Tout",
    lambda x: jnp.abs(x),
    shape=like(0),
    types={"T": dtypes.COMPLEX, "Tout": (dtypes.float32, dtypes.float64)},
)
declare(
    "Conj(input: T; T: type = complex64) -> output: T",
    lambda input: jnp.conj(input),
    shape=like(0),
    numpy=quiet(np.conj),
    types={"T": dtypes.COMPLEX},
)
declare(
    "Complex(real: T, imag: T; T: type = float32, Tout: type = complex64) -> out: Tout",
    lambda real, imag: jax.lax.complex(*jnp.broadcast_arrays(real, imag)),
    shape=broadcast,
    types={"T": (dtypes.float32, dtypes.float64), "Tout": dtypes.COMPLEX},
)

# -------------------------------------------------------------------------------------------- public functions


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """Converts a tensor to another dtype.

    Args:
      x: Tensor, SparseTensor or IndexedSlices of numbers or bool.
      dtype: The dtype wanted. Floats become integers towards zero; numbers become bool as `x != 0`.
      name: Node name; defaults to "Cast".

    Returns:
      Tensor of the shape of `x`; `x` itself where it has the dtype already.

    Raises:
      TypeError: `x` cannot be converted.

    >>> tf.Session().run(tf.cast([1.8, -2.2], tf.int32)).tolist()
    [1, -2]
    """
    wanted = dtypes.as_dtype(dtype).base_dtype
    if isinstance(x, Tensor) and x.dtype is wanted:
        return x
    with stacks.get_default_graph().name_scope(name or "Cast") as scope:
        if type(x).__name__ == "SparseTensor":
            sparse: Any = x
            return type(sparse)(sparse.indices, cast(sparse.values, wanted, name=scope), sparse.dense_shape)
        if isinstance(x, IndexedSlices):
            return IndexedSlices(cast(x.values, wanted, name=scope), x.indices, x.dense_shape)
        tensor = convert_to_tensor(x, name="x")
        if tensor.dtype.base_dtype is wanted:
            return tensor
        return apply_op("Cast", tensor, DstT=wanted, name=scope)


def _short_cast(function_name: str, dtype: DType, default_name: str) -> Callable[..., Any]:
    def function(x: Any, name: str | None = default_name) -> Any:
        return cast(x, dtype, name=name)

    function.__name__ = function.__qualname__ = function_name
    function.__doc__ = f"""Converts a tensor to {dtype.name}; the same as `tf.cast(x, tf.{dtype.name})`.

    Args:
      x: Tensor, SparseTensor or IndexedSlices.
      name: Node name.

    Returns:
      Tensor of the shape of `x` with dtype {dtype.name}.

    Raises:
      TypeError: `x` cannot be converted.

    >>> tf.{function_name}(tf.constant([1, 2])).dtype
    tf.{dtype.name}
    """
    return function


to_float = _short_cast("to_float", dtypes.float32, "ToFloat")
to_double = _short_cast("to_double", dtypes.float64, "ToDouble")
to_int32 = _short_cast("to_int32", dtypes.int32, "ToInt32")
to_int64 = _short_cast("to_int64", dtypes.int64, "ToInt64")
to_bfloat16 = _short_cast("to_bfloat16", dtypes.bfloat16, "ToBFloat16")
to_complex64 = _short_cast("to_complex64", dtypes.complex64, "ToComplex64")
to_complex128 = _short_cast("to_complex128", dtypes.complex128, "ToComplex128")


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """Converts to another dtype; what does not fit becomes the largest or the smallest value that does.

    Args:
      value: Tensor.
      dtype: The dtype wanted.
      name: Name scope; defaults to "saturate_cast".

    Returns:
      Tensor of the shape of `value`.

    >>> tf.Session().run(tf.saturate_cast([300.0, -5.0], tf.uint8)).tolist()
    [255, 0]
    """
    wanted = dtypes.as_dtype(dtype).base_dtype
    with stacks.get_default_graph().name_scope(name or "saturate_cast") as scope:
        tensor = convert_to_tensor(value, name="value")
        have = tensor.dtype.base_dtype
        if have.is_complex and not wanted.is_complex:
            tensor = real(tensor)
            have = tensor.dtype.base_dtype
        if not have.is_complex and not have.is_bool and not wanted.is_complex and not wanted.is_bool:
            low, high = _clamping_range(have, wanted)
            tensor = apply_op(
                "ClipByValue",
                tensor,
                convert_to_tensor(low, dtype=have),
                convert_to_tensor(high, dtype=have),
                name="clamp",
            )
        return cast(tensor, wanted, name=scope)


def _clamping_range(have: DType, wanted: DType) -> tuple[Any, Any]:
    """The values of `have` nearest to the ends of `wanted` that still fit it."""
    low, high = max(have.min, wanted.min), min(have.max, wanted.max)
    kind = np.dtype(have.as_numpy_dtype)
    lowest, highest = kind.type(low), kind.type(high)
    if float(lowest) < float(low):
        lowest = np.nextafter(lowest, kind.type(0), dtype=kind)
    if float(highest) > float(high):
        highest = np.nextafter(highest, kind.type(0), dtype=kind)
    return lowest, highest


def bitcast(input: Any, type: Any, name: str | None = None) -> Tensor:
    """Reads the bits of a tensor as another dtype, without a conversion.

    Args:
      input: Tensor of numbers.
      type: The other dtype. A smaller one adds an axis at the end; a larger one takes away the last axis.
      name: Node name; defaults to "Bitcast".

    Returns:
      Tensor of that dtype.

    Raises:
      ValueError: the last axis does not have the size that makes one element.

    >>> tf.Session().run(tf.bitcast(tf.constant(1.0), tf.int32)) == 0x3F800000
    np.True_
    """
    return apply_op("Bitcast", input, type=dtypes.as_dtype(type), name=name)


def real(input: Any, name: str | None = None) -> Tensor:
    """Returns the real part; of a real tensor, the tensor itself.

    Args:
      input: Tensor of numbers.
      name: Node name; defaults to "Real".

    Returns:
      Tensor of the real dtype of `input`.

    >>> tf.Session().run(tf.real([1.0 + 2.0j])).tolist()
    [1.0]
    """
    with stacks.get_default_graph().name_scope(name or "Real") as scope:
        tensor = convert_to_tensor(input, name="input")
        if not tensor.dtype.is_complex:
            return tensor
        return apply_op("Real", tensor, Tout=tensor.dtype.real_dtype, name=scope)


def imag(input: Any, name: str | None = None) -> Tensor:
    """Returns the imaginary part; of a real tensor, zeros.

    Args:
      input: Tensor of numbers.
      name: Node name; defaults to "Imag".

    Returns:
      Tensor of the real dtype of `input`.

    >>> tf.Session().run(tf.imag([1.0 + 2.0j])).tolist()
    [2.0]
    """
    with stacks.get_default_graph().name_scope(name or "Imag") as scope:
        tensor = convert_to_tensor(input, name="input")
        if not tensor.dtype.is_complex:
            return zeros_like(tensor)
        return apply_op("Imag", tensor, Tout=tensor.dtype.real_dtype, name=scope)


def angle(input: Any, name: str | None = None) -> Tensor:
    """Returns the angle of complex numbers, in (-pi, pi]; of real ones, pi where negative and 0 elsewhere.

    Args:
      input: Tensor of numbers.
      name: Node name; defaults to "Angle".

    Returns:
      Tensor of the real dtype of `input`.

    >>> tf.Session().run(tf.angle([1.0 + 0.0j])).tolist()
    [0.0]
    """
    with stacks.get_default_graph().name_scope(name or "Angle") as scope:
        tensor = convert_to_tensor(input, name="input")
        if tensor.dtype.is_complex:
            return apply_op("Angle", tensor, Tout=tensor.dtype.real_dtype, name=scope)
        below = apply_op("Less", tensor, 0)
        half_turn = times(np.pi, ones_like(tensor))
        return apply_op("Select", below, half_turn, zeros_like(tensor))


def conj(x: Any, name: str | None = None) -> Tensor:
    """Returns the complex conjugate; a real tensor is returned as it is.

    Args:
      x: Tensor of numbers.
      name: Node name; defaults to "Conj".

    Returns:
      Tensor of the dtype of `x`.

    Raises:
      TypeError: `x` does not hold numbers.

    >>> tf.Session().run(tf.conj([1.0 + 2.0j])).tolist()
    [(1-2j)]
    """
    if isinstance(x, Tensor) and (x.dtype.is_floating or x.dtype.is_integer):
        return x
    with stacks.get_default_graph().name_scope(name or "Conj") as scope:
        tensor = convert_to_tensor(x, name="x")
        if tensor.dtype.is_complex:
            return apply_op("Conj", tensor, name=scope)
        if tensor.dtype.is_floating or tensor.dtype.is_integer:
            return tensor
        raise TypeError(f"Expected numeric or variant tensor, got dtype {tensor.dtype!r}.")


def complex(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """Makes complex numbers of real and imaginary parts.

    Args:
      real: Tensor, float32 or float64.
      imag: Tensor of the same dtype, whose shape broadcasts with that of `real`.
      name: Node name; defaults to "Complex".

    Returns:
      Tensor, complex64 or complex128.

    Raises:
      TypeError: another dtype.

    >>> tf.Session().run(tf.complex([2.25], [4.75])).tolist()
    [(2.25+4.75j)]
    """
    real = convert_to_tensor(real, name="real")
    imag = convert_to_tensor(imag, name="imag")
    with stacks.get_default_graph().name_scope(name or "Complex") as scope:
        kinds = (real.dtype.base_dtype, imag.dtype.base_dtype)
        if kinds == (dtypes.float64, dtypes.float64):
            wanted = dtypes.complex128
        elif kinds == (dtypes.float32, dtypes.float32):
            wanted = dtypes.complex64
        else:
            raise TypeError(
                f"The `real` and `imag` components have incorrect types: {kinds[0].name} {kinds[1].name}. They must be "
                "consistent, and one of float32 or float64."
            )
        return apply_op("Complex", real, imag, Tout=wanted, name=scope)
