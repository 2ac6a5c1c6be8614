"""Partitioners: into how many slices `tf.get_variable` splits a variable."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Partitioner = Callable[..., list[int]]


def _element_bytes(dtype: Any, bytes_per_string_element: int) -> int:
    return bytes_per_string_element if dtype.name == "string" else dtype.size


def variable_axis_size_partitioner(
    max_shard_bytes: int, axis: int = 0, bytes_per_string_element: int = 16, max_shards: int | None = None
) -> Partitioner:
    """Returns a partitioner that keeps each slice below a size.

    Args:
      max_shard_bytes: Most bytes of a slice.
      axis: The axis that is split.
      bytes_per_string_element: Assumed size of a string.
      max_shards: Most slices.

    Raises:
      ValueError: a limit is below 1.
    """
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise ValueError("Both max_shard_bytes and bytes_per_string_element must be positive. "
                         f"Currently, max_shard_bytes is {max_shard_bytes} and bytes_per_string_element is "
                         f"{bytes_per_string_element}")  # fmt: skip
    if max_shards and max_shards < 1:
        raise ValueError("max_shards must be positive.")

    def partitioner(shape: Any, dtype: Any) -> list[int]:
        sizes = shape.as_list()
        partitions = [1] * len(sizes)
        slice_bytes = math.prod(sizes) // max(sizes[axis], 1) * _element_bytes(dtype, bytes_per_string_element)
        per_shard = max(1, max_shard_bytes // max(slice_bytes, 1))
        count = math.ceil(sizes[axis] / per_shard)
        partitions[axis] = max(1, min(count, max_shards) if max_shards else count)
        return partitions

    return partitioner


def min_max_variable_partitioner(
    max_partitions: int = 1, axis: int = 0, min_slice_size: int = 256 << 10, bytes_per_string_element: int = 16
) -> Partitioner:
    """Returns a partitioner that makes at most `max_partitions` slices of at least `min_slice_size` bytes.

    Args:
      max_partitions: Most slices.
      axis: The axis that is split.
      min_slice_size: Least bytes of a slice.
      bytes_per_string_element: Assumed size of a string.
    """

    def partitioner(shape: Any, dtype: Any) -> list[int]:
        sizes = shape.as_list()
        total = math.prod(sizes) * _element_bytes(dtype, bytes_per_string_element)
        partitions = [1] * len(sizes)
        partitions[axis] = max(1, min(sizes[axis], max_partitions, math.ceil(total / min_slice_size)))
        return partitions

    return partitioner


def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Partitioner:
    """Returns a partitioner that makes `num_shards` slices along `axis`.

    Args:
      num_shards: Number of slices.
      axis: The axis that is split.
    """

    def partitioner(shape: Any, **unused: Any) -> list[int]:
        sizes = shape.as_list()
        partitions = [1] * len(sizes)
        partitions[axis] = min(num_shards, sizes[axis])
        return partitions

    return partitioner
