"""Diagonals: making matrices of them, reading and replacing them, keeping a band around them.

One number `k` chooses a diagonal (0: the main one, positive: above it), two a whole band. A band is stored with one
row a diagonal, the highest first, and shorter diagonals are filled up at the side that `align` names:

    k = (-1, 0), align "RIGHT_LEFT"       [[1, 2, 3],        [[1, 0, 0],
    (super right, sub left)                [4, 5, 0]]   <->   [4, 2, 0],
                                                              [0, 5, 3]]
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.module import module_of
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.registry import declare
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import like

_DIAG_TYPES = (*dtypes.FLOATING, dtypes.int32, dtypes.int64, *dtypes.COMPLEX)

# -------------------------------------------------------------------------------------------------- band and Diag


def _band_part(input: Any, num_lower: Any, num_upper: Any) -> Any:
    rows, columns = input.shape[-2:]
    distance = np.arange(columns)[None, :] - np.arange(rows)[:, None]
    xp = module_of(input, num_lower, num_upper)
    keep = ((num_lower < 0) | (-distance <= num_lower)) & ((num_upper < 0) | (distance <= num_upper))
    return xp.where(keep, input, xp.zeros((), input.dtype))


def _at_least_matrix(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    if dims is not None and len(dims) < 2:
        raise c.fail(f"Shape must be at least rank 2 but is rank {len(dims)}")
    return [dims]


declare(
    "MatrixBandPart(input: T, num_lower: Tindex, num_upper: Tindex; Tindex: type = int64) -> band: T",
    _band_part,
    shape=_at_least_matrix,
    types={"Tindex": dtypes.INDEX},
)


def _diag(diagonal: Any) -> Any:
    flat = jnp.reshape(diagonal, (-1,))
    return jnp.reshape(jnp.diag(flat), (*diagonal.shape, *diagonal.shape))


def _diag_part(input: Any) -> Any:
    half = input.shape[: input.ndim // 2]
    size = int(np.prod(half, dtype=np.int64))
    return jnp.reshape(jnp.diagonal(jnp.reshape(input, (size, size))), half)


def _diag_part_dims(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    if dims is None:
        return [None]
    if len(dims) % 2 or not dims:
        raise c.fail(f"Input must have even and non-zero rank, input rank is {len(dims)}")
    half = len(dims) // 2
    try:
        return [merge_dims(dims[:half], dims[half:])]
    except ValueError as error:
        raise c.fail(str(error)) from None


declare(
    "Diag(diagonal: T) -> output: T",
    _diag,
    shape=lambda c: [None if c.dims(0) is None else (c.dims(0) or ()) * 2],
    types={"T": _DIAG_TYPES},
)
declare("DiagPart(input: T) -> diagonal: T", _diag_part, shape=_diag_part_dims, types={"T": _DIAG_TYPES})

# ------------------------------------------------------------------------------------------------ matrices of bands


def _band(k: Any) -> tuple[int, int]:
    """The lowest and the highest diagonal."""
    values = [int(v) for v in np.asarray(k).reshape(-1)]
    if len(values) not in (1, 2):
        raise ValueError(f"diag_index must have only one or two elements, received {len(values)} elements.")
    if values[0] > values[-1]:
        raise ValueError("lower_diag_index must not be larger than upper_diag_index.")
    return values[0], values[-1]


def _length(d: int, rows: int, columns: int) -> int:
    return min(rows + min(d, 0), columns - max(d, 0))


def _longest(low: int, high: int, rows: int, columns: int) -> int:
    return min(rows + min(high, 0), columns - max(low, 0))


def _places(low: int, high: int, rows: int, columns: int, align: str) -> tuple[Any, Any, Any, Any]:
    """For each element of the band: its diagonal's row in the store, its column there, and its row and column."""
    longest = _longest(low, high, rows, columns)
    store_row, store_column, row, column = [], [], [], []
    super_align, sub_align = align.split("_")
    for i, d in enumerate(range(high, low - 1, -1)):
        n = _length(d, rows, columns)
        side = super_align if d > 0 else sub_align if d < 0 else None
        shift = longest - n if (side or super_align) == "RIGHT" else 0
        if d == 0:
            shift = longest - n if n < longest and super_align == "RIGHT" else 0
        for j in range(n):
            store_row.append(i)
            store_column.append(shift + j)
            row.append(j - min(d, 0))
            column.append(j + max(d, 0))
    return tuple(np.asarray(v, np.int32) for v in (store_row, store_column, row, column))  # type: ignore[return-value]


