"""Fourier transforms: `fft` to `irfft3d`, over the last one, two or three axes, and the shifts of their results.

    real, n elements     rfft   n // 2 + 1 complex ones: the others are their conjugates
    complex, m           irfft  2 (m - 1) real ones, or as many as `fft_length` says

A transform of a given length cuts what is longer and pads with zeros what is shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.arranging import roll
from scopedjax._src.ops.array.filling import zeros, zeros_like
from scopedjax._src.ops.array.joining import concat, pad
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import rank, shape
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.elementwise import maximum
from scopedjax._src.ops.registry import declare
from scopedjax._src.ops.shape_context import ShapeContext

_COMPLEX = (dtypes.complex64, dtypes.complex128)

# ------------------------------------------------------------------------------------------------- records


def _axes(count: int) -> tuple[int, ...]:
    return tuple(range(-count, 0))


def _at_least(count: int) -> Callable[[ShapeContext], list[Dims]]:
    def rule(c: ShapeContext) -> list[Dims]:
        dims = c.dims(0)
        if dims is not None and len(dims) < count:
            raise c.fail(f"Shape must be at least rank {count} but is rank {len(dims)}")
        return [dims]

    return rule


def _real_dims(count: int, forward: bool) -> Callable[[ShapeContext], list[Dims]]:
    def rule(c: ShapeContext) -> list[Dims]:
        dims = _at_least(count)(c)[0]
        c.require_rank(1, 1)
        length = c.const(1)
        if length is not None and len(length) != count:
            raise c.fail(f"Dimension must be {count} but is {len(length)}")
        if dims is None:
            return [None]
        if length is None:
            return [(*dims[:-count], *[None] * count)]
        sizes = [int(n) for n in length]
        if forward and sizes[-1]:
            sizes[-1] = sizes[-1] // 2 + 1
        return [(*dims[:-count], *sizes)]

    return rule


def _row_by_row(x: Any) -> Any:
    """The same, laid out row by row: XLA:CPU fails where what follows a transform asks for columns (Cholesky does)."""
    return x if x.ndim < 2 else jax.lax.optimization_barrier(x.reshape(-1)).reshape(x.shape)


def _complex_transform(count: int, transform: Callable[..., Any]) -> Callable[..., Any]:
    def lower(input: Any) -> Any:
        return _row_by_row(transform(jnp.asarray(input), axes=_axes(count)).astype(input.dtype))

    return lower


def _fitted(x: Any, sizes: Sequence[int]) -> Any:
    """The last axes cut, or padded with zeros, to `sizes`."""
    first = x.ndim - len(sizes)
    x = x[(..., *(slice(n) for n in sizes))]
    return jnp.pad(x, [(0, 0)] * first + [(0, n - m) for n, m in zip(sizes, x.shape[first:], strict=True)])


def _from_real(count: int) -> Callable[..., Any]:
    def lower(input: Any, fft_length: np.ndarray, *, Tcomplex: Any) -> Any:
        sizes = [int(n) for n in fft_length]
        found = jnp.fft.rfftn(_fitted(jnp.asarray(input), sizes), axes=_axes(count))
        return _row_by_row(found.astype(Tcomplex.as_numpy_dtype))

    return lower


def _to_real(count: int) -> Callable[..., Any]:
    def lower(input: Any, fft_length: np.ndarray, *, Treal: Any) -> Any:
        sizes = [int(n) for n in fft_length]
        fitted = _fitted(jnp.asarray(input), [*sizes[:-1], sizes[-1] // 2 + 1])
        return _row_by_row(jnp.fft.irfftn(fitted, s=sizes, axes=_axes(count)).astype(Treal.as_numpy_dtype))

    return lower


_SUFFIX = {1: "", 2: "2D", 3: "3D"}
for _count, _suffix in _SUFFIX.items():
    for _type, _transform in (("FFT", jnp.fft.fftn), ("IFFT", jnp.fft.ifftn)):
        declare(
            f"{_type}{_suffix}(input: Tcomplex; Tcomplex: type = complex64) -> output: Tcomplex",
            _complex_transform(_count, _transform),
            shape=_at_least(_count),
            types={"Tcomplex": _COMPLEX},
        )
    declare(
        f"RFFT{_suffix}(input: Treal, fft_length: int32; Treal: type = float32, Tcomplex: type = complex64) "
        "-> output: Tcomplex",
        _from_real(_count),
        shape=_real_dims(_count, True),
        static=("fft_length",),
        types={"Treal": (dtypes.float32, dtypes.float64), "Tcomplex": _COMPLEX},
    )
    declare(
        f"IRFFT{_suffix}(input: Tcomplex, fft_length: int32; Treal: type = float32, Tcomplex: type = complex64) "
        "-> output: Treal",
        _to_real(_count),
        shape=_real_dims(_count, False),
        static=("fft_length",),
        types={"Treal": (dtypes.float32, dtypes.float64), "Tcomplex": _COMPLEX},
    )

# ------------------------------------------------------------------------------------------ public functions


def _complex_function(op_type: str, name: str, what: str, axes: str) -> Callable[..., Tensor]:
    def function(input: Any, name: str | None = None) -> Tensor:
        return apply_op(op_type, input, name=name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Computes the {what} over the last {axes}.

    Args:
      input: complex64 or complex128 tensor.
      name: Node name; defaults to "{op_type}".

    Returns:
      Tensor of the shape and dtype of `input`.

    Raises:
      ValueError: `input` has fewer axes.

    >>> tf.{name}(tf.zeros([2, 3, 4], tf.complex64)).shape.as_list()
    [2, 3, 4]
    """
    return function


