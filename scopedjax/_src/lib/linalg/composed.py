"""Linear operators made of others: products, Kronecker products, blocks on a diagonal, adjoints, inverses, updates.

Composition([A, B])       A @ B                  asked for a product, it multiplies by B, then by A
Kronecker([A, B])         A (x) B                n q columns as n by q: B along q, then A along n
BlockDiag([A, B])         A and B on the diagonal
Adjoint(A), Inversion(A)  A's product and solution, exchanged
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from scopedjax._src.base.shapes import TensorShape, broadcast_dims, to_dims
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.linalg.operator import LinearOperator
from scopedjax._src.ops.array.joining import concat, split
from scopedjax._src.ops.array.shapes import broadcast_dynamic_shape, expand_dims, reshape, shape
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast, conj
from scopedjax._src.ops.math.elementwise import pow as tf_pow
from scopedjax._src.ops.math.linear_algebra import adjoint as matrix_adjoint


def _checked(operators: Any) -> list[LinearOperator]:
    if not isinstance(operators, (list, tuple)) or not operators:
        raise ValueError(f"Expected a non-empty list of operators. Found: {operators}")
    if any(operator.dtype != operators[0].dtype for operator in operators):
        pairs = "   ".join(str((operator.name, operator.dtype)) for operator in operators)
        raise TypeError(f"Expected all operators to have the same dtype.  Found {pairs}")
    return list(operators)


def _hint(given: bool | None, found: bool | None, words: str) -> bool | None:
    """A promise that follows from the parts; a user may repeat it, not contradict it."""
    if found is None:
        return given
    if given is not None and given != found:
        raise ValueError(words)
    return found


def _all_promise(operators: Sequence[LinearOperator], promise: str) -> bool | None:
    return True if all(getattr(operator, promise) for operator in operators) else None


def _batch_dims(operators: Sequence[LinearOperator]) -> Any:
    return functools.reduce(broadcast_dims, [to_dims(operator.batch_shape) for operator in operators])


def _batch_sizes(operators: Sequence[LinearOperator]) -> Tensor:
    return functools.reduce(broadcast_dynamic_shape, [operator.batch_shape_tensor() for operator in operators])


def _matrix_shape(batch: Any, rows: int | None, columns: int | None) -> TensorShape:
    return TensorShape(None) if batch is None else TensorShape([*batch, rows, columns])


def _sizes(dimension: Callable[[], Tensor], static: Any) -> Any:
    """A size: an int where it is known, else a scalar tensor."""
    value = getattr(static, "value", static)
    return dimension() if value is None else int(value)


def _product_of(values: Sequence[Any]) -> Any:
    return functools.reduce(lambda a, b: a * b, values)


def _sum_of(values: Sequence[Any]) -> Any:
    return functools.reduce(lambda a, b: a + b, values)


class _OfParts(LinearOperator):
    """What is made of a list of operators."""

    def __init__(
        self, operators: list[LinearOperator], joint: str, name: str | None, hints: dict[str, bool | None]
    ) -> None:
        self._operators = operators
        with name_scope(name or joint.join(operator.name for operator in operators)):
            super().__init__(
                operators[0].dtype,
                [parent for operator in operators for parent in operator.graph_parents],
                name=name or joint.join(operator.name for operator in operators),
                parameters={"operators": operators},
                **hints,
            )

    @property
    def operators(self) -> list[LinearOperator]:
        """The operators that it is made of."""
        return self._operators

    def _rows_of(self, index: int) -> Any:
        operator = self._operators[index]
        return _sizes(operator.range_dimension_tensor, operator.range_dimension)

    def _columns_of(self, index: int) -> Any:
        operator = self._operators[index]
        return _sizes(operator.domain_dimension_tensor, operator.domain_dimension)


class LinearOperatorComposition(_OfParts):
    """The product of operators.

    Args:
      operators: List of operators `[..., m, k]`, `[..., k, n]`, ...
      is_non_singular: Whether it is promised to be invertible; that follows where all are.
      is_self_adjoint: Whether it is promised to be its own adjoint.
      is_positive_definite: Whether it is promised to be positive definite.
      is_square: Whether it is promised to be square.
      name: Name of the operator; by default those of the parts joined by `_o_`.

    Raises:
      TypeError: the dtypes differ.
      ValueError: there is no operator, or a promise contradicts those of the parts.

    >>> a = tf.linalg.LinearOperatorFullMatrix([[1.0, 1.0], [0.0, 1.0]])
    >>> b = tf.linalg.LinearOperatorDiag([2.0, 3.0])
    >>> tf.Session().run(tf.linalg.LinearOperatorComposition([a, b]).to_dense()).tolist()
    [[2.0, 3.0], [0.0, 3.0]]
    """

    def __init__(
        self,
        operators: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str | None = None,
    ) -> None:
        parts = _checked(operators)
        non_singular = _hint(
            is_non_singular,
            _all_promise(parts, "is_non_singular"),
            "The composition of non-singular operators is always non-singular.",
        )
        hints = {
            "is_non_singular": non_singular,
            "is_self_adjoint": is_self_adjoint,
            "is_positive_definite": is_positive_definite,
            "is_square": is_square,
        }
        super().__init__(parts, "_o_", name, hints)

    def _static(self) -> TensorShape:
        first, last = self._operators[0], self._operators[-1]
        for left, right in zip(self._operators, self._operators[1:], strict=False):
            left.domain_dimension.assert_is_compatible_with(right.range_dimension)
        return _matrix_shape(_batch_dims(self._operators), first.range_dimension.value, last.domain_dimension.value)

    def _dynamic(self) -> Tensor:
        rows, columns = self._rows_of(0), self._columns_of(-1)
        return concat([_batch_sizes(self._operators), [rows, columns]], 0)

    def _dense(self) -> Tensor:
        found = self._operators[-1].to_dense()
        for operator in reversed(self._operators[:-1]):
            found = operator._product(found, False)
        return found

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        for operator in self._operators if adjoint else reversed(self._operators):
            x = operator._product(x, adjoint)
        return x

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        for operator in reversed(self._operators) if adjoint else self._operators:
            rhs = operator._solution(rhs, adjoint)
        return rhs

    def _determinant(self) -> Tensor:
        return _product_of([operator.determinant() for operator in self._operators])

    def _log_abs_determinant(self) -> Tensor:
        return _sum_of([operator.log_abs_determinant() for operator in self._operators])


class LinearOperatorKronecker(_OfParts):
    """The Kronecker product of operators: each element of one, times the next one.

    Args:
      operators: List of operators.
      is_non_singular: Whether it is promised to be invertible; that follows where all are.
      is_self_adjoint: Whether it is promised to be its own adjoint; that follows where all are.
      is_positive_definite: Whether it is promised to be positive definite; that follows where all are.
      is_square: Whether it is promised to be square; that follows where all are.
      name: Name of the operator; by default those of the parts joined by `_x_`.

    Raises:
      TypeError: the dtypes differ.
      ValueError: there is no operator, or a promise contradicts those of the parts.

    >>> a = tf.linalg.LinearOperatorDiag([1.0, 10.0])
    >>> b = tf.linalg.LinearOperatorFullMatrix([[1.0, 2.0]])
    >>> tf.Session().run(tf.linalg.LinearOperatorKronecker([a, b]).to_dense()).tolist()
    [[1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 10.0, 20.0]]
    """

    def __init__(
        self,
        operators: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str | None = None,
    ) -> None:
        parts = _checked(operators)
        hints = _hints_of_all(
            parts, "Kronecker product", is_square, is_non_singular, is_self_adjoint, is_positive_definite
        )
        super().__init__(parts, "_x_", name, hints)

    def _static(self) -> TensorShape:
        rows = _known_product([operator.range_dimension.value for operator in self._operators])
        columns = _known_product([operator.domain_dimension.value for operator in self._operators])
        return _matrix_shape(_batch_dims(self._operators), rows, columns)

    def _dynamic(self) -> Tensor:
        count = range(len(self._operators))
        rows, columns = _product_of([*map(self._rows_of, count)]), _product_of([*map(self._columns_of, count)])
        return concat([_batch_sizes(self._operators), [rows, columns]], 0)

    def _dense(self) -> Tensor:
        found = self._operators[0].to_dense()
        for operator in self._operators[1:]:
            block = operator.to_dense()
            outer = expand_dims(expand_dims(found, -1), -3) * expand_dims(expand_dims(block, -2), -4)
            (m, n), (p, q) = _last_two(found), _last_two(block)
            found = _reshaped(outer, 4, [m * p, n * q])
        return found

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        return self._along_each(x, lambda operator, y: operator._product(y, adjoint), adjoint)

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return self._along_each(rhs, lambda operator, y: operator._solution(y, adjoint), adjoint)

    def _along_each(self, x: Tensor, apply: Callable[[LinearOperator, Tensor], Tensor], adjoint: bool) -> Tensor:
        """Applies each operator along its own part of the rows: the last one first, which then moves to the front."""
        count = len(self._operators)
        columns = _last_two(x)[1]
        sizes = [self._rows_of(i) if adjoint else self._columns_of(i) for i in range(count)]
        for index in reversed(range(count)):
            # rows are (others, this one): this one goes to the front of a matrix, others and columns behind it
            rows = _last_two(x)[0]
            inner = sizes[index]
            others = rows // inner
            y = _reshaped(x, 2, [others, inner, columns])
            y = _swapped(y)
            y = apply(self._operators[index], _reshaped(y, 3, [inner, others * columns]))
            made = _last_two(y)[0]
            x = _reshaped(y, 2, [made * others, columns])
        return x

    def _determinant(self) -> Tensor:
        return _product_of([tf_pow(op.determinant(), self._power(i)) for i, op in enumerate(self._operators)])

    def _log_abs_determinant(self) -> Tensor:
        return _sum_of([op.log_abs_determinant() * self._power(i) for i, op in enumerate(self._operators)])

    def _power(self, index: int) -> Tensor:
        """How often an operator's determinant counts: once for each row of the others."""
        others = [self._columns_of(i) for i in range(len(self._operators)) if i != index]
        return cast(convert_to_tensor(_product_of(others) if others else 1), self.dtype)

    def _diagonal(self) -> Tensor:
        found = self._operators[0].diag_part()
        for operator in self._operators[1:]:
            outer = expand_dims(found, -1) * expand_dims(operator.diag_part(), -2)
            m, n = _last_two(outer)
            found = _reshaped(outer, 2, [m * n])
        return found


