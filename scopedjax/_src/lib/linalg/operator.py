"""`LinearOperator`: a batch of matrices `[..., m, n]` that is asked for products and solutions, not for its elements.

    LinearOperatorDiag([1., 2., 3.]).matmul(x)      three multiplications a column, no matrix is made

A subclass gives its shape and `_dense()`; the base class answers everything from that, and a subclass answers itself
what its form makes cheap. A user's promises (`is_non_singular`, ...) are kept as they are; an operator does not check
them.
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import TensorShape
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.array.filling import eye
from scopedjax._src.ops.array.shapes import expand_dims, rank, shape, squeeze
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.decompositions import (
    cholesky,
    matrix_determinant,
    matrix_solve,
    slogdet,
)
from scopedjax._src.ops.math.diagonals import matrix_diag_part
from scopedjax._src.ops.math.linear_algebra import adjoint as matrix_adjoint
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.math.reductions import reduce_sum


class LinearOperator:
    """A batch of matrices, known by its form.

    Args:
      dtype: Floating or complex dtype.
      graph_parents: Tensors that the operator is made of.
      is_non_singular: Whether it is promised to be invertible; None where nothing is said.
      is_self_adjoint: Whether it is promised to be its own adjoint.
      is_positive_definite: Whether it is promised to be positive definite.
      is_square: Whether it is promised to be square.
      name: Name of the scope of its nodes.
      parameters: What it was made with.

    >>> operator = tf.linalg.LinearOperatorDiag([1.0, 2.0])
    >>> tf.Session().run(operator.matvec([3.0, 4.0])).tolist()
    [3.0, 8.0]
    """

    def __init__(
        self,
        dtype: Any,
        graph_parents: Any = None,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str | None = None,
        parameters: Any = None,
    ) -> None:
        if is_positive_definite and is_non_singular is False:
            raise ValueError("A positive definite matrix is always non-singular.")
        if is_positive_definite or is_non_singular or is_self_adjoint:
            if is_square is False:
                raise ValueError("A positive definite, self-adjoint or non-singular operator is always square.")
            is_square = True
        self._dtype = as_dtype(dtype).base_dtype
        self._graph_parents = list(graph_parents or [])
        self._is_non_singular = True if is_positive_definite else is_non_singular
        self._is_self_adjoint = is_self_adjoint
        self._is_positive_definite = is_positive_definite
        self._is_square = is_square
        self._name = name or type(self).__name__
        self._parameters = parameters

    # What a subclass gives -------------------------------------------------------------------------------------------

    def _dense(self) -> Tensor:
        """The matrices themselves."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its matrices are: define _dense()")

    def _by_identity(self) -> Tensor:
        """The matrices as the product with the identity, for forms that are known by their products."""
        static = self._static()
        columns = static.as_list()[-1] if static.ndims is not None else None
        known = static.ndims is not None and None not in static.as_list()[:-2]
        batch = static.as_list()[:-2] if known else self._dynamic()[:-2]
        found = self._product(
            eye(self._dynamic()[-1] if columns is None else columns, batch_shape=batch, dtype=self._dtype), False
        )
        found.set_shape(static)
        return found

    def _static(self) -> TensorShape:
        return self._dense().get_shape()

    def _dynamic(self) -> Tensor:
        return shape(self._dense())

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        return matmul(self._dense(), x, adjoint_a=adjoint)

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return matrix_solve(self._dense(), rhs, adjoint=adjoint)

    def _diagonal(self) -> Tensor:
        return matrix_diag_part(self._dense())

    def _determinant(self) -> Tensor:
        return matrix_determinant(self._dense())

    def _log_abs_determinant(self) -> Tensor:
        return slogdet(self._dense())[1]

    # Shape and promises ----------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> DType:
        """Dtype of the elements."""
        return self._dtype

    @property
    def name(self) -> str:
        """Name of the operator."""
        return self._name

    @property
    def graph_parents(self) -> list[Any]:
        """Tensors that the operator is made of."""
        return self._graph_parents

    @property
    def parameters(self) -> dict[str, Any]:
        """What the operator was made with."""
        return dict(self._parameters or {})

    @property
    def is_non_singular(self) -> bool | None:
        """Whether the operator is promised to be invertible."""
        return self._is_non_singular

    @property
    def is_self_adjoint(self) -> bool | None:
        """Whether the operator is promised to be its own adjoint."""
        return self._is_self_adjoint

    @property
    def is_positive_definite(self) -> bool | None:
        """Whether the operator is promised to be positive definite."""
        return self._is_positive_definite

    @property
    def is_square(self) -> bool | None:
        """Whether the operator is square, as far as it is known."""
        dims = self._static().as_list() if self._static().ndims is not None else [None, None]
        if dims[-1] is not None and dims[-2] is not None:
            return dims[-1] == dims[-2]
        return self._is_square

    @property
    def shape(self) -> TensorShape:
        """Static shape `[..., m, n]`."""
        return self._static()

    @property
    def batch_shape(self) -> TensorShape:
        """Static shape without the axes of the matrices."""
        return self._static()[:-2]

    @property
    def range_dimension(self) -> Any:
        """Number of rows."""
        return self._static().dims[-2]  # type: ignore[index]

    @property
    def domain_dimension(self) -> Any:
        """Number of columns."""
        return self._static().dims[-1]  # type: ignore[index]

    @property
    def tensor_rank(self) -> int | None:
        """Number of axes."""
        return self._static().ndims

    def tensor_rank_tensor(self, name: str = "tensor_rank_tensor") -> Tensor:
        """Returns the number of axes as an int32 scalar."""
        with self._scope(name):
            return convert_to_tensor(self.tensor_rank) if self.tensor_rank is not None else rank(self._dense())

    def shape_tensor(self, name: str = "shape_tensor") -> Tensor:
        """Returns the shape as an int32 tensor."""
        with self._scope(name):
            static = self._static()
            return convert_to_tensor(static.as_list()) if static.is_fully_defined() else self._dynamic()

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Tensor:
        """Returns the shape without the axes of the matrices as an int32 tensor."""
        with self._scope(name):
            return self.shape_tensor()[:-2]

    def range_dimension_tensor(self, name: str = "range_dimension_tensor") -> Tensor:
        """Returns the number of rows as an int32 scalar."""
        with self._scope(name):
            return self.shape_tensor()[-2]

    def domain_dimension_tensor(self, name: str = "domain_dimension_tensor") -> Tensor:
        """Returns the number of columns as an int32 scalar."""
        with self._scope(name):
            return self.shape_tensor()[-1]

    # Algebra ---------------------------------------------------------------------------------------------------------

    def _scope(self, name: str) -> Any:
        return name_scope(f"{self._name}/{name}")

    def matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "matmul") -> Any:
        """Returns the product with matrices `x` `[..., n, k]`.

        Args:
          x: Tensor of the operator's dtype; or an operator: then the product is one too.
          adjoint: Whether the operator is taken as its adjoint.
          adjoint_arg: Whether `x` is.
          name: Name of the scope.
        """
        if isinstance(x, LinearOperator):
            return _composed(self.adjoint() if adjoint else self, x.adjoint() if adjoint_arg else x)
        with self._scope(name):
            x = convert_to_tensor(x, dtype=self._dtype, name="x")
            return self._product(matrix_adjoint(x) if adjoint_arg else x, adjoint)

    def matvec(self, x: Any, adjoint: bool = False, name: str = "matvec") -> Tensor:
        """Returns the product with vectors `x` `[..., n]`; see `matmul`."""
        with self._scope(name):
            x = convert_to_tensor(x, dtype=self._dtype, name="x")
            return squeeze(self._product(expand_dims(x, -1), adjoint), axis=[-1])

    def solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "solve") -> Any:
        """Returns the solution `x` `[..., n, k]` of `operator @ x = rhs`.

        Args:
          rhs: Tensor of the operator's dtype; or an operator: then the result is one too.
          adjoint: Whether the operator is taken as its adjoint.
          adjoint_arg: Whether `rhs` is.
          name: Name of the scope.

        Raises:
          NotImplementedError: the operator is known to be singular or not square.
        """
        self._require_invertible("solve")
        if isinstance(rhs, LinearOperator):
            inverse = self.adjoint().inverse() if adjoint else self.inverse()
            return _composed(inverse, rhs.adjoint() if adjoint_arg else rhs)
        with self._scope(name):
            rhs = convert_to_tensor(rhs, dtype=self._dtype, name="rhs")
            return self._solution(matrix_adjoint(rhs) if adjoint_arg else rhs, adjoint)

    def solvevec(self, rhs: Any, adjoint: bool = False, name: str = "solve") -> Tensor:
        """Returns the solution `x` `[..., n]` for vectors; see `solve`."""
        self._require_invertible("solve")
        with self._scope(name):
            rhs = convert_to_tensor(rhs, dtype=self._dtype, name="rhs")
            return squeeze(self._solution(expand_dims(rhs, -1), adjoint), axis=[-1])

    def _require_invertible(self, what: str) -> None:
        if self.is_non_singular is False:
            raise NotImplementedError(f"Exact {what} not implemented for an operator that is expected to be singular.")
        if self.is_square is False:
            raise NotImplementedError(
                f"Exact {what} not implemented for an operator that is expected to not be square."
            )

    def _require_square(self, what: str) -> None:
        if self.is_square is False:
            raise NotImplementedError(f"{what} not implemented for an operator that is expected to not be square.")

    def to_dense(self, name: str = "to_dense") -> Tensor:
        """Returns the matrices `[..., m, n]`."""
        with self._scope(name):
            return self._dense()

    def diag_part(self, name: str = "diag_part") -> Tensor:
        """Returns the diagonals `[..., min(m, n)]`."""
        with self._scope(name):
            return self._diagonal()

    def trace(self, name: str = "trace") -> Tensor:
        """Returns the sums of the diagonals."""
        with self._scope(name):
            return reduce_sum(self._diagonal(), -1)

    def determinant(self, name: str = "det") -> Tensor:
        """Returns the determinants."""
        self._require_square("Determinant")
        with self._scope(name):
            return self._determinant()

    def log_abs_determinant(self, name: str = "log_abs_det") -> Tensor:
        """Returns the logarithms of the absolute determinants."""
        self._require_square("Determinant")
        with self._scope(name):
            return self._log_abs_determinant()

    def add_to_tensor(self, x: Any, name: str = "add_to_tensor") -> Tensor:
        """Returns the sum with matrices `x` `[..., m, n]`."""
        with self._scope(name):
            return self._dense() + convert_to_tensor(x, dtype=self._dtype, name="x")

    def adjoint(self, name: str = "adjoint") -> LinearOperator:
        """Returns the adjoint operator."""
        from scopedjax._src.lib.linalg.composed import LinearOperatorAdjoint

        if self.is_self_adjoint is True:
            return self
        with self._scope(name):
            return LinearOperatorAdjoint(self)

    H = property(adjoint)

    def inverse(self, name: str = "inverse") -> LinearOperator:
        """Returns the inverse operator.

        Raises:
          ValueError: the operator is known to be singular or not square.
        """
        from scopedjax._src.lib.linalg.composed import LinearOperatorInversion

        if self.is_square is False:
            raise ValueError("Cannot take the Inverse: This operator represents a non square matrix.")
        if self.is_non_singular is False:
            raise ValueError("Cannot take the Inverse: This operator represents a singular matrix.")
        with self._scope(name):
            return LinearOperatorInversion(self)

    def cholesky(self, name: str = "cholesky") -> LinearOperator:
        """Returns the lower triangular operator `L` with `L @ L.H` this operator.

        Raises:
          ValueError: the operator is not promised to be self-adjoint and positive definite.
        """
        from scopedjax._src.lib.linalg.forms import LinearOperatorLowerTriangular

        if not (self.is_positive_definite and self.is_self_adjoint):
            raise ValueError("Cannot take the Cholesky decomposition: Not a positive definite self adjoint matrix.")
        with self._scope(name):
            return LinearOperatorLowerTriangular(cholesky(self._dense()), is_non_singular=True)

    def __matmul__(self, other: Any) -> Any:
        return self.matmul(other)


def _composed(left: LinearOperator, right: LinearOperator) -> LinearOperator:
    """The product of two operators as an operator."""
    from scopedjax._src.lib.linalg.composed import LinearOperatorComposition

    columns, rows = left.domain_dimension, right.range_dimension
    if None not in (columns.value, rows.value) and columns != rows:
        raise ValueError(f"Operators are incompatible. Expected `x` to have dimension {columns} but got {rows}.")
    return LinearOperatorComposition([left, right])