_FORWARD, _BACK = "discrete Fourier transform", "inverse discrete Fourier transform"
fft = _complex_function("FFT", "fft", _FORWARD, "axis")
fft2d = _complex_function("FFT2D", "fft2d", _FORWARD, "two axes")
fft3d = _complex_function("FFT3D", "fft3d", _FORWARD, "three axes")
ifft = _complex_function("IFFT", "ifft", _BACK, "axis")
ifft2d = _complex_function("IFFT2D", "ifft2d", _BACK, "two axes")
ifft3d = _complex_function("IFFT3D", "ifft3d", _BACK, "three axes")


def _inferred_length(x: Tensor, count: int, forward: bool) -> Tensor:
    """The length of the transform where none was given."""
    dims = x.dims
    if dims is not None and None not in dims[-count:]:
        sizes = [int(n or 0) for n in dims[-count:]]
        if not forward:
            sizes[-1] = max(0, 2 * (sizes[-1] - 1))
        return constant(sizes, dtype=dtypes.int32)
    sizes_now = shape(x)[-count:]
    if forward:
        return sizes_now
    last = maximum(0, 2 * (sizes_now[-1:] - 1))
    return last if count == 1 else concat([sizes_now[:-1], last], 0)


def _padded(x: Tensor, length: Tensor, forward: bool) -> Tensor:
    """`x` with as many elements along the last axes as the transform takes, at least."""
    count = int(length.shape.as_list()[0] or 0)
    sizes = constant_value(length)
    dims = x.dims
    if sizes is not None and dims is not None and None not in dims[-count:]:
        wanted = [int(n) for n in sizes]
        if not forward:
            wanted[-1] = wanted[-1] // 2 + 1
        missing = [max(n - int(d or 0), 0) for n, d in zip(wanted, dims[-count:], strict=True)]
        if not any(missing):
            return x
        return pad(x, [[0, 0]] * (len(dims) - count) + [[0, n] for n in missing])
    if not forward:
        length = length // 2 + 1 if count == 1 else concat([length[:-1], length[-1:] // 2 + 1], 0)
    all_axes = rank(x)
    now = shape(x)[-count:]
    before = zeros([maximum(0, all_axes - count)], dtypes.int32)
    behind = concat([before, maximum(0, length - now)], 0)
    return pad(x, stack([zeros_like(behind), behind], axis=1))