class LinearOperatorBlockDiag(_OfParts):
    """Operators on the diagonal, zeros elsewhere.

    Args:
      operators: List of operators.
      is_non_singular: Whether it is promised to be invertible; that follows where all are.
      is_self_adjoint: Whether it is promised to be its own adjoint; that follows where all are.
      is_positive_definite: Whether it is promised to be positive definite; that follows where all are.
      is_square: Whether all blocks are square, as is promised by default.
      name: Name of the operator; by default those of the parts joined by `_ds_`.

    Raises:
      TypeError: the dtypes differ.
      ValueError: there is no operator, or a promise contradicts those of the parts.

    >>> blocks = [tf.linalg.LinearOperatorDiag([1.0]), tf.linalg.LinearOperatorFullMatrix([[2.0, 3.0], [4.0, 5.0]])]
    >>> tf.Session().run(tf.linalg.LinearOperatorBlockDiag(blocks).matvec([1.0, 1.0, 1.0])).tolist()
    [1.0, 5.0, 9.0]
    """

    def __init__(
        self,
        operators: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = True,
        name: str | None = None,
    ) -> None:
        parts = _checked(operators)
        hints = _hints_of_all(parts, "direct sum", None, is_non_singular, is_self_adjoint, is_positive_definite)
        super().__init__(parts, "_ds_", name, {**hints, "is_square": is_square})
        self._is_square = is_square

    @property
    def is_square(self) -> bool | None:
        """Whether all blocks are promised to be square."""
        return self._is_square

    def _static(self) -> TensorShape:
        rows = _known_sum([operator.range_dimension.value for operator in self._operators])
        columns = _known_sum([operator.domain_dimension.value for operator in self._operators])
        return _matrix_shape(_batch_dims(self._operators), rows, columns)

    def _dynamic(self) -> Tensor:
        count = range(len(self._operators))
        rows, columns = _sum_of([*map(self._rows_of, count)]), _sum_of([*map(self._columns_of, count)])
        return concat([_batch_sizes(self._operators), [rows, columns]], 0)

    def _dense(self) -> Tensor:
        return self._by_identity()

    def _product(self, x: Any, adjoint: bool) -> Any:
        sizes = [self._rows_of(i) if adjoint else self._columns_of(i) for i in range(len(self._operators))]
        return self._on_blocks(x, sizes, lambda operator, part: operator._product(part, adjoint))

    def _solution(self, rhs: Any, adjoint: bool) -> Any:
        sizes = [self._rows_of(i) for i in range(len(self._operators))]
        return self._on_blocks(rhs, sizes, lambda operator, part: operator._solution(part, adjoint))

    def _on_blocks(self, x: Any, sizes: list[Any], apply: Callable[[LinearOperator, Tensor], Tensor]) -> Any:
        if isinstance(x, (list, tuple)):
            return [apply(operator, part) for operator, part in zip(self._operators, x, strict=True)]
        parts = split(x, sizes, axis=-2, num=len(sizes))
        found = [apply(operator, part) for operator, part in zip(self._operators, parts, strict=True)]
        return concat(_of_one_batch(found), -2)

    def _determinant(self) -> Tensor:
        return _product_of([operator.determinant() for operator in self._operators])

    def _log_abs_determinant(self) -> Tensor:
        return _sum_of([operator.log_abs_determinant() for operator in self._operators])

    def _diagonal(self) -> Tensor:
        if not all(operator.is_square for operator in self._operators):
            raise NotImplementedError("`diag_part` not implemented for an operator whose blocks are not square.")
        parts = _of_one_batch([expand_dims(operator.diag_part(), -1) for operator in self._operators])
        return concat([part[..., 0] for part in parts], -1)

    def matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "matmul") -> Any:
        """Returns the product with matrices `x` `[..., n, k]`, or with a list of them, one a block.

        Args:
          x: Tensor, a list of tensors, or an operator.
          adjoint: Whether the operator is taken as its adjoint.
          adjoint_arg: Whether `x` is.
          name: Name of the scope.

        Returns:
          Tensor, or the list of the blocks' products.
        """
        return self._over_blocks(
            x, name, "x", adjoint_arg, lambda y: self._product(y, adjoint), super().matmul, adjoint
        )

    def solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "solve") -> Any:
        """Returns the solution for `rhs` `[..., n, k]`, or for a list of them, one a block; see `matmul`.

        Args:
          rhs: Tensor, a list of tensors, or an operator.
          adjoint: Whether the operator is taken as its adjoint.
          adjoint_arg: Whether `rhs` is.
          name: Name of the scope.
        """
        return self._over_blocks(
            rhs, name, "rhs", adjoint_arg, lambda y: self._solution(y, adjoint), super().solve, adjoint
        )

    def _over_blocks(
        self, x: Any, name: str, what: str, adjoint_arg: bool, apply: Callable[[Any], Any], whole: Any, adjoint: bool
    ) -> Any:
        if not isinstance(x, (list, tuple)) or not all(getattr(part, "ndim", 0) for part in x):
            return whole(x, adjoint, adjoint_arg, name)
        with self._scope(name):
            parts = [convert_to_tensor(part, dtype=self._dtype, name=f"{what}_{i}") for i, part in enumerate(x)]
            return apply([matrix_adjoint(part) if adjoint_arg else part for part in parts])


