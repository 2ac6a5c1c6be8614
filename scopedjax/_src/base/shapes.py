"""Static shapes, twice: the tuples this project computes with, and the objects that TF1 programs see.

Inside, a static shape is a `Dims`: a tuple of `int | None` (`None`: a size not known yet), or `None` for a shape
whose rank is unknown too. Tuples compare and hash in C and every shape rule works on them:

    what a program wrote         to_dims       what TensorFlow prints (format_dims)
    [None, 3], (None, D(3))  ->  (None, 3)     [?,3]
    [], ()                   ->  ()            []
    7, Dimension(7)          ->  (7,)          [7]
    None, TensorShape(None)  ->  None          ?

Outside, TF1 has `TensorShape`, whose items are `Dimension` objects: `x.shape[0].value`, `int(x.shape[0])`. A
`Dimension` takes part in arithmetic and unknown propagates; a comparison with an unknown one is neither true nor
false but `None`.

Invariants:
  * A `TensorShape` holds its `Dims` in `_dims` and nothing else; `to_dims(from_dims(d)) is d`.
  * Neither ever contains a negative size or a `bool`; -1 means "unknown" in protos only.
  * Two unknown sizes are compatible, never known to be equal.

The error texts of the `Dims` functions are those of TensorFlow's shape inference ("Dimensions must be equal, but are
3 and 4"), to which the caller adds the node; those of the classes are those of `tf.TensorShape`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias, cast, overload

Dims: TypeAlias = tuple[int | None, ...] | None

__all__ = [
    "Dimension",
    "Dims",
    "TensorShape",
    "as_dimension",
    "as_shape",
    "broadcast_dims",
    "compatible",
    "dimension_at_index",
    "dimension_value",
    "format_dims",
    "from_dims",
    "fully_known",
    "merge_dim",
    "merge_dims",
    "num_elements",
    "require_rank",
    "require_rank_at_least",
    "require_rank_at_most",
    "to_dims",
    "unknown_shape",
]


# ---------------------------------------------------------------------------------------------------------- Dims


def _to_dim(value: object) -> int | None:
    """One size as `int | None`; refuses text, fractions and negative numbers, as TF does."""
    if type(value) is int:
        size = value
    elif value is None:
        return None
    elif isinstance(value, Dimension):
        return value.value
    else:
        try:
            # int(): operator.index(True) is True.
            size = int(operator.index(cast(Any, value)))
        except TypeError:
            raise TypeError(
                "Dimension value must be integer or None or have an __index__ method, "
                f"got value '{value!r}' with type '{type(value)!r}'"
            ) from None
    if size < 0:
        raise ValueError(f"Dimension {size} must be >= 0")
    return size


def to_dims(shape_like: object) -> Dims:
    """The static shape that a program wrote, as a tuple.

    Args:
      shape_like: `None` (unknown rank), a `TensorShape`, an iterable of sizes (`int`, `None`, `Dimension`, NumPy
        integers), a single size, or a `TensorShapeProto`.

    Returns:
      The shape as `Dims`.

    Raises:
      TypeError: It is text, or a size is neither an integer nor `None`.
      ValueError: A size is negative.
    """
    if type(shape_like) is TensorShape:
        return shape_like._dims
    if shape_like is None:
        return None
    if isinstance(shape_like, (list, tuple)):
        return tuple([_to_dim(size) for size in cast("list[object]", shape_like)])
    if isinstance(shape_like, TensorShape):
        return shape_like._dims
    if isinstance(shape_like, (str, bytes)):
        raise TypeError(
            f"Failed to convert {shape_like!r} to a shape: a string has an ambiguous TensorShape. A shape is a single "
            "dimension (e.g. 10) or an iterable of dimensions (e.g. [1, 10, None])."
        )
    if hasattr(shape_like, "unknown_rank"):
        return _proto_dims(shape_like)
    try:
        sizes = iter(cast("Iterable[object]", shape_like))
    except TypeError:
        return (_to_dim(shape_like),)
    return tuple([_to_dim(size) for size in sizes])


def _proto_dims(proto: Any) -> Dims:
    if proto.unknown_rank:
        return None
    return tuple([None if dim.size == -1 else int(dim.size) for dim in proto.dim])


def _shape_protos() -> Any:
    # Loaded on first use: a program that never writes a graph to a file needs no protos.
    from tensorboard.compat.proto import tensor_shape_pb2

    return tensor_shape_pb2


def from_dims(dims: Dims) -> TensorShape:
    """The `TensorShape` of a tuple that is known to be well formed; does not check or copy."""
    shape = object.__new__(TensorShape)
    shape._dims = dims
    return shape


def format_dims(dims: Dims) -> str:
    """The shape as TensorFlow's shape inference prints it: `[?,3]`, `[]`, and `?` when the rank is unknown."""
    if dims is None:
        return "?"
    return "[" + ",".join(["?" if size is None else str(size) for size in dims]) + "]"