def _matrix_size(diagonal: Any, low: int, high: int, num_rows: int, num_cols: int) -> tuple[int, int]:
    """The size of the matrix, the smallest that the diagonals fit where it is not given (-1)."""
    longest = diagonal.shape[-1]
    least_rows, least_columns = longest - min(high, 0), longest + max(low, 0)
    if num_rows == -1 and num_cols == -1:
        side = max(least_rows, least_columns)
        return side, side
    if num_rows == -1:
        return least_rows, num_cols
    if num_cols == -1:
        return num_rows, least_columns
    return num_rows, num_cols


def _matrix_diag(
    diagonal: Any, k: Any, num_rows: Any, num_cols: Any, padding_value: Any, *, align: str = "LEFT_LEFT"
) -> Any:
    low, high = _band(k)
    rows, columns = _matrix_size(diagonal, low, high, int(num_rows), int(num_cols))
    store = diagonal if low != high else jnp.expand_dims(diagonal, -2)
    batch = store.shape[:-2]
    store_row, store_column, row, column = _places(low, high, rows, columns, align)
    matrix = jnp.broadcast_to(jnp.asarray(padding_value, diagonal.dtype), (*batch, rows, columns))
    return matrix.at[..., row, column].set(jnp.asarray(store)[..., store_row, store_column])


def _matrix_diag_dims(c: ShapeContext) -> list[Dims]:
    dims = c.dims(0)
    if dims is None:
        return [None]
    if not dims:
        raise c.fail("Shape must be at least rank 1 but is rank 0")
    values = [c.const(i) for i in (1, 2, 3)]
    if values[0] is None:
        return [None]
    low, high = _band(values[0])
    batch = dims[:-1] if low == high else dims[:-2]
    if dims[-1] is None or values[1] is None or values[2] is None:
        given = [None if v is None or int(v) == -1 else int(v) for v in values[1:]]
        return [(*batch, *given)]

    class _Store:
        shape = dims

    return [(*batch, *_matrix_size(_Store, low, high, int(values[1]), int(values[2])))]


def _matrix_diag_part(input: Any, k: Any, padding_value: Any, *, align: str = "LEFT_LEFT") -> Any:
    low, high = _band(k)
    rows, columns = input.shape[-2:]
    store_row, store_column, row, column = _places(low, high, rows, columns, align)
    shape = (*input.shape[:-2], high - low + 1, _longest(low, high, rows, columns))
    store = jnp.broadcast_to(jnp.asarray(padding_value, input.dtype), shape)
    store = store.at[..., store_row, store_column].set(jnp.asarray(input)[..., row, column])
    return store if low != high else jnp.squeeze(store, -2)


def _matrix_diag_part_dims(c: ShapeContext) -> list[Dims]:
    dims = _at_least_matrix(c)[0]
    k = c.const(1)
    if dims is None or k is None:
        return [None]
    low, high = _band(k)
    rows, columns = dims[-2:]
    longest = None if rows is None or columns is None else _longest(low, high, rows, columns)
    count = () if low == high else (high - low + 1,)
    return [(*dims[:-2], *count, longest)]


