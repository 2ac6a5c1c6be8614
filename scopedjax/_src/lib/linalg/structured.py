"""Linear operators of a special form: Toeplitz, reflections, zeros, and updates of low rank."""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import TensorShape, broadcast_dims, to_dims
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.linalg.composed import _hint
from scopedjax._src.lib.linalg.forms import LinearOperatorDiag, LinearOperatorIdentity, _elements, _rows
from scopedjax._src.lib.linalg.operator import LinearOperator
from scopedjax._src.ops.array.arranging import reverse
from scopedjax._src.ops.array.filling import ones, zeros, zeros_like
from scopedjax._src.ops.array.joining import concat, matrix_transpose
from scopedjax._src.ops.array.shapes import broadcast_dynamic_shape, broadcast_to, expand_dims, shape
from scopedjax._src.ops.math.casting import cast, conj
from scopedjax._src.ops.math.decompositions import cholesky, cholesky_solve, matrix_determinant, matrix_solve, slogdet
from scopedjax._src.ops.math.diagonals import matrix_diag, matrix_diag_part
from scopedjax._src.ops.math.elementwise import abs as tf_abs
from scopedjax._src.ops.math.elementwise import log, sqrt
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.math.reductions import reduce_prod, reduce_sum
from scopedjax._src.ops.signal.transforms import fft, ifft


def _conjugate(x: Tensor) -> Tensor:
    return conj(x) if x.dtype.is_complex else x


class LinearOperatorToeplitz(LinearOperator):
    """An operator that is constant along each diagonal.

    Args:
      col: Floating or complex tensor `[..., n]`: the first column.
      row: Tensor `[..., n]`: the first row; its first element is not looked at.
      is_non_singular: Whether it is promised to be invertible.
      is_self_adjoint: Whether it is promised to be its own adjoint.
      is_positive_definite: Whether it is promised to be positive definite.
      is_square: Not False.
      name: Name of the operator.

    Raises:
      ValueError: `is_square` is False.

    >>> operator = tf.linalg.LinearOperatorToeplitz([1.0, 2.0, 3.0], [1.0, 4.0, 5.0])
    >>> tf.Session().run(operator.to_dense()).round(4).tolist()
    [[1.0, 4.0, 5.0], [2.0, 1.0, 4.0], [3.0, 2.0, 1.0]]
    """

    def __init__(
        self,
        col: Any,
        row: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorToeplitz",
    ) -> None:
        if is_square is False:
            raise ValueError("Only square Toeplitz operators currently supported.")
        with name_scope(name):
            self._col, self._row = _elements(col, "col", 1), _elements(row, "row", 1)
        super().__init__(
            self._row.dtype, [self._row, self._col], is_non_singular, is_self_adjoint, is_positive_definite, True, name,
            {"col": col, "row": row},
        )  # fmt: skip

    @property
    def col(self) -> Tensor:
        """The first column."""
        return self._col

    @property
    def row(self) -> Tensor:
        """The first row."""
        return self._row

    def _static(self) -> TensorShape:
        found = TensorShape(broadcast_dims(to_dims(self._col.shape), to_dims(self._row.shape)))
        return found.concatenate(found[-1:]) if found.ndims is not None else found

    def _dynamic(self) -> Tensor:
        sizes = broadcast_dynamic_shape(shape(self._col), shape(self._row))
        return concat([sizes, sizes[-1:]], 0)

    def _dense(self) -> Tensor:
        return self._by_identity()

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        # A Toeplitz matrix is a corner of a circulant one of twice the size, and that is diagonal after a transform.
        col, row = (_conjugate(self._row), _conjugate(self._col)) if adjoint else (self._col, self._row)
        if adjoint:
            col = concat([row[..., :1] + zeros_like(col[..., :1]), col[..., 1:] + zeros_like(row[..., 1:])], -1)
        first = concat([col + zeros_like(row), zeros_like(col[..., :1]) + row[..., :1] * 0, _behind(row, col)], -1)
        wide = dtypes.complex128 if self.dtype in (dtypes.float64, dtypes.complex128) else dtypes.complex64
        columns = matrix_transpose(cast(x, wide))
        padded = concat([columns, zeros_like(columns)], -1)
        found = ifft(fft(padded) * expand_dims(fft(cast(first, wide)), -2))
        result = matrix_transpose(found)[..., : _size(x), :]
        return cast(result, self.dtype)

    def _diagonal(self) -> Tensor:
        both = self._col + zeros_like(self._row)
        return zeros_like(both) + both[..., :1]