def num_elements(dims: Dims) -> int | None:
    """How many elements a tensor of this shape has, or `None` when a size is unknown."""
    if dims is None:
        return None
    count = 1
    for size in dims:
        if size is None:
            return None
        count *= size
    return count


def fully_known(dims: Dims) -> bool:
    """Whether the rank and every size are known."""
    return dims is not None and None not in dims


def compatible(a: Dims, b: Dims) -> bool:
    """Whether one tensor could have both static shapes."""
    if a is None or b is None or a == b:
        return True
    if len(a) != len(b):
        return False
    return all(x == y or x is None or y is None for x, y in zip(a, b, strict=True))


def merge_dim(a: int | None, b: int | None) -> int | None:
    """The size that is known to be both `a` and `b`; ValueError when they differ."""
    if a is None or a == b:
        return b
    if b is None:
        return a
    raise ValueError(f"Dimensions must be equal, but are {a} and {b}")


def merge_dims(a: Dims, b: Dims) -> Dims:
    """The static shape of a tensor known to have both shape `a` and shape `b`.

    Args:
      a: One shape.
      b: The other one.

    Returns:
      What both say together.

    Raises:
      ValueError: No tensor has both; the text is that of TensorFlow's shape inference.
    """
    if a is None or a == b:
        return b
    if b is None:
        return a
    if len(a) != len(b):
        raise ValueError(
            f"Shapes must be equal rank, but are {len(a)} and {len(b)}. "
            f"Shapes are {format_dims(a)} and {format_dims(b)}."
        )
    merged: list[int | None] = []
    for axis, (x, y) in enumerate(zip(a, b, strict=True)):
        if x is not None and y is not None and x != y:
            raise ValueError(
                f"Dimension {axis} in both shapes must be equal, but are {x} and {y}. "
                f"Shapes are {format_dims(a)} and {format_dims(b)}."
            )
        merged.append(y if x is None else x)
    return tuple(merged)


def broadcast_dims(a: Dims, b: Dims) -> Dims:
    """The static shape of an elementwise operation on tensors of shapes `a` and `b` (NumPy's broadcasting rules).

    A size against an unknown one: more than 1 wins, 1 gives way, and against 0 or another unknown it stays unknown.

    Args:
      a: Shape of the left operand.
      b: Shape of the right operand.

    Returns:
      The shape of the result; `None` when either rank is unknown.

    Raises:
      ValueError: Two known sizes differ and neither is 1.
    """
    if a is None or b is None:
        return None
    if a == b:
        return a
    rank = max(len(a), len(b))
    left = (1,) * (rank - len(a)) + a
    right = (1,) * (rank - len(b)) + b
    return tuple([_broadcast_dim(x, y) for x, y in zip(left, right, strict=True)])


def _broadcast_dim(x: int | None, y: int | None) -> int | None:
    if x == y or y == 1:
        return x
    if x == 1:
        return y
    if x is None:
        return y if y else None
    if y is None:
        return x if x else None
    raise ValueError(f"Dimensions must be equal, but are {x} and {y}")


def require_rank(dims: Dims, rank: int) -> tuple[int | None, ...]:
    """`dims`, now known to have this rank; ValueError "Shape must be rank 2 but is rank 1" otherwise."""
    if dims is None:
        return (None,) * rank
    if len(dims) != rank:
        raise ValueError(f"Shape must be rank {rank} but is rank {len(dims)}")
    return dims


def require_rank_at_least(dims: Dims, rank: int) -> Dims:
    """`dims` when its rank is unknown or at least `rank`; ValueError otherwise."""
    if dims is not None and len(dims) < rank:
        raise ValueError(f"Shape must be at least rank {rank} but is rank {len(dims)}")
    return dims


def require_rank_at_most(dims: Dims, rank: int) -> Dims:
    """`dims` when its rank is unknown or at most `rank`; ValueError otherwise."""
    if dims is not None and len(dims) > rank:
        raise ValueError(f"Shape must be at most rank {rank} but is rank {len(dims)}")
    return dims


