"""Circulant operators: diagonal after a Fourier transform over one, two or three axes.

    A x = ifft(H * fft(x))        H is the spectrum, its inverse transform the first column of A

With two or three axes the rows are numbered as the pixels of an image: row `i * N1 + j` is pixel `(i, j)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.linalg.composed import _last_two, _reshaped
from scopedjax._src.lib.linalg.forms import _elements
from scopedjax._src.lib.linalg.operator import LinearOperator
from scopedjax._src.ops.array.filling import zeros_like
from scopedjax._src.ops.array.joining import concat, matrix_transpose
from scopedjax._src.ops.array.shapes import expand_dims, shape
from scopedjax._src.ops.control_flow.checks import assert_less
from scopedjax._src.ops.math.casting import cast, conj, imag
from scopedjax._src.ops.math.elementwise import abs as tf_abs
from scopedjax._src.ops.math.elementwise import log
from scopedjax._src.ops.math.reductions import reduce_mean, reduce_prod, reduce_sum
from scopedjax._src.ops.signal.transforms import fft, fft2d, fft3d, ifft, ifft2d, ifft3d


class _Circulant(LinearOperator):
    """What circulant operators of one, two and three axes have in common."""

    _depth: ClassVar[int]
    _forward: ClassVar[Callable[..., Tensor]]
    _backward: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        spectrum: Any,
        input_output_dtype: Any = dtypes.complex64,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = True,
        name: str = "",
    ) -> None:
        if not is_square:
            raise ValueError(
                "A [[nested] block] circulant operator is always square. Expected argument `is_square` to be True. "
                f"Received: {is_square}."
            )
        with name_scope(name):
            self._spectrum = _spectrum(spectrum, self._depth)
        if not self._spectrum.dtype.is_complex:
            if is_self_adjoint is False:
                raise ValueError(
                    "A real spectrum always corresponds to a self-adjoint operator. Expected argument "
                    "`is_self_adjoint` to be True when `spectrum.dtype.is_complex` = True. "
                    f"Received: {is_self_adjoint}."
                )
            is_self_adjoint = True
        super().__init__(
            input_output_dtype, [self._spectrum], is_non_singular, is_self_adjoint, is_positive_definite, True, name,
            {"spectrum": spectrum, "input_output_dtype": input_output_dtype},
        )  # fmt: skip

    @property
    def spectrum(self) -> Tensor:
        """The spectrum."""
        return self._spectrum

    @property
    def block_depth(self) -> int:
        """Over how many axes it transforms."""
        return self._depth

    @property
    def block_shape(self) -> TensorShape:
        """Static shape of those axes."""
        return self._spectrum.shape[-self._depth :]

    def block_shape_tensor(self) -> Tensor:
        """Returns the sizes of those axes as an int32 tensor."""
        return shape(self._spectrum)[-self._depth :]

    def convolution_kernel(self, name: str = "convolution_kernel") -> Tensor:
        """Returns what it convolves with: the inverse transform of the spectrum.

        Args:
          name: Name of the scope.
        """
        with self._scope(name):
            return cast(type(self)._backward(self._wide(self._spectrum)), self.dtype)

    def assert_hermitian_spectrum(self, name: str = "assert_hermitian_spectrum") -> Operation:
        """Returns a node that fails unless the convolution kernel is real.

        Args:
          name: Name of the scope.
        """
        with self._scope(name):
            kernel = type(self)._backward(self._wide(self._spectrum))
            off = tf_abs(imag(kernel))
            limit = 1e-4 if off.dtype is dtypes.float32 else 1e-10
            # Less than the limit times the size of the spectrum's elements, for the rounding of the transform.
            return assert_less(
                off, limit * (1.0 + tf_abs(kernel)), message="Spectrum was not Hermitian", name="imaginary_part"
            )

    def _wide(self, x: Tensor) -> Tensor:
        double = dtypes.float64 in (x.dtype, self._spectrum.dtype) or dtypes.complex128 in (
            x.dtype, self._spectrum.dtype, self.dtype,
        )  # fmt: skip
        return cast(x, dtypes.complex128 if double else dtypes.complex64)

    def _flat(self, x: Tensor) -> Tensor:
        """The spectrum's axes as one."""
        sizes = x.dims[-self._depth :] if x.dims is not None else [None]
        total = 1
        for size in sizes:
            total = None if total is None or size is None else total * size
        if self._depth == 1:
            return x
        return _reshaped(x, self._depth, [reduce_prod(self.block_shape_tensor()) if total is None else total])

    def _static(self) -> TensorShape:
        found = self._flat_shape()
        return found.concatenate(found[-1:]) if found.ndims is not None else found

    def _flat_shape(self) -> TensorShape:
        dims = self._spectrum.dims
        if dims is None:
            return TensorShape(None)
        total = 1
        for size in dims[-self._depth :]:
            total = None if total is None or size is None else total * size
        return TensorShape([*dims[: -self._depth], total])

    def _dynamic(self) -> Tensor:
        sizes = shape(self._spectrum)
        total = reduce_prod(sizes[-self._depth :], keepdims=True)
        return concat([sizes[: -self._depth], total, total], 0)

    def _dense(self) -> Tensor:
        return self._by_identity()

    def _transformed(self, x: Tensor, change: Callable[[Tensor, Tensor], Tensor], adjoint: bool) -> Tensor:
        """`change(fft(x), spectrum)` transformed back; x is `[..., n, k]`."""
        spectrum = self._wide(self._spectrum)
        spectrum = conj(spectrum) if adjoint else spectrum
        columns = matrix_transpose(self._wide(x))
        if self._depth > 1:
            known = self.block_shape.as_list() if self.block_shape.ndims is not None else [None]
            sizes = self.block_shape_tensor()
            columns = _reshaped(columns, 1, [sizes[i] if n is None else n for i, n in enumerate(known)])
        changed = change(type(self)._forward(columns), expand_dims(spectrum, -1 - self._depth))
        found = type(self)._backward(changed)
        if self._depth > 1:
            rows, count = _last_two(x)
            del count
            found = _reshaped(found, self._depth, [rows])
        return cast(matrix_transpose(found), self.dtype)

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        return self._transformed(x, lambda y, spectrum: y * spectrum, adjoint)

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return self._transformed(rhs, lambda y, spectrum: y / spectrum, adjoint)

    def _axes(self) -> list[int]:
        return list(range(-self._depth, 0))

    def _determinant(self) -> Tensor:
        return cast(reduce_prod(self._spectrum, self._axes()), self.dtype)

    def _log_abs_determinant(self) -> Tensor:
        return cast(reduce_sum(log(tf_abs(self._spectrum)), self._axes()), self.dtype)

    def _diagonal(self) -> Tensor:
        flat = self._flat(self._spectrum)
        return cast(zeros_like(flat) + reduce_mean(flat, -1, keepdims=True), self.dtype)

    def trace(self, name: str = "trace") -> Tensor:
        """Returns the sums of the diagonals: those of the spectrum.

        Args:
          name: Name of the scope.
        """
        with self._scope(name):
            return cast(reduce_sum(self._spectrum, self._axes()), self.dtype)