def _matrix_set_diag(input: Any, diagonal: Any, k: Any, *, align: str = "LEFT_LEFT") -> Any:
    low, high = _band(k)
    rows, columns = input.shape[-2:]
    store_row, store_column, row, column = _places(low, high, rows, columns, align)
    store = jnp.asarray(diagonal) if low != high else jnp.expand_dims(diagonal, -2)
    return jnp.asarray(input).at[..., row, column].set(store[..., store_row, store_column])


_ALIGN = "align: string = 'RIGHT_LEFT'"
_K, _SIZES = ("k",), ("k", "num_rows", "num_cols")
declare(
    "MatrixDiag(diagonal: T) -> output: T",
    lambda diagonal: _matrix_diag(diagonal, 0, -1, -1, np.zeros((), diagonal.dtype)),
    shape=lambda c: [None if c.dims(0) is None else (*(c.dims(0) or ()), (c.dims(0) or (None,))[-1])],
)
declare(
    "MatrixDiagV2(diagonal: T, k: int32, num_rows: int32, num_cols: int32, padding_value: T) -> output: T",
    lambda diagonal, k, num_rows, num_cols, padding_value: _matrix_diag(diagonal, k, num_rows, num_cols, padding_value),
    shape=_matrix_diag_dims,
    static=_SIZES,
)
declare(
    f"MatrixDiagV3(diagonal: T, k: int32, num_rows: int32, num_cols: int32, padding_value: T; {_ALIGN}) -> output: T",
    _matrix_diag,
    shape=_matrix_diag_dims,
    static=_SIZES,
)


def _main_diagonal_dims(c: ShapeContext) -> list[Dims]:
    dims = _at_least_matrix(c)[0]
    if dims is None:
        return [None]
    rows, columns = dims[-2:]
    return [(*dims[:-2], None if rows is None or columns is None else min(rows, columns))]


declare(
    "MatrixDiagPart(input: T) -> diagonal: T",
    lambda input: _matrix_diag_part(input, 0, np.zeros((), input.dtype)),
    shape=_main_diagonal_dims,
)
declare(
    "MatrixDiagPartV2(input: T, k: int32, padding_value: T) -> diagonal: T",
    lambda input, k, padding_value: _matrix_diag_part(input, k, padding_value),
    shape=_matrix_diag_part_dims,
    static=_K,
)
declare(
    f"MatrixDiagPartV3(input: T, k: int32, padding_value: T; {_ALIGN}) -> diagonal: T",
    _matrix_diag_part,
    shape=_matrix_diag_part_dims,
    static=_K,
)
declare(
    "MatrixSetDiag(input: T, diagonal: T) -> output: T",
    lambda input, diagonal: _matrix_set_diag(input, diagonal, 0),
    shape=like(0),
)
declare(
    "MatrixSetDiagV2(input: T, diagonal: T, k: int32) -> output: T",
    lambda input, diagonal, k: _matrix_set_diag(input, diagonal, k),
    shape=_at_least_matrix,
    static=_K,
)
declare(
    f"MatrixSetDiagV3(input: T, diagonal: T, k: int32; {_ALIGN}) -> output: T",
    _matrix_set_diag,
    shape=_at_least_matrix,
    static=_K,
)

# -------------------------------------------------------------------------------------------- public functions


def _plain(value: Any, tensor: Tensor) -> Any:
    """A padding value given as a Python number, in the dtype of the matrix."""
    if isinstance(value, Tensor) or not np.isscalar(value):
        return value
    return bool(value) if tensor.dtype.is_bool else value


def matrix_band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Tensor:
    """Keeps a band around the main diagonal of matrices and sets the rest to zero.

    Args:
      input: Tensor `[..., n, m]`.
      num_lower: How many diagonals below the main one stay; all for -1.
      num_upper: How many above it; all for -1.
      name: Node name; defaults to "MatrixBandPart".

    Returns:
      Tensor like `input`.

    >>> tf.Session().run(tf.matrix_band_part([[1, 2], [3, 4]], -1, 0)).tolist()
    [[1, 0], [3, 4]]
    """
    return apply_op("MatrixBandPart", input, num_lower, num_upper, name=name)