# ----------------------------------------------------------------------------------------------------- Dimension


def _operand(other: object) -> tuple[bool, int | None]:
    """(whether `other` can stand beside a Dimension in arithmetic, its size)."""
    try:
        return True, _to_dim(other)
    except (TypeError, ValueError):
        return False, None


def _arithmetic(compute: Callable[[int, int], int]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two methods (`d + x` and `x + d`) of an operator; an unknown operand makes the result unknown."""

    def forward(self: Dimension, other: object) -> Any:
        usable, size = _operand(other)
        if not usable:
            return NotImplemented
        mine = self._value
        return Dimension(None if mine is None or size is None else compute(mine, size))

    def backward(self: Dimension, other: object) -> Any:
        usable, size = _operand(other)
        if not usable:
            return NotImplemented
        mine = self._value
        return Dimension(None if mine is None or size is None else compute(size, mine))

    return forward, backward


def _comparison(compare: Callable[[int, int], bool]) -> Callable[..., Any]:
    def method(self: Dimension, other: object) -> bool | None:
        size = _to_dim(other)
        if self._value is None or size is None:
            return None
        return compare(self._value, size)

    return method


class Dimension:
    """One size of a `TensorShape`: a number, or unknown.

    Arithmetic (`+ - * // %`) gives a `Dimension`, unknown when an operand is. A comparison that involves an unknown
    size is `None`, so `d == 3` is false for it and so is `d != 3`.

    Args:
      value: A non-negative integer, `None`, or a `Dimension`.

    Raises:
      TypeError: `value` is not an integer.
      ValueError: `value` is negative.

    >>> tf.Dimension(3) * 2, tf.Dimension(None) + 1
    (Dimension(6), Dimension(None))
    >>> print(tf.Dimension(None) == 3)
    None
    """

    __slots__ = ("_value",)

    _value: int | None

    def __init__(self, value: object) -> None:
        self._value = _to_dim(value)

    @property
    def value(self) -> int | None:
        """The size as an `int`, or `None` when unknown."""
        return self._value

    def __repr__(self) -> str:
        return f"Dimension({self._value!r})"

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)

    def __eq__(self, other: object) -> bool | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        usable, size = _operand(other)
        if not usable:
            return NotImplemented
        return None if self._value is None or size is None else self._value == size

    def __ne__(self, other: object) -> bool | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        usable, size = _operand(other)
        if not usable:
            return NotImplemented
        return None if self._value is None or size is None else self._value != size

    # An unknown size equals nothing, not even itself, so it cannot be a key.
    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __bool__(self) -> bool:
        return bool(self._value)

    def __int__(self) -> int:
        if self._value is None:
            raise TypeError("__int__ returned non-int (type NoneType): this Dimension is unknown; use tf.shape(x)[i].")
        return self._value

    def __index__(self) -> int:
        if self._value is None:
            raise TypeError(
                "__index__ returned non-int (type NoneType): this Dimension is unknown; use tf.shape(x)[i]."
            )
        return self._value

    __add__, __radd__ = _arithmetic(operator.add)
    __sub__, __rsub__ = _arithmetic(operator.sub)
    __mul__, __rmul__ = _arithmetic(operator.mul)
    __floordiv__, __rfloordiv__ = _arithmetic(operator.floordiv)
    __mod__, __rmod__ = _arithmetic(operator.mod)

    def __truediv__(self, other: object) -> Any:
        raise TypeError(
            f"unsupported operand type(s) for /: 'Dimension' and '{type(other).__name__}', please use // instead"
        )

    def __rtruediv__(self, other: object) -> Any:
        raise TypeError(
            f"unsupported operand type(s) for /: '{type(other).__name__}' and 'Dimension', please use // instead"
        )

    __lt__ = _comparison(operator.lt)
    __le__ = _comparison(operator.le)
    __gt__ = _comparison(operator.gt)
    __ge__ = _comparison(operator.ge)

    def is_compatible_with(self, other: object) -> bool:
        """Whether both could be the same size: equal, or one of them unknown."""
        size = _to_dim(other)
        return self._value is None or size is None or self._value == size

    def assert_is_compatible_with(self, other: object) -> None:
        """Raises ValueError unless both could be the same size."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other: object) -> Dimension:
        """The size known from both; ValueError when they differ."""
        self.assert_is_compatible_with(other)
        return Dimension(_to_dim(other) if self._value is None else self._value)

    def __reduce__(self) -> tuple[type[Dimension], tuple[int | None]]:
        return Dimension, (self._value,)


# --------------------------------------------------------------------------------------------------- TensorShape


class TensorShape:
    """The static shape of a tensor as TF1 programs see it: known, partly known (`(?, 3)`), or of unknown rank.

    Indexing and iterating give `Dimension` objects, slices give `TensorShape`s, `as_list()` gives plain numbers.

    Args:
      dims: `None` for an unknown rank, or an iterable of sizes, or one size, or a `TensorShapeProto`.

    Raises:
      TypeError: `dims` is not a shape.
      ValueError: A size is negative.

    >>> shape = tf.TensorShape([None, 3])
    >>> shape, shape[1], shape.as_list(), str(shape)
    (TensorShape([Dimension(None), Dimension(3)]), Dimension(3), [None, 3], '(?, 3)')
    """

    __slots__ = ("_dims",)

    _dims: Dims

    def __init__(self, dims: object) -> None:
        self._dims = to_dims(dims)

    @property
    def dims(self) -> list[Dimension] | None:
        """The sizes as a new list of `Dimension`s, or `None` when the rank is unknown."""
        return None if self._dims is None else [Dimension(size) for size in self._dims]

    @property
    def rank(self) -> int | None:
        """The number of axes, or `None` when unknown."""
        return None if self._dims is None else len(self._dims)

    @property
    def ndims(self) -> int | None:
        """The number of axes, or `None` when unknown (the older name of `rank`)."""
        return None if self._dims is None else len(self._dims)

    def __repr__(self) -> str:
        return f"TensorShape({self.dims!r})"

    def __str__(self) -> str:
        if self._dims is None:
            return "<unknown>"
        sizes = ["?" if size is None else str(size) for size in self._dims]
        return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"

    def __len__(self) -> int:
        if self._dims is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self._dims)

    def __bool__(self) -> bool:
        # A scalar's shape is known although it is empty.
        return self._dims is not None

    def __iter__(self) -> Iterator[Dimension]:
        if self._dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter([Dimension(size) for size in self._dims])

    @overload
    def __getitem__(self, key: slice) -> TensorShape: ...
    @overload
    def __getitem__(self, key: int) -> Dimension: ...
    def __getitem__(self, key: int | slice) -> Dimension | TensorShape:
        if self._dims is None:
            return self._unknown_slice(key) if isinstance(key, slice) else Dimension(None)
        if isinstance(key, slice):
            return from_dims(self._dims[key])
        return Dimension(self._dims[key])

    @staticmethod
    def _unknown_slice(key: slice) -> TensorShape:
        """What a slice of a shape of unknown rank is known to be: its rank, when both ends count from the front."""
        if key.step is not None:
            raise ValueError("Steps are not yet handled")
        start = key.start or 0
        if key.stop is None or start < 0 or key.stop < 0:
            return from_dims(None)
        return unknown_shape(max(0, key.stop - start))

    def __eq__(self, other: object) -> bool:
        try:
            return self._dims == to_dims(other)
        except (TypeError, ValueError):
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self._dims)

    def __add__(self, other: object) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: object) -> TensorShape:
        return as_shape(other).concatenate(self)

    def __concat__(self, other: object) -> TensorShape:
        return self.concatenate(other)

    def __reduce__(self) -> tuple[type[TensorShape], tuple[Dims]]:
        return TensorShape, (self._dims,)

    def as_list(self) -> list[int | None]:
        """The sizes as plain numbers, `None` where unknown.

        Returns:
          A new list.

        Raises:
          ValueError: The rank is unknown.

        >>> tf.TensorShape([None, 3]).as_list()
        [None, 3]
        """
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._dims)

    def as_proto(self) -> Any:
        """The shape as a `TensorShapeProto`, with -1 where a size is unknown."""
        pb = _shape_protos()
        if self._dims is None:
            return pb.TensorShapeProto(unknown_rank=True)
        dim = pb.TensorShapeProto.Dim
        return pb.TensorShapeProto(dim=[dim(size=-1 if size is None else size) for size in self._dims])

    def num_elements(self) -> int | None:
        """How many elements a tensor of this shape has, or `None` when a size is unknown."""
        return num_elements(self._dims)

    def is_fully_defined(self) -> bool:
        """Whether the rank and every size are known."""
        return fully_known(self._dims)

    def assert_is_fully_defined(self) -> None:
        """Raises ValueError unless the rank and every size are known."""
        if not fully_known(self._dims):
            raise ValueError(f"Shape {self} is not fully defined")

    def is_compatible_with(self, other: object) -> bool:
        """Whether one tensor could have both shapes: same rank, and sizes equal where both are known.

        >>> tf.TensorShape([None, 3]).is_compatible_with([2, None])
        True
        """
        return compatible(self._dims, to_dims(other))

    def assert_is_compatible_with(self, other: object) -> None:
        """Raises ValueError unless one tensor could have both shapes."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {as_shape(other)} are incompatible")

    def merge_with(self, other: object) -> TensorShape:
        """The shape of a tensor known to have both shapes.

        Args:
          other: The other shape.

        Returns:
          What both say together.

        Raises:
          ValueError: No tensor has both.

        >>> tf.TensorShape([None, 3]).merge_with([2, None]).as_list()
        [2, 3]
        """
        dims = to_dims(other)
        if not compatible(self._dims, dims):
            raise ValueError(f"Shapes {self} and {from_dims(dims)} are not compatible")
        return from_dims(merge_dims(self._dims, dims))

    def most_specific_compatible_shape(self, other: object) -> TensorShape:
        """The narrowest shape that admits both: sizes that differ become unknown, and so does the rank."""
        mine, dims = self._dims, to_dims(other)
        if mine is None or dims is None or len(mine) != len(dims):
            return from_dims(None)
        return from_dims(tuple([x if x == y else None for x, y in zip(mine, dims, strict=True)]))

    def concatenate(self, other: object) -> TensorShape:
        """This shape followed by the other; unknown when either rank is.

        >>> tf.TensorShape([None]).concatenate([3]).as_list()
        [None, 3]
        """
        dims = to_dims(other)
        return from_dims(None if self._dims is None or dims is None else self._dims + dims)

    def assert_same_rank(self, other: object) -> None:
        """Raises ValueError when both ranks are known and differ."""
        other = as_shape(other)
        if self._dims is not None and other._dims is not None and len(self._dims) != len(other._dims):
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def assert_has_rank(self, rank: object) -> None:
        """Raises ValueError when the rank is known and is another one."""
        wanted = _to_dim(rank)
        if self._dims is not None and wanted is not None and len(self._dims) != wanted:
            raise ValueError(f"Shape {self} must have rank {rank}")

    def with_rank(self, rank: object) -> TensorShape:
        """This shape, known to have the given rank; ValueError when it has another one."""
        self.assert_has_rank(rank)
        wanted = _to_dim(rank)
        return unknown_shape(wanted) if self._dims is None else self

    def with_rank_at_least(self, rank: object) -> TensorShape:
        """This shape; ValueError when its rank is known and smaller."""
        wanted = _to_dim(rank)
        if self._dims is not None and wanted is not None and len(self._dims) < wanted:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: object) -> TensorShape:
        """This shape; ValueError when its rank is known and larger."""
        wanted = _to_dim(rank)
        if self._dims is not None and wanted is not None and len(self._dims) > wanted:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self


def as_shape(shape: object) -> TensorShape:
    """`shape` as a `TensorShape`; the same object when it is one already."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def as_dimension(value: object) -> Dimension:
    """`value` as a `Dimension`; the same object when it is one already."""
    return value if isinstance(value, Dimension) else Dimension(value)


def unknown_shape(rank: int | None = None, **kwargs: Any) -> TensorShape:
    """A shape of which at most the rank is known.

    Args:
      rank: Number of axes, or `None` for an unknown rank.
      **kwargs: `ndims`, the older name of `rank`.

    Returns:
      The shape.

    Raises:
      TypeError: Another keyword, or both names.
    """
    if "ndims" in kwargs and rank is None:
        rank = kwargs.pop("ndims")
    if kwargs:
        raise TypeError(f"Unknown argument: {', '.join(kwargs)}")
    return from_dims(None if rank is None else (None,) * rank)


def dimension_value(dimension: Any) -> Any:
    """The plain number (or `None`) of an item of a shape, whether that is a `Dimension` or a number already.

    >>> tf.dimension_value(tf.TensorShape([None, 3])[1])
    3
    """
    return dimension.value if isinstance(dimension, Dimension) else dimension


def dimension_at_index(shape: TensorShape, index: int) -> Dimension:
    """The `Dimension` at `index`; an unknown one when the rank of `shape` is unknown.

    >>> tf.dimension_at_index(tf.TensorShape(None), 2)
    Dimension(None)
    """
    return shape[index]
