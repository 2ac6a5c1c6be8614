"""Linear operators by form: full, lower triangular, diagonal, a multiple of the identity, the identity."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.linalg.operator import LinearOperator
from scopedjax._src.ops.array.filling import eye, ones
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.shapes import expand_dims, shape
from scopedjax._src.ops.constant_value import constant_value
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast, conj
from scopedjax._src.ops.math.decompositions import matrix_triangular_solve
from scopedjax._src.ops.math.diagonals import matrix_band_part, matrix_diag, matrix_diag_part
from scopedjax._src.ops.math.elementwise import abs as tf_abs
from scopedjax._src.ops.math.elementwise import log
from scopedjax._src.ops.math.elementwise import pow as tf_pow
from scopedjax._src.ops.math.reductions import reduce_prod, reduce_sum

_NUMBERS = (dtypes.float16, dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128)


def _elements(value: Any, name: str, least: int) -> Tensor:
    tensor = convert_to_tensor(value, name=name)
    if tensor.dtype.base_dtype not in _NUMBERS:
        raise TypeError(f"Argument {name} must have dtype in {list(_NUMBERS)}. Found: {tensor.dtype}")
    if tensor.ndim is not None and tensor.ndim < least:
        raise ValueError(f"Argument {name} must have at least {least} dimensions. Found: {tensor}")
    return tensor


class LinearOperatorFullMatrix(LinearOperator):
    """An operator given by all its elements.

    Args:
      matrix: Floating or complex tensor `[..., m, n]`.
      is_non_singular: Whether it is promised to be invertible.
      is_self_adjoint: Whether it is promised to be its own adjoint.
      is_positive_definite: Whether it is promised to be positive definite.
      is_square: Whether it is promised to be square.
      name: Name of the operator.

    >>> operator = tf.linalg.LinearOperatorFullMatrix([[1.0, 2.0], [3.0, 4.0]])
    >>> tf.Session().run(operator.matvec([1.0, 1.0])).tolist()
    [3.0, 7.0]
    """

    def __init__(
        self,
        matrix: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorFullMatrix",
    ) -> None:
        with name_scope(name):
            self._matrix = _elements(matrix, "matrix", 2)
        super().__init__(
            self._matrix.dtype, [self._matrix], is_non_singular, is_self_adjoint, is_positive_definite, is_square, name,
            {"matrix": matrix},
        )  # fmt: skip

    def _dense(self) -> Tensor:
        return self._matrix


class LinearOperatorLowerTriangular(LinearOperator):
    """An operator with zeros above the diagonal; what is there in `tril` is not looked at.

    Args:
      tril: Floating or complex tensor `[..., n, n]`.
      is_non_singular: Whether it is promised to be invertible.
      is_self_adjoint: Whether it is promised to be its own adjoint.
      is_positive_definite: Whether it is promised to be positive definite.
      is_square: Not False.
      name: Name of the operator.

    Raises:
      ValueError: `is_square` is False.

    >>> operator = tf.linalg.LinearOperatorLowerTriangular([[2.0, 9.0], [1.0, 4.0]])
    >>> tf.Session().run(operator.solvevec([2.0, 9.0])).tolist()
    [1.0, 2.0]
    """

    def __init__(
        self,
        tril: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorLowerTriangular",
    ) -> None:
        if is_square is False:
            raise ValueError("Only square lower triangular operators supported at this time.")
        with name_scope(name):
            self._tril = _elements(tril, "tril", 2)
            self._lower = matrix_band_part(self._tril, -1, 0)
            self._own_diagonal = matrix_diag_part(self._tril)
        super().__init__(
            self._tril.dtype, [self._tril], is_non_singular, is_self_adjoint, is_positive_definite, True, name,
            {"tril": tril},
        )  # fmt: skip

    def _dense(self) -> Tensor:
        return self._lower

    def _diagonal(self) -> Tensor:
        return self._own_diagonal

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return matrix_triangular_solve(self._lower, rhs, lower=True, adjoint=adjoint)

    def _determinant(self) -> Tensor:
        return reduce_prod(self._own_diagonal, -1)

    def _log_abs_determinant(self) -> Tensor:
        return reduce_sum(log(tf_abs(self._own_diagonal)), -1)


class _Diagonal(LinearOperator):
    """What diagonal operators have in common; `_diagonal()` is `[..., n]`."""

    def _dense(self) -> Tensor:
        return matrix_diag(self._diagonal())

    def _static(self) -> TensorShape:
        found = self._diagonal().get_shape()
        return found.concatenate(found[-1:]) if found.ndims is not None else found

    def _dynamic(self) -> Tensor:
        sizes = shape(self._diagonal())
        return concat([sizes, sizes[-1:]], 0)

    def _column(self, adjoint: bool) -> Tensor:
        diagonal = self._diagonal()
        return expand_dims(conj(diagonal) if adjoint else diagonal, -1)

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        return self._column(adjoint) * x

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return rhs / self._column(adjoint)

    def _determinant(self) -> Tensor:
        return reduce_prod(self._diagonal(), -1)

    def _log_abs_determinant(self) -> Tensor:
        magnitudes = log(tf_abs(self._diagonal()))
        return cast(reduce_sum(magnitudes, -1), self.dtype)


class LinearOperatorDiag(_Diagonal):
    """An operator given by its diagonal.

    Args:
      diag: Floating or complex tensor `[..., n]`.
      is_non_singular: Whether it is promised to be invertible.
      is_self_adjoint: Whether it is promised to be its own adjoint; a real one is.
      is_positive_definite: Whether it is promised to be positive definite.
      is_square: Not False.
      name: Name of the operator.

    Raises:
      ValueError: `is_square` is False.

    >>> tf.Session().run(tf.linalg.LinearOperatorDiag([1.0, 2.0]).to_dense()).tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """

    def __init__(
        self,
        diag: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorDiag",
    ) -> None:
        with name_scope(name):
            self._diag = _elements(diag, "diag", 1)
        if not self._diag.dtype.is_complex:
            if is_self_adjoint is False:
                raise ValueError("A real diagonal operator is always self adjoint.")
            is_self_adjoint = True
        if is_square is False:
            raise ValueError("Only square diagonal operators currently supported.")
        super().__init__(
            self._diag.dtype, [self._diag], is_non_singular, is_self_adjoint, is_positive_definite, True, name,
            {"diag": diag},
        )  # fmt: skip

    @property
    def diag(self) -> Tensor:
        """The diagonal."""
        return self._diag

    def _diagonal(self) -> Tensor:
        return self._diag


def _rows(num_rows: Any) -> Any:
    """The number of rows, an integer where it is known."""
    tensor = convert_to_tensor(num_rows, name="num_rows")
    if not tensor.dtype.is_integer:
        raise TypeError(f"Argument num_rows must be integer type. Found: {num_rows}")
    if tensor.ndim not in (None, 0):
        raise ValueError(f"Argument num_rows must be a 0-D Tensor. Found: {num_rows}")
    known = constant_value(tensor)
    if known is not None and known < 0:
        raise ValueError(f"Argument num_rows must be non-negative.  Found: {num_rows}")
    return tensor if known is None else int(known)


class _MultipleOfIdentity(_Diagonal):
    """What the identity and its multiples have in common: TF1 calls an argument of theirs otherwise."""

    def add_to_tensor(self, mat: Any, name: str = "add_to_tensor") -> Tensor:  # type: ignore[override]
        """Returns the sum with matrices `mat` `[..., n, n]`."""
        return super().add_to_tensor(mat, name)


class LinearOperatorIdentity(_MultipleOfIdentity):
    """The identity.

    Args:
      num_rows: Integer scalar.
      batch_shape: 1-D integer tensor or list: shape of a batch of identities.
      dtype: Dtype of the elements; float32 by default.
      is_non_singular: Not False.
      is_self_adjoint: Not False.
      is_positive_definite: Not False.
      is_square: Not False.
      assert_proper_shapes: Not used: what is known is checked at once.
      name: Name of the operator.

    Raises:
      ValueError: a promise that does not hold, or a negative number of rows.

    >>> tf.Session().run(tf.linalg.LinearOperatorIdentity(2).to_dense()).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(
        self,
        num_rows: Any,
        batch_shape: Any = None,
        dtype: Any = None,
        is_non_singular: bool | None = True,
        is_self_adjoint: bool | None = True,
        is_positive_definite: bool | None = True,
        is_square: bool | None = True,
        assert_proper_shapes: bool = False,
        name: str = "LinearOperatorIdentity",
    ) -> None:
        kind = dtypes.float32 if dtype is None else dtypes.as_dtype(dtype)
        if not is_self_adjoint:
            raise ValueError("An identity operator is always self adjoint.")
        if not is_non_singular:
            raise ValueError("An identity operator is always non-singular.")
        if not is_positive_definite:
            raise ValueError("An identity operator is always positive-definite.")
        if not is_square:
            raise ValueError("An identity operator is always square.")
        with name_scope(name):
            self._num_rows = _rows(num_rows)
            self._batch = [] if batch_shape is None else batch_shape
            sizes = [*self._batch, self._num_rows] if isinstance(self._batch, (list, tuple)) else None
            self._ones = ones(concat([self._batch, [self._num_rows]], 0) if sizes is None else sizes, dtype=kind)
        super().__init__(kind, None, True, True, True, True, name, {"num_rows": num_rows, "batch_shape": batch_shape})

    def _diagonal(self) -> Tensor:
        return self._ones

    def _dense(self) -> Tensor:
        return eye(self._num_rows, batch_shape=self._batch, dtype=self.dtype)