def _behind(row: Tensor, col: Tensor) -> Tensor:
    """The end of a circulant's first column: the row without its first element, from behind."""
    return reverse(row[..., 1:], [-1]) + zeros_like(col[..., 1:])


def _size(x: Tensor) -> Any:
    dims = x.dims
    return shape(x)[-2] if dims is None or dims[-2] is None else dims[-2]


class LinearOperatorHouseholder(LinearOperator):
    """A reflection: `I - 2 v v^H / |v|^2`.

    Args:
      reflection_axis: Floating or complex tensor `[..., n]`: `v`.
      is_non_singular: Whether it is promised to be invertible.
      is_self_adjoint: Not False: it is.
      is_positive_definite: Not True: it is not.
      is_square: Not False.
      name: Name of the operator.

    Raises:
      ValueError: a promise that does not hold.

    >>> tf.Session().run(tf.linalg.LinearOperatorHouseholder([2.0, 0.0]).matvec([3.0, 4.0])).tolist()
    [-3.0, 4.0]
    """

    def __init__(
        self,
        reflection_axis: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorHouseholder",
    ) -> None:
        with name_scope(name):
            self._axis = _elements(reflection_axis, "reflection_axis", 1)
        if is_self_adjoint is False:
            raise ValueError("A Householder operator is always self adjoint.")
        if is_positive_definite is True:
            raise ValueError("A Householder operator is always non-positive definite.")
        if is_square is False:
            raise ValueError("A Householder operator is always square.")
        super().__init__(
            self._axis.dtype, [self._axis], is_non_singular, True, False, True, name,
            {"reflection_axis": reflection_axis},
        )  # fmt: skip

    @property
    def reflection_axis(self) -> Tensor:
        """The vector that is reflected."""
        return self._axis

    def _static(self) -> TensorShape:
        found = self._axis.get_shape()
        return found.concatenate(found[-1:]) if found.ndims is not None else found

    def _dynamic(self) -> Tensor:
        sizes = shape(self._axis)
        return concat([sizes, sizes[-1:]], 0)

    def _unit(self) -> Tensor:
        squares = reduce_sum(self._axis * _conjugate(self._axis), -1, keepdims=True)
        return self._axis / sqrt(squares)

    def _dense(self) -> Tensor:
        return self._by_identity()

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        unit = expand_dims(self._unit(), -1)
        return x - 2.0 * unit * matmul(unit, x, adjoint_a=True)

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return self._product(rhs, adjoint)

    def _diagonal(self) -> Tensor:
        unit = self._unit()
        return 1.0 - 2.0 * unit * _conjugate(unit)

    def _determinant(self) -> Tensor:
        return zeros_like(self._axis[..., 0]) - 1.0

    def _log_abs_determinant(self) -> Tensor:
        return zeros_like(self._axis[..., 0])