def diag(diagonal: Any, name: str | None = None) -> Tensor:
    """Makes a diagonal tensor: rank k becomes rank 2k.

    Args:
      diagonal: Tensor.
      name: Node name; defaults to "Diag".

    Returns:
      Tensor of shape `diagonal.shape + diagonal.shape`.

    >>> tf.Session().run(tf.diag([1, 2])).tolist()
    [[1, 0], [0, 2]]
    """
    return apply_op("Diag", diagonal, name=name)


def diag_part(input: Any, name: str | None = None) -> Tensor:
    """Reads the diagonal of a tensor: rank 2k becomes rank k.

    Args:
      input: Tensor whose shape is the same one twice.
      name: Node name; defaults to "DiagPart".

    Returns:
      Tensor.

    >>> tf.Session().run(tf.diag_part([[1, 2], [3, 4]])).tolist()
    [1, 4]
    """
    return apply_op("DiagPart", input, name=name)


def matrix_diag(
    diagonal: Any,
    name: str = "diag",
    k: Any = 0,
    num_rows: Any = -1,
    num_cols: Any = -1,
    padding_value: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Tensor:
    """Makes matrices with the given diagonals.

    Args:
      diagonal: Tensor `[..., length]`, or `[..., number of diagonals, length]` for a band.
      name: Node name.
      k: Which diagonal, or the lowest and the highest of a band.
      num_rows: Number of rows; the fewest that fit for -1.
      num_cols: Number of columns; the fewest that fit for -1.
      padding_value: What stands elsewhere.
      align: At which side shorter diagonals of a band are filled up.

    Returns:
      Tensor `[..., num_rows, num_cols]`.

    >>> tf.Session().run(tf.matrix_diag([[1, 2]])).tolist()
    [[[1, 0], [0, 2]]]
    """
    tensor = diagonal if isinstance(diagonal, Tensor) else convert_to_tensor(diagonal, name=f"{name}/diagonal")
    padding = _plain(padding_value, tensor)
    return apply_op("MatrixDiagV3", tensor, k, num_rows, num_cols, padding, align=align, name=name)


def matrix_diag_part(
    input: Any, name: str = "diag_part", k: Any = 0, padding_value: Any = 0, align: str = "RIGHT_LEFT"
) -> Tensor:
    """Reads diagonals of matrices.

    Args:
      input: Tensor `[..., n, m]`.
      name: Node name.
      k: Which diagonal, or the lowest and the highest of a band.
      padding_value: What fills shorter diagonals of a band up.
      align: At which side.

    Returns:
      Tensor `[..., length]`, or `[..., number of diagonals, length]` for a band.

    >>> tf.Session().run(tf.matrix_diag_part([[1, 2], [3, 4]])).tolist()
    [1, 4]
    """
    tensor = input if isinstance(input, Tensor) else convert_to_tensor(input, name=f"{name}/input")
    return apply_op("MatrixDiagPartV3", tensor, k, _plain(padding_value, tensor), align=align, name=name)


def matrix_set_diag(input: Any, diagonal: Any, name: str = "set_diag", k: Any = 0, align: str = "RIGHT_LEFT") -> Tensor:
    """Replaces diagonals of matrices.

    Args:
      input: Tensor `[..., n, m]`.
      diagonal: Tensor `[..., length]`, or `[..., number of diagonals, length]` for a band.
      name: Node name.
      k: Which diagonal, or the lowest and the highest of a band.
      align: At which side shorter diagonals of a band are filled up.

    Returns:
      Tensor like `input`.

    >>> tf.Session().run(tf.matrix_set_diag([[1, 2], [3, 4]], [9, 9])).tolist()
    [[9, 2], [3, 9]]
    """
    return apply_op("MatrixSetDiagV3", input, diagonal, k, align=align, name=name)
