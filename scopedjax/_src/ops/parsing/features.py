"""What to look for in an `Example`: the configuration tuples `FixedLenFeature`, `VarLenFeature`, ...

features = {"label": tf.FixedLenFeature([], tf.int64), "words": tf.VarLenFeature(tf.string)}
"""

from __future__ import annotations

from typing import Any, NamedTuple


class FixedLenFeature(NamedTuple):
    """A feature with a fixed number of values, parsed into a dense tensor.

    Attributes:
      shape: Shape of one example's values.
      dtype: `tf.float32`, `tf.int64` or `tf.string`.
      default_value: What to take where the feature is absent; without one its absence is an error.

    >>> tf.FixedLenFeature([2], tf.float32).default_value is None
    True
    """

    shape: Any
    dtype: Any
    default_value: Any = None


class VarLenFeature(NamedTuple):
    """A feature with any number of values, parsed into a `SparseTensor`.

    Attributes:
      dtype: `tf.float32`, `tf.int64` or `tf.string`.
    """

    dtype: Any


class FixedLenSequenceFeature(NamedTuple):
    """A feature with any number of items of one shape, parsed into a dense tensor `[items, *shape]`.

    Attributes:
      shape: Shape of an item.
      dtype: `tf.float32`, `tf.int64` or `tf.string`.
      allow_missing: Whether an example without the feature counts as one with no items.
      default_value: What fills up the shorter ones of a batch.
    """

    shape: Any
    dtype: Any
    allow_missing: bool = False
    default_value: Any = None


class SparseFeature(NamedTuple):
    """A `SparseTensor` whose indices and values are two features of the example.

    Attributes:
      index_key: Name of the feature with the indices (int64), or a list of names, one a dimension.
      value_key: Name of the feature with the values.
      dtype: Type of the values.
      size: Size of the dense dimension, or a list of sizes, one a dimension.
      already_sorted: Whether the indices are known to be in order.
    """

    index_key: Any
    value_key: str
    dtype: Any
    size: Any
    already_sorted: bool = False