def _hints_of_all(
    parts: Sequence[LinearOperator],
    what: str,
    square: bool | None,
    non_singular: bool | None,
    self_adjoint: bool | None,
    positive_definite: bool | None,
) -> dict[str, bool | None]:
    """Promises that hold where they hold for all parts."""
    given = {
        "is_square": (square, "square"),
        "is_non_singular": (non_singular, "non-singular"),
        "is_self_adjoint": (self_adjoint, "self-adjoint"),
        "is_positive_definite": (positive_definite, "positive-definite"),
    }
    return {
        key: _hint(value, _all_promise(parts, key), f"The {what} of {word} operators is always {word}.")
        for key, (value, word) in given.items()
    }


def _known_product(values: Sequence[int | None]) -> int | None:
    return None if None in values else _product_of(values)


def _known_sum(values: Sequence[int | None]) -> int | None:
    return None if None in values else _sum_of(values)


def _last_two(x: Tensor) -> tuple[Any, Any]:
    """The sizes of the last two axes: ints where they are known."""
    dims = x.dims
    known = dims[-2:] if dims is not None else (None, None)
    return tuple(shape(x)[i] if size is None else size for i, size in zip((-2, -1), known, strict=True))  # type: ignore[return-value]


def _reshaped(x: Tensor, tail: int, sizes: Sequence[Any]) -> Tensor:
    """Gives the last `tail` axes other sizes."""
    dims = x.dims
    if dims is not None and None not in dims[:-tail] and all(isinstance(size, int) for size in sizes):
        return reshape(x, [*dims[:-tail], *sizes])
    result = reshape(x, concat([shape(x)[:-tail], convert_to_tensor(list(sizes))], 0))
    if dims is not None:
        result.set_shape([*dims[:-tail], *(size if isinstance(size, int) else None for size in sizes)])
    return result