def _spectrum(value: Any, depth: int) -> Tensor:
    found = _elements(value, "spectrum", 0)
    if found.ndim is not None and found.ndim < depth:
        raise ValueError(f"Argument `spectrum` must have at least {depth} dimensions. Received: {found}.")
    return found


class LinearOperatorCirculant(_Circulant):
    """A circulant operator: each row is the one above it, moved by one.

    Args:
      spectrum: Floating or complex tensor `[..., n]`: the eigenvalues, the transform of the first column.
      input_output_dtype: Dtype of what is multiplied and of the results.
      is_non_singular: Whether it is promised to be invertible.
      is_self_adjoint: Whether it is promised to be its own adjoint; with a real spectrum it is.
      is_positive_definite: Whether it is promised to be positive definite.
      is_square: Not False.
      name: Name of the operator.

    Raises:
      ValueError: a promise that does not hold, or too few axes.

    >>> operator = tf.linalg.LinearOperatorCirculant([6.0, 0.0, 0.0], tf.float32)
    >>> tf.Session().run(operator.matvec([1.0, 2.0, 3.0])).round(4).tolist()
    [12.0, 12.0, 12.0]
    """

    _depth = 1
    _forward = staticmethod(fft)
    _backward = staticmethod(ifft)

    def __init__(
        self,
        spectrum: Any,
        input_output_dtype: Any = dtypes.complex64,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = True,
        name: str = "LinearOperatorCirculant",
    ) -> None:
        super().__init__(
            spectrum, input_output_dtype, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name
        )


class LinearOperatorCirculant2D(_Circulant):
    """A circulant operator on images of `m` by `n` pixels.

    Args:
      spectrum: Floating or complex tensor `[..., m, n]`: the eigenvalues.
      input_output_dtype: Dtype of what is multiplied and of the results.
      is_non_singular: Whether it is promised to be invertible.
      is_self_adjoint: Whether it is promised to be its own adjoint; with a real spectrum it is.
      is_positive_definite: Whether it is promised to be positive definite.
      is_square: Not False.
      name: Name of the operator.

    Raises:
      ValueError: a promise that does not hold, or too few axes.

    >>> operator = tf.linalg.LinearOperatorCirculant2D([[4.0, 0.0], [0.0, 0.0]], tf.float32)
    >>> tf.Session().run(operator.matvec([1.0, 2.0, 3.0, 4.0])).round(4).tolist()
    [10.0, 10.0, 10.0, 10.0]
    """

    _depth = 2
    _forward = staticmethod(fft2d)
    _backward = staticmethod(ifft2d)

    def __init__(
        self,
        spectrum: Any,
        input_output_dtype: Any = dtypes.complex64,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = True,
        name: str = "LinearOperatorCirculant2D",
    ) -> None:
        super().__init__(
            spectrum, input_output_dtype, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name
        )


class LinearOperatorCirculant3D(_Circulant):
    """A circulant operator on volumes of `l` by `m` by `n` cells.

    Args:
      spectrum: Floating or complex tensor `[..., l, m, n]`: the eigenvalues.
      input_output_dtype: Dtype of what is multiplied and of the results.
      is_non_singular: Whether it is promised to be invertible.
      is_self_adjoint: Whether it is promised to be its own adjoint; with a real spectrum it is.
      is_positive_definite: Whether it is promised to be positive definite.
      is_square: Not False.
      name: Name of the operator.

    Raises:
      ValueError: a promise that does not hold, or too few axes.

    >>> operator = tf.linalg.LinearOperatorCirculant3D([[[2.0, 0.0]]], tf.float32)
    >>> tf.Session().run(operator.matvec([1.0, 3.0])).round(4).tolist()
    [4.0, 4.0]
    """

    _depth = 3
    _forward = staticmethod(fft3d)
    _backward = staticmethod(ifft3d)

    def __init__(
        self,
        spectrum: Any,
        input_output_dtype: Any = dtypes.complex64,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = True,
        name: str = "LinearOperatorCirculant3D",
    ) -> None:
        super().__init__(
            spectrum, input_output_dtype, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name
        )