class LinearOperatorZeros(LinearOperator):
    """Zeros.

    Args:
      num_rows: Integer scalar.
      num_columns: Integer scalar; as many as rows by default.
      batch_shape: 1-D integer tensor or list: shape of a batch.
      dtype: Dtype of the elements; float32 by default.
      is_non_singular: Not True.
      is_self_adjoint: Whether it is promised to be its own adjoint.
      is_positive_definite: Not True.
      is_square: Whether rows and columns are promised to be as many.
      assert_proper_shapes: Not used: what is known is checked at once.
      name: Name of the operator.

    Raises:
      ValueError: a promise that does not hold, or a negative number of rows.

    >>> tf.Session().run(tf.linalg.LinearOperatorZeros(2).to_dense()).tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """

    def __init__(
        self,
        num_rows: Any,
        num_columns: Any = None,
        batch_shape: Any = None,
        dtype: Any = None,
        is_non_singular: bool | None = False,
        is_self_adjoint: bool | None = True,
        is_positive_definite: bool | None = False,
        is_square: bool | None = True,
        assert_proper_shapes: bool = False,
        name: str = "LinearOperatorZeros",
    ) -> None:
        kind = dtypes.float32 if dtype is None else dtypes.as_dtype(dtype)
        if is_non_singular:
            raise ValueError("A zero operator is always singular.")
        if is_positive_definite:
            raise ValueError("A zero operator is always not positive-definite.")
        with name_scope(name):
            self._num_rows = _rows(num_rows)
            self._num_columns = self._num_rows if num_columns is None else _rows(num_columns)
            self._batch = [] if batch_shape is None else batch_shape
        known = isinstance(self._num_rows, int) and isinstance(self._num_columns, int)
        if is_square and known and self._num_rows != self._num_columns:
            raise ValueError(
                f"LinearOperatorZeros initialized as is_square={is_square}, but got num_rows({self._num_rows}) != "
                f"num_columns({self._num_columns})"
            )
        super().__init__(
            kind, None, False, is_self_adjoint, False, is_square, name,
            {"num_rows": num_rows, "num_columns": num_columns, "batch_shape": batch_shape},
        )  # fmt: skip

    def _dense(self) -> Tensor:
        sizes = [self._num_rows, self._num_columns]
        if isinstance(self._batch, (list, tuple)) and all(isinstance(size, int) for size in sizes):
            return zeros([*self._batch, *sizes], dtype=self.dtype)
        return zeros(concat([self._batch, sizes], 0) if self._batch != [] else sizes, dtype=self.dtype)

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        return matmul(self._dense(), x, adjoint_a=adjoint)

    def _determinant(self) -> Tensor:
        return zeros(self.batch_shape_tensor(), dtype=self.dtype)

    def _log_abs_determinant(self) -> Tensor:
        return log(self._determinant())

    def add_to_tensor(self, mat: Any, name: str = "add_to_tensor") -> Tensor:  # type: ignore[override]
        """Returns the sum with matrices `mat` `[..., m, n]`: the matrices themselves.

        Args:
          mat: Tensor of the operator's dtype.
          name: Name of the scope.
        """
        return super().add_to_tensor(mat, name)