def _swapped(x: Tensor) -> Tensor:
    """Exchanges the second and the third axis from behind."""
    from scopedjax._src.ops.array.filling import range as tf_range
    from scopedjax._src.ops.array.joining import transpose
    from scopedjax._src.ops.array.shapes import rank

    if x.ndim is not None:
        return transpose(x, [*range(x.ndim - 3), x.ndim - 2, x.ndim - 3, x.ndim - 1])
    count = rank(x)
    return transpose(x, concat([tf_range(count - 3), [count - 2, count - 3, count - 1]], 0))


def _of_one_batch(parts: Sequence[Tensor]) -> list[Tensor]:
    """Matrices that differ in their batches, made alike by broadcasting."""
    from scopedjax._src.ops.array.shapes import broadcast_to

    dims = [part.dims for part in parts]
    if all(d is not None and None not in d for d in dims):
        batch = functools.reduce(broadcast_dims, [d[:-2] for d in dims if d is not None])
        return [
            part if d is not None and d[:-2] == batch else broadcast_to(part, [*(batch or ()), *(d or ())[-2:]])
            for part, d in zip(parts, dims, strict=True)
        ]
    sizes = functools.reduce(broadcast_dynamic_shape, [shape(part)[:-2] for part in parts])
    found = [broadcast_to(part, concat([sizes, shape(part)[-2:]], 0)) for part in parts]
    for part, result in zip(parts, found, strict=True):
        if part.dims is not None and all(d is not None for d in dims):
            batch = functools.reduce(broadcast_dims, [d[:-2] for d in dims if d is not None])
            result.set_shape([*(batch or ()), *part.dims[-2:]])
    return found