class LinearOperatorScaledIdentity(_MultipleOfIdentity):
    """A multiple of the identity.

    Args:
      num_rows: Integer scalar.
      multiplier: Floating or complex tensor `[...]`: one multiple for each matrix of a batch.
      is_non_singular: Whether it is promised to be invertible.
      is_self_adjoint: Whether it is promised to be its own adjoint; a real one is.
      is_positive_definite: Whether it is promised to be positive definite.
      is_square: Not False.
      assert_proper_shapes: Not used: what is known is checked at once.
      name: Name of the operator.

    Raises:
      ValueError: `is_square` is False, or a negative number of rows.

    >>> tf.Session().run(tf.linalg.LinearOperatorScaledIdentity(2, 3.0).to_dense()).tolist()
    [[3.0, 0.0], [0.0, 3.0]]
    """

    def __init__(
        self,
        num_rows: Any,
        multiplier: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = True,
        assert_proper_shapes: bool = False,
        name: str = "LinearOperatorScaledIdentity",
    ) -> None:
        if not is_square:
            raise ValueError("A ScaledIdentity operator is always square.")
        with name_scope(name):
            self._num_rows = _rows(num_rows)
            self._multiplier = convert_to_tensor(multiplier, name="multiplier")
            if not self._multiplier.dtype.is_complex:
                if is_self_adjoint is False:
                    raise ValueError("A real diagonal operator is always self adjoint.")
                is_self_adjoint = True
            column = expand_dims(self._multiplier, -1)
            self._spread = column * ones([self._num_rows], dtype=self._multiplier.dtype)
        super().__init__(
            self._multiplier.dtype, [self._multiplier], is_non_singular, is_self_adjoint, is_positive_definite, True,
            name, {"num_rows": num_rows, "multiplier": multiplier},
        )  # fmt: skip

    @property
    def multiplier(self) -> Tensor:
        """The multiples."""
        return self._multiplier

    def _diagonal(self) -> Tensor:
        return self._spread

    def _determinant(self) -> Tensor:
        return tf_pow(self._multiplier, cast(self._num_rows, self.dtype))
