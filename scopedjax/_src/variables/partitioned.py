"""Partitioned variables: one variable stored as several slices along one axis.

get_variable("emb", [10, 4], partitioner=tf.fixed_size_partitioner(2))
  emb/part_0 [5, 4]   emb/part_1 [5, 4]       as_tensor() = concat of both; a checkpoint holds one 'emb'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from scopedjax._src.base.dtypes import DType
from scopedjax._src.base.shapes import Dims, TensorShape, to_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.joining import split
from scopedjax._src.ops.convert import register_tensor_conversion_function
from scopedjax._src.variables.save_slice import SaveSliceInfo
from scopedjax._src.variables.spec import GetterSpec
from scopedjax._src.variables.variable import Variable


class PartitionInfo:
    """Which slice an initializer is asked for: the shape of the whole, and where the slice starts."""

    def __init__(self, full_shape: Sequence[int], var_offset: Sequence[int]) -> None:
        self.full_shape = list(full_shape)
        self.var_offset = list(var_offset)

    def single_offset(self, shape: Sequence[int]) -> int:
        """Returns where the slice starts along the axis that is split."""
        dim = self.single_slice_dim(shape)
        return 0 if dim is None else self.var_offset[dim]

    def single_slice_dim(self, shape: Sequence[int]) -> int | None:
        """Returns the axis that is split, or None where the slice is the whole."""
        found = [i for i, (a, b) in enumerate(zip(shape, self.full_shape, strict=True)) if a != b]
        if len(found) > 1:
            raise ValueError(f"Cannot use single_slice_dim() with shape {list(shape)} and full shape "
                             f"{self.full_shape}: "
                             "several axes are split")  # fmt: skip
        return found[0] if found else None


class PartitionedVariable:
    """A variable stored in slices.

    >>> v = tf.get_variable("emb", [4, 2], partitioner=tf.fixed_size_partitioner(2))
    >>> [part.name for part in v]
    ['emb/part_0:0', 'emb/part_1:0']
    """

    def __init__(
        self, name: str, shape: Any, dtype: DType, variable_list: Sequence[Variable], partitions: Sequence[int]
    ) -> None:
        if not isinstance(variable_list, (list, tuple)):
            raise TypeError(f"variable_list is not a list or tuple: {variable_list}")
        self._name = name
        self._dims: Dims = to_dims(shape)
        self._dtype = dtype
        self._variable_list = sorted(variable_list, key=lambda v: tuple(v._get_save_slice_info().var_offset or ()))  # type: ignore
        self._partitions = list(partitions)
        self._as_tensor: Tensor | None = None

    @property
    def name(self) -> str:
        """The name of the whole, without ':0'."""
        return self._name

    @property
    def dtype(self) -> DType:
        """The dtype."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """The shape of the whole."""
        return TensorShape(self._dims)

    def get_shape(self) -> TensorShape:
        """Returns the shape of the whole."""
        return TensorShape(self._dims)

    @property
    def graph(self) -> Any:
        """The graph that holds the slices."""
        return self._variable_list[0].graph

    def as_tensor(self) -> Tensor:
        """Returns the whole as one tensor."""
        axis = self._partition_axes()[0]
        graph = self.graph
        with graph.name_scope(self._name + "/ConcatPartitions/"):
            if len(self._variable_list) == 1:
                return apply_op("Identity", self._variable_list[0], name=None)
            joined = apply_op("ConcatV2", list(self._variable_list), axis, name="concat")
        with graph.name_scope(None):
            return apply_op("Identity", joined, name=self._name)

    def _partition_axes(self) -> list[int]:
        if all(p == 1 for p in self._partitions):
            return [0]
        return [i for i, p in enumerate(self._partitions) if p > 1]

    def _concat(self) -> Tensor:
        if self._as_tensor is None:
            with self.graph.outermost():
                self._as_tensor = self.as_tensor()
        return self._as_tensor

    def initialized_value(self) -> Tensor:
        """Returns the whole, made of the slices' initialized values."""
        parts = [v.initialized_value() for v in self._variable_list]
        return parts[0] if len(parts) == 1 else apply_op("ConcatV2", parts, self._partition_axes()[0])

    def assign(
        self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> list[Any]:
        """Returns one assignment a slice."""
        return self._per_slice("assign", value, use_locking, name, read_value)

    def assign_add(
        self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> list[Any]:
        """Returns one addition a slice."""
        return self._per_slice("assign_add", value, use_locking, name, read_value)

    def assign_sub(
        self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> list[Any]:
        """Returns one subtraction a slice."""
        return self._per_slice("assign_sub", value, use_locking, name, read_value)

    def _per_slice(self, method: str, value: Any, use_locking: bool, name: str | None, read_value: bool) -> list[Any]:
        axis = self._partition_axes()[0]
        if isinstance(value, (list, tuple, PartitionedVariable)):
            parts: Sequence[Any] = list(value)
        else:
            sizes = [v._get_save_slice_info().var_shape[axis] for v in self._variable_list]  # type: ignore[union-attr,index]
            parts = split(value, sizes, axis)
        results = []
        for i, (variable, part) in enumerate(zip(self._variable_list, parts, strict=True)):
            part_name = None if name is None else f"{name}_part{i}"
            results.append(getattr(variable, method)(part, use_locking, part_name, read_value))
        return results

    def _get_variable_list(self) -> list[Variable]:
        return self._variable_list

    def _get_partitions(self) -> list[int]:
        return self._partitions

    def __iter__(self) -> Iterator[Variable]:
        return iter(self._variable_list)

    def __len__(self) -> int:
        return len(self._variable_list)


def _convert(value: PartitionedVariable, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    if dtype is not None and dtype is not value.dtype.base_dtype:
        raise ValueError(f"Incompatible type conversion requested to type '{dtype.name}' for variable of type "
                         f"'{value.dtype.name}'")  # fmt: skip
    if as_ref:
        raise NotImplementedError("PartitionedVariable doesn't support being used as a reference.")
    return value._concat()


register_tensor_conversion_function(PartitionedVariable, _convert)


def make_slices(
    spec: GetterSpec,
    dtype: DType,
    default_initializer: Callable[..., Any],
    get_single: Callable[..., Variable],
) -> PartitionedVariable:
    """Makes the slices of a partitioned variable.

    Args:
      spec: What `get_variable` was asked for; `partitioner` gives the number of slices of each axis.
      dtype: The dtype.
      default_initializer: Gives an initializer where `spec` has none.
      get_single: Makes one slice.

    Raises:
      ValueError: the shape is not known, or more than one axis is to be split.
    """
    dims = to_dims(spec.shape)
    if callable(spec.initializer) or spec.initializer is None:
        if dims is None or None in dims:
            raise ValueError(f"Shape of a new partitioned variable ({spec.name}) must be fully defined, but "
                             f"instead was "
                             f"{TensorShape(dims)}.")  # fmt: skip
    else:
        from scopedjax._src.ops.convert import convert_to_tensor

        dims = convert_to_tensor(spec.initializer, dtype=dtype)._dims
    full: list[int] = [int(d) for d in dims or () if d is not None]
    partitions = _partitions(spec, full, dtype)
    axis = next((i for i, p in enumerate(partitions) if p > 1), 0)
    initializer = spec.initializer
    if initializer is None:
        initializer = default_initializer(spec.name, tuple(full), dtype)
    slices: list[Variable] = []
    graph = stacks.get_default_graph()
    offset = 0
    for i, size in enumerate(_sizes(full[axis], partitions[axis])):
        var_offset = [offset if k == axis else 0 for k in range(len(full))]
        var_shape = [size if k == axis else d for k, d in enumerate(full)]
        offset += size
        part = replace(
            spec,
            name=f"{spec.name}/part_{i}",
            shape=var_shape,
            initializer=_slice_of(initializer, var_offset, var_shape, f"{spec.name}/part_{i}"),
            partitioner=None,
            reuse=False,
        )
        if not callable(initializer):
            part.shape = None
        with graph.name_scope(None):
            variable = get_single(part, PartitionInfo(full, var_offset))
        variable._set_save_slice_info(SaveSliceInfo(spec.name, full, var_offset, var_shape))
        slices.append(variable)
    return PartitionedVariable(spec.name, full, dtype, slices, partitions)


def _slice_of(initializer: Any, offset: Sequence[int], shape: Sequence[int], name: str) -> Any:
    if callable(initializer):
        return initializer
    with stacks.get_default_graph().name_scope(f"{name}/PartitionedInitializer/"):
        return apply_op("Slice", initializer, list(offset), list(shape))


def _partitions(spec: GetterSpec, full: Sequence[int], dtype: DType) -> list[int]:
    partitions = spec.partitioner(shape=TensorShape(full), dtype=dtype)
    if not isinstance(partitions, (list, tuple)):
        raise ValueError(f"Partitioner must return a sequence, but saw: {partitions}")
    if len(partitions) != len(full):
        raise ValueError(f"Partitioner returned a partition list that does not match the Variable's rank: "
                         f"{partitions} vs. "
                         f"{TensorShape(full)}")  # fmt: skip
    if any(p < 1 for p in partitions):
        raise ValueError(f"Partitioner returned zero partitions for some axes: {partitions}")
    if sum(p > 1 for p in partitions) > 1:
        raise ValueError(
            f"Can only slice a variable along one dimension: shape: {tuple(full)}, partitioning: {partitions}"
        )
    return [int(p) for p in partitions]


def _sizes(total: int, count: int) -> list[int]:
    """Returns `count` sizes that add up to `total` and differ by one at most, the larger ones first."""
    if count > total > 0:
        raise ValueError(f"cannot split an axis of size {total} into {count} slices")
    base, extra = divmod(total, count)
    return [base + (i < extra) for i in range(count)]