class _OfOne(LinearOperator):
    """What turns one operator into another."""

    def __init__(self, operator: LinearOperator, suffix: str, name: str | None, **hints: bool | None) -> None:
        self._operator = operator
        combined = {key: self._combined(key, value) for key, value in hints.items()}
        super().__init__(
            operator.dtype,
            operator.graph_parents,
            name=operator.name + suffix if name is None else name,
            parameters={"operator": operator},
            **combined,
        )

    def _combined(self, key: str, given: bool | None) -> bool | None:
        found = getattr(self._operator, key)
        if found is not None and given is not None and found != given:
            raise ValueError(
                f"Mismatched hints: operator.{key} is {found}, and {key}={given} was given for {type(self).__name__}"
            )
        return found if given is None else given

    @property
    def operator(self) -> LinearOperator:
        """The operator that it is made of."""
        return self._operator


class LinearOperatorAdjoint(_OfOne):
    """The adjoint of an operator: its conjugate transpose.

    Args:
      operator: An operator.
      is_non_singular: Whether it is promised to be invertible; by default what the operator promises.
      is_self_adjoint: Whether it is promised to be its own adjoint.
      is_positive_definite: Whether it is promised to be positive definite.
      is_square: Whether it is promised to be square.
      name: Name of the operator; by default that of the operator with `_adjoint`.

    Raises:
      ValueError: a promise contradicts the operator's.

    >>> operator = tf.linalg.LinearOperatorFullMatrix([[1.0, 2.0], [3.0, 4.0]])
    >>> tf.Session().run(tf.linalg.LinearOperatorAdjoint(operator).to_dense()).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """

    def __init__(
        self,
        operator: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(
            operator, "_adjoint", name, is_square=is_square, is_non_singular=is_non_singular,
            is_self_adjoint=is_self_adjoint, is_positive_definite=is_positive_definite,
        )  # fmt: skip

    def _static(self) -> TensorShape:
        found = self._operator.shape
        return found if found.ndims is None else found[:-2].concatenate([found[-1], found[-2]])

    def _dynamic(self) -> Tensor:
        sizes = self._operator.shape_tensor()
        return concat([sizes[:-2], [sizes[-1], sizes[-2]]], 0)

    def _dense(self) -> Tensor:
        return matrix_adjoint(self._operator.to_dense())

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        return self._operator._product(x, not adjoint)

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return self._operator._solution(rhs, not adjoint)

    def _determinant(self) -> Tensor:
        found = self._operator.determinant()
        return conj(found) if self.dtype.is_complex else found

    def _log_abs_determinant(self) -> Tensor:
        return self._operator.log_abs_determinant()

    def _diagonal(self) -> Tensor:
        found = self._operator.diag_part()
        return conj(found) if self.dtype.is_complex else found

    def adjoint(self, name: str = "adjoint") -> LinearOperator:
        """Returns the operator that this is the adjoint of."""
        return self if self.is_self_adjoint is True else self._operator

    H = property(adjoint)


class LinearOperatorInversion(_OfOne):
    """The inverse of an operator.

    Args:
      operator: A square operator.
      is_non_singular: Not False.
      is_self_adjoint: Whether it is promised to be its own adjoint; by default what the operator promises.
      is_positive_definite: Whether it is promised to be positive definite.
      is_square: Not False.
      name: Name of the operator; by default that of the operator with `_inv`.

    Raises:
      ValueError: the operator is known to be singular or not square, or a promise contradicts the operator's.

    >>> operator = tf.linalg.LinearOperatorFullMatrix([[2.0, 0.0], [0.0, 4.0]])
    >>> tf.Session().run(tf.linalg.LinearOperatorInversion(operator).to_dense()).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """

    def __init__(
        self,
        operator: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str | None = None,
    ) -> None:
        for key, given in (("is_square", is_square), ("is_non_singular", is_non_singular)):
            found = getattr(operator, key)
            if found is False or given is False:
                raise ValueError(
                    f"Argument `{key}` or argument `operator` must have supplied hint `{key}` equal to `True` or "
                    f"`None`. Found `operator.{key}`: {found}, `{key}`: {given}."
                )
        super().__init__(
            operator, "_inv", name, is_square=is_square, is_non_singular=is_non_singular,
            is_self_adjoint=is_self_adjoint, is_positive_definite=is_positive_definite,
        )  # fmt: skip

    def _static(self) -> TensorShape:
        return self._operator.shape

    def _dynamic(self) -> Tensor:
        return self._operator.shape_tensor()

    def _dense(self) -> Tensor:
        return self._by_identity()

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        return self._operator._solution(x, adjoint)

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return self._operator._product(rhs, adjoint)

    def _determinant(self) -> Tensor:
        return 1.0 / self._operator.determinant()

    def _log_abs_determinant(self) -> Tensor:
        return -1.0 * self._operator.log_abs_determinant()

    def inverse(self, name: str = "inverse") -> LinearOperator:
        """Returns the operator that this is the inverse of."""
        return self._operator