class LinearOperatorLowRankUpdate(LinearOperator):
    """An operator plus a product of low rank: `L + U D V^H`.

    A solution needs L's and that of a small system (Woodbury); a determinant likewise.

    Args:
      base_operator: `L`, an operator `[..., m, n]` of floating or complex dtype.
      u: Tensor `[..., m, k]`.
      diag_update: Tensor `[..., k]`: the diagonal of D; the identity by default.
      v: Tensor `[..., n, k]`; `u` by default.
      is_diag_update_positive: Whether all of `diag_update` is promised to be positive.
      is_non_singular: Whether it is promised to be invertible.
      is_self_adjoint: Whether it is promised to be its own adjoint; so it is where L is and `v` is not given.
      is_positive_definite: Whether it is promised to be positive definite; likewise, with a positive diagonal.
      is_square: Whether it is promised to be square.
      name: Name of the operator.

    Raises:
      ValueError: a promise contradicts what follows from the parts.

    >>> base = tf.linalg.LinearOperatorIdentity(2)
    >>> tf.Session().run(tf.linalg.LinearOperatorLowRankUpdate(base, [[1.0], [2.0]]).to_dense()).tolist()
    [[2.0, 2.0], [2.0, 5.0]]
    """

    def __init__(
        self,
        base_operator: Any,
        u: Any,
        diag_update: Any = None,
        v: Any = None,
        is_diag_update_positive: bool | None = None,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorLowRankUpdate",
    ) -> None:
        if diag_update is None:
            if is_diag_update_positive is False:
                raise ValueError(
                    "Default diagonal is the identity, which is positive.  However, user set "
                    "'is_diag_update_positive' to False."
                )
            is_diag_update_positive = True
        with name_scope(name):
            self._u = _elements(u, "u", 2)
            self._v = self._u if v is None else _elements(v, "v", 2)
            self._update = None if diag_update is None else _elements(diag_update, "diag_update", 1)
        self._base = base_operator
        self._positive_update = is_diag_update_positive
        complex_update = self._update is not None and self._update.dtype.is_complex
        symmetric = base_operator.is_self_adjoint and v is None and not complex_update
        definite = symmetric and base_operator.is_positive_definite and is_diag_update_positive
        words = "Arguments imply this is self-adjoint positive-definite operator."
        positive_definite = _hint(is_positive_definite, True if definite else None, words)
        non_singular = _hint(is_non_singular, True if definite else None, words)
        self_adjoint = _hint(
            is_self_adjoint,
            True if symmetric else None,
            "A = L + UDU^H, with L self-adjoint and D real diagonal.  Since UDU^H is self-adjoint, this must be a "
            "self-adjoint operator.",
        )
        parents = [*base_operator.graph_parents, self._u, *([] if self._update is None else [self._update]), self._v]
        super().__init__(
            base_operator.dtype, parents, non_singular, self_adjoint, positive_definite, is_square, name,
            {"base_operator": base_operator, "u": u, "diag_update": diag_update, "v": v},
        )  # fmt: skip
        self._use_cholesky = bool(definite)

    @property
    def base_operator(self) -> LinearOperator:
        """The operator `L`."""
        return self._base

    @property
    def u(self) -> Tensor:
        """The matrices `U`."""
        return self._u

    @property
    def v(self) -> Tensor:
        """The matrices `V`."""
        return self._v

    @property
    def is_diag_update_positive(self) -> bool | None:
        """Whether all of `diag_update` is promised to be positive."""
        return self._positive_update

    @property
    def diag_update(self) -> Tensor | None:
        """The diagonal of `D`, or None for the identity."""
        return self._update

    @property
    def diag_operator(self) -> LinearOperator:
        """`D` as an operator."""
        if self._update is None:
            rank = self._u.dims[-1] if self._u.dims is not None else None
            return LinearOperatorIdentity(shape(self._u)[-1] if rank is None else rank, dtype=self.dtype)
        return LinearOperatorDiag(self._update, is_positive_definite=self._positive_update)

    def _static(self) -> TensorShape:
        batch = to_dims(self._base.batch_shape)
        for part in (self._u, self._v):
            batch = broadcast_dims(batch, None if part.dims is None else part.dims[:-2])
        whole = to_dims(self._base.shape)
        return TensorShape(None if batch is None or whole is None else [*batch, *whole[-2:]])

    def _dynamic(self) -> Tensor:
        batch = self._base.batch_shape_tensor()
        for part in (self._u, self._v):
            batch = broadcast_dynamic_shape(batch, shape(part)[:-2])
        return concat([batch, self._base.shape_tensor()[-2:]], 0)

    def _dense(self) -> Tensor:
        return self._base.to_dense() + matmul(self._scaled_u(), self._v, adjoint_b=True)

    def _scaled_u(self) -> Tensor:
        return self._u if self._update is None else self._u * expand_dims(self._update, -2)

    def _scaled_v(self) -> Tensor:
        return self._v if self._update is None else self._v * expand_dims(_conjugate(self._update), -2)

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        left, right = (self._scaled_v(), self._u) if adjoint else (self._scaled_u(), self._v)
        return self._base._product(x, adjoint) + matmul(left, matmul(right, x, adjoint_a=True))

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        # (L + U D V^H)^-1 = L^-1 - L^-1 U C^-1 V^H L^-1 with C = D^-1 + V^H L^-1 U
        left, right = (self._v, self._u) if adjoint else (self._u, self._v)
        solved = self._base._solution(rhs, adjoint)
        reduced = matmul(right, solved, adjoint_a=True)
        capacitance = self._capacitance()
        if self._use_cholesky:
            inner = cholesky_solve(cholesky(capacitance), reduced)
        else:
            inner = matrix_solve(_spread(capacitance, reduced), reduced, adjoint=adjoint)
        return solved - self._base._solution(matmul(left, inner), adjoint)

    def _capacitance(self) -> Tensor:
        small = matmul(self._v, self._base._solution(self._u, False), adjoint_a=True)
        inverse = ones(shape(self._u)[-1:], dtype=self.dtype) if self._update is None else 1.0 / self._update
        return small + matrix_diag(inverse)

    def _determinant(self) -> Tensor:
        found = matrix_determinant(self._capacitance()) * self._base.determinant()
        return found if self._update is None else found * reduce_prod(self._update, -1)

    def _log_abs_determinant(self) -> Tensor:
        found = slogdet(self._capacitance())[1] + self._base.log_abs_determinant()
        if self._update is None:
            return found
        return found + cast(reduce_sum(log(tf_abs(self._update)), -1), self.dtype)

    def _diagonal(self) -> Tensor:
        product = reduce_sum(self._scaled_u() * _conjugate(self._v), -1)
        return self._base.diag_part() + product if self.is_square else matrix_diag_part(self._dense())


def _spread(matrix: Tensor, rhs: Tensor) -> Tensor:
    """The matrices for each entry of the right side's batch: MatrixSolve does not broadcast."""
    if matrix.dims is not None and rhs.dims is not None and matrix.dims[:-2] == rhs.dims[:-2]:
        return matrix
    batch = broadcast_dynamic_shape(shape(matrix)[:-2], shape(rhs)[:-2])
    return broadcast_to(matrix, concat([batch, shape(matrix)[-2:]], 0))
