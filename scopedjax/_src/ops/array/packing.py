"""Stacking tensors along a new axis and taking them apart: `stack`, `unstack`, and lists that hold tensors.

    tf.reshape(x, [n, 2, -1])        with a tensor n, the list itself becomes a node:

      Reshape/shape/1  Const 2  ----.
      Reshape/shape/2  Const -1 ----+--> Reshape/shape  Pack
      n  ---------------------------'

Names are TF1's: a list packs under the name it is converted with ("packed" without one), each plain element is a
constant named by its index, inside the node's scope.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims, merge_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.module import axis_within, holds_text, module_of
from scopedjax._src.ops.constant import constant_node
from scopedjax._src.ops.convert import convert_to_tensor, graph_of
from scopedjax._src.ops.registry import declare, defop
from scopedjax._src.ops.shape_context import ShapeContext


def _pack_dims(c: ShapeContext) -> list[Dims]:
    dims: Dims = None
    for given in c.all_dims():
        try:
            dims = merge_dims(dims, given)
        except ValueError as error:
            raise c.fail(f"{error}\n\tFrom merging shape 0 with other shapes.") from None
    if dims is None:
        return [None]
    axis = c.attr("axis")
    if not -len(dims) - 1 <= axis <= len(dims):
        raise c.fail(f"Invalid axis {axis}: must be in the range [{-len(dims) - 1}, {len(dims)}]")
    axis += len(dims) + 1 if axis < 0 else 0
    return [(*dims[:axis], len(c.inputs), *dims[axis:])]


def _pack_value(op: Operation, of: Callable[[Tensor], Dims]) -> Dims:
    """A shape vector that was packed from scalars of which some are known."""
    from scopedjax._src.ops.constant_value import constant_value

    if op.inputs[0].dims not in (None, ()):
        return None
    values = [constant_value(t) for t in op.inputs]
    return tuple(None if v is None or v < 0 else int(v) for v in values)


def _pack(values: list[Any], *, axis: int) -> Any:
    return module_of(*values).stack(values, axis)


declare(
    "Pack(values: N * T; axis: int = 0) -> output: T",
    _pack,
    shape=_pack_dims,
    numpy=_pack,
    dims_value=_pack_value,
    host=holds_text("T"),
)


def _unpack_dims(c: ShapeContext) -> list[Dims]:
    dims, num = c.dims(0), c.attr("num")
    if dims is None:
        return [None] * num
    try:
        axis = axis_within(c.attr("axis"), len(dims))
    except ValueError as error:
        raise c.fail(str(error)) from None
    if dims[axis] is not None and dims[axis] != num:
        raise c.fail(f"Dimension must be {num} but is {dims[axis]}")
    return [dims[:axis] + dims[axis + 1 :]] * num


def _unpack(value: Any, *, num: int, axis: int) -> list[Any]:
    xp = module_of(value)
    if value.shape[axis] != num:
        raise ValueError(f"Input shape axis {axis} must equal {num}, got shape {list(value.shape)}")
    return [xp.squeeze(part, axis) for part in xp.split(value, num, axis)] if num else []


defop(
    "Unpack(value: T; num: int, axis: int = 0) -> output: num * T",
    shape=_unpack_dims,
    numpy=_unpack,
    host=holds_text("T"),
)(_unpack)


def _is_tensor_like(value: Any) -> bool:
    return isinstance(value, Tensor) or graph_of(value) is not None


def _dtype_within(value: Any) -> DType | None:
    """The dtype of the first tensor in a nest of lists."""
    if isinstance(value, (list, tuple)):
        for item in value:
            found = _dtype_within(item)
            if found is not None:
                return found
        return None
    return value.dtype.base_dtype if _is_tensor_like(value) else None


def _cast_within(value: Any, dtype: DType) -> Any:
    if isinstance(value, (list, tuple)):
        return [_cast_within(item, dtype) for item in value]
    if _is_tensor_like(value) and value.dtype.base_dtype is not dtype:
        return apply_op("Cast", value, DstT=dtype)
    return value


def _pack_list(value: Any, dtype: DType, name: str) -> Any:
    """Packs one level: a list that holds tensors becomes a tensor, one that does not stays a list."""
    graph = stacks.get_default_graph()
    with graph.name_scope(name) as scope:
        holds_tensor = False
        items: list[Any] = []
        for i, item in enumerate(value):
            if _is_tensor_like(item):
                found = item.dtype.base_dtype
                if found is not dtype:
                    raise TypeError(
                        f"Cannot convert a list containing a tensor of dtype {found} to {dtype} (Tensor is: {item!r})"
                    )
                items.append(item)
                holds_tensor = True
            elif isinstance(item, (list, tuple)):
                packed = _pack_list(item, dtype, str(i))
                holds_tensor = holds_tensor or isinstance(packed, Tensor)
                items.append(packed)
            else:
                items.append(item)
        if not holds_tensor:
            return items
        tensors = [
            item if _is_tensor_like(item) else constant_node(item, dtype, None, str(i)) for i, item in enumerate(items)
        ]
        return apply_op("Pack", tensors, name=scope)


def pack_nested(value: Any, dtype: DType | None, name: str) -> Tensor:
    """Returns a nest of lists in which tensors occur as one tensor.

    Args:
      value: List or tuple, nested, with at least one tensor in it.
      dtype: The dtype that the tensor must have; None takes that of the first tensor inside.
      name: Name of the node.

    Raises:
      TypeError: a tensor inside has another dtype.
    """
    inferred = _dtype_within(value)
    if inferred is None:
        return constant_node(value, dtype, None, name)
    if dtype is not None and dtype is not inferred:
        value = _cast_within(value, dtype)
    return _pack_list(value, dtype or inferred, name or "packed")


def stack(values: Any, axis: int = 0, name: str = "stack") -> Tensor:
    """Stacks tensors of rank R into one of rank R+1.

    Args:
      values: List of N tensors of one dtype and shape `[d0, ..., dR]`.
      axis: Where the new axis of size N goes, in `[-(R+1), R+1)`.
      name: Node name.

    Returns:
      Tensor of the dtype of `values`, with N inserted into their shape at `axis`.

    Raises:
      ValueError: `axis` is out of range, or the shapes differ.
      TypeError: the dtypes differ.

    >>> a, b = tf.constant([1, 2]), tf.constant([3, 4])
    >>> tf.Session().run(tf.stack([a, b], axis=1)).tolist()
    [[1, 3], [2, 4]]
    """
    if axis == 0:
        try:
            return convert_to_tensor(values, name=name)  # a list without tensors becomes one constant
        except (TypeError, ValueError, NotImplementedError):
            pass
    first = values[0]
    dims = convert_to_tensor(first, name=name).dims
    if dims is not None:
        rank = len(dims) + 1
        if not -rank <= axis < rank:
            raise ValueError(f"Argument `axis` = {axis} not in range [{-rank}, {rank})")
    return apply_op("Pack", list(values), axis=axis, name=name)


def parallel_stack(values: Any, name: str = "parallel_stack") -> Tensor:
    """Stacks tensors of known, equal shapes along a new first axis.

    Args:
      values: List of N tensors with fully known shapes.
      name: Node name.

    Returns:
      Tensor `[N, ...]`.

    >>> tf.parallel_stack([tf.constant([1, 2]), tf.constant([3, 4])]).shape.as_list()
    [2, 2]
    """
    with stacks.get_default_graph().name_scope(name) as scope:
        return apply_op("Pack", [convert_to_tensor(v) for v in values], axis=0, name=scope)


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str = "unstack") -> list[Tensor]:
    """Takes a tensor of rank R apart into tensors of rank R-1.

    Args:
      value: Tensor of rank R > 0.
      num: Size of `axis`; found from the static shape where it is None.
      axis: The axis to take apart, in `[-R, R)`.
      name: Node name.

    Returns:
      List of `num` tensors.

    Raises:
      ValueError: `axis` is out of range, or `num` is not given and not known from the static shape.

    >>> a, b = tf.unstack(tf.constant([[1, 2], [3, 4]]), axis=1)
    >>> tf.Session().run(a).tolist()
    [1, 3]
    """
    if num is None:
        value = convert_to_tensor(value)
        dims = value.dims
        if dims is not None:
            if not -len(dims) <= axis < len(dims):
                raise ValueError(f"Argument `axis` = {axis} not in range [{-len(dims)}, {len(dims)})")
            num = dims[axis]
        if num is None:
            raise ValueError(f"Cannot infer argument `num` from shape {value.shape}")
    result: Sequence[Tensor] = apply_op("Unpack", value, num=num, axis=axis, name=name)
    return list(result)