def _real_function(count: int, forward: bool) -> Callable[..., Tensor]:
    op_type = f"{'R' if forward else 'IR'}FFT{_SUFFIX[count]}"
    own = op_type.lower()

    def function(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
        with stacks.get_default_graph().name_scope(name or own) as scope:
            preferred = dtypes.float32 if forward else dtypes.complex64
            x = convert_to_tensor(input_tensor, preferred_dtype=preferred)
            if x.dtype.is_complex is forward:
                raise ValueError(f"{'RFFT' if forward else 'IRFFT'} does not take {x.dtype.name}")
            wide = x.dtype.base_dtype in (dtypes.float64, dtypes.complex128)
            length = (
                _inferred_length(x, count, forward)
                if fft_length is None
                else convert_to_tensor(fft_length, dtypes.int32)
            )
            x = _padded(x, length, forward)
            known = constant_value(length)
            return apply_op(
                op_type,
                x,
                length if known is None else known,
                name=scope,
                **(
                    {"Tcomplex": dtypes.complex128 if wide else dtypes.complex64}
                    if forward
                    else {"Treal": dtypes.float64 if wide else dtypes.float32}
                ),
            )

    function.__name__ = function.__qualname__ = own
    axes = {1: "axis", 2: "two axes", 3: "three axes"}[count]
    takes, gives = ("float32 or float64", "complex") if forward else ("complex64 or complex128", "real")
    size = "`n // 2 + 1` elements along the last axis" if forward else "`fft_length` elements along these axes"
    example = "tf.zeros([2, 3, 8])" if forward else "tf.zeros([2, 3, 5], tf.complex64)"
    result = "[2, 3, 5]" if forward else "[2, 3, 8]"
    function.__doc__ = f"""Computes the {"" if forward else "inverse "}Fourier transform of a real signal.

    Args:
      input_tensor: {takes} tensor; the transform goes over its last {axes}.
      fft_length: int32 tensor `[{count}]`: length of the signal; by default what fits `input_tensor`.
      name: Node name; defaults to "{own}".

    Returns:
      {gives.capitalize()} tensor with {size}.

    Raises:
      ValueError: `input_tensor` has fewer axes, or is of the wrong kind.

    >>> tf.signal.{own}({example}).shape.as_list()
    {result}
    """
    return function


rfft, rfft2d, rfft3d = (_real_function(count, True) for count in (1, 2, 3))
irfft, irfft2d, irfft3d = (_real_function(count, False) for count in (1, 2, 3))


# ----------------------------------------------------------------------------------------------------- shifts


def _shifted(x: Any, axes: Any, back: bool, scope: str) -> Tensor:
    with stacks.get_default_graph().name_scope(scope):
        x = convert_to_tensor(x)
        if axes is None:
            axes = list(range(x.ndim or 0))
        chosen = [axes] if isinstance(axes, int) else list(axes)
        dims = x.shape.as_list()
        sizes = [shape(x)[a] if dims[a] is None else dims[a] for a in chosen]
        steps = [-(n // 2) if back else n // 2 for n in sizes]
        return roll(x, steps if len(steps) > 1 else steps[0], chosen if len(chosen) > 1 else chosen[0])


def fftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """Moves the element of frequency zero to the middle.

    Args:
      x: Tensor.
      axes: Axis or axes; all by default.
      name: Name scope; defaults to "fftshift".

    Returns:
      Tensor of the shape and dtype of `x`.

    >>> tf.Session().run(tf.signal.fftshift([0, 1, 2, -2, -1])).tolist()
    [-2, -1, 0, 1, 2]
    """
    return _shifted(x, axes, False, name or "fftshift")


def ifftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """Moves the element of frequency zero from the middle to the start; the opposite of `fftshift`.

    Args:
      x: Tensor.
      axes: Axis or axes; all by default.
      name: Name scope; defaults to "ifftshift".

    Returns:
      Tensor of the shape and dtype of `x`.

    >>> tf.Session().run(tf.signal.ifftshift([-2, -1, 0, 1, 2])).tolist()
    [0, 1, 2, -2, -1]
    """
    return _shifted(x, axes, True, name or "ifftshift")
