"""`tf.sparse.cross`: what features say together, one value of each at a time.

    colours of an example: red, blue      sizes: big      crosses: red_X_big, blue_X_big

The node's lowering, and the hashes, are those of crossed feature columns (`ops.former.crossing`).
"""

from __future__ import annotations

from typing import Any, Final

from scopedjax._src.base import dtypes
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor, is_sparse

_KEY: Final = 0xDECAFCAFFE


def sparse_cross(inputs: Any, name: str | None = None) -> SparseTensor:
    """Returns the crosses of features as texts.

    Args:
      inputs: List of features, each a `SparseTensor` or tensor `[batch, any]` of texts or integers. The sparse ones
        come first in a cross.
      name: Node name; "SparseCross" by default.

    Returns:
      A `SparseTensor` of strings, `[batch, most crosses of an example]`; parts are joined by "_X_".

    Raises:
      TypeError: `inputs` is no list, or holds something else.

    >>> crosses = tf.sparse.cross([tf.constant([["a"], ["b"]]), tf.constant([["x", "y"], ["z", "w"]])])
    >>> tf.Session().run(crosses).values.tolist()
    [b'a_X_x', b'a_X_y', b'b_X_z', b'b_X_w']
    """
    return _cross(inputs, False, 0, _KEY, name)


def sparse_cross_hashed(
    inputs: Any, num_buckets: int = 0, hash_key: int | None = None, name: str | None = None
) -> SparseTensor:
    """Returns the crosses of features as numbers.

    Args:
      inputs: As for `tf.sparse.cross`.
      num_buckets: Numbers are below this; 0 for numbers of 63 bits.
      hash_key: Number that the hash starts from; TensorFlow's own by default.
      name: Node name; "SparseCross" by default.

    Returns:
      A `SparseTensor` of int64, `[batch, most crosses of an example]`.

    Raises:
      TypeError: `inputs` is no list, or holds something else.
      ValueError: `num_buckets` is negative.

    >>> crosses = tf.sparse.cross_hashed([tf.constant([["a"]]), tf.constant([["x", "y"]])], num_buckets=100)
    >>> tf.Session().run(crosses).dense_shape.tolist()
    [1, 2]
    """
    return _cross(inputs, True, num_buckets, hash_key or _KEY, name)


def _cross(inputs: Any, hashed: bool, num_buckets: int, hash_key: int, name: str | None) -> SparseTensor:
    if not isinstance(inputs, list):
        raise TypeError("Inputs must be a list")
    if not all(is_sparse(feature) or isinstance(feature, Tensor) for feature in inputs):
        raise TypeError("All inputs must be Tensor or SparseTensor: all of SparseTensors, or tensors beside them.")
    if num_buckets < 0:
        raise ValueError(f"Attr 'num_buckets' of 'SparseCross' Op passed {num_buckets} less than minimum 0.")
    sparse = [feature for feature in inputs if is_sparse(feature)]
    dense = [feature for feature in inputs if not is_sparse(feature)]
    texts = all(feature.dtype.base_dtype is dtypes.string for feature in inputs)
    sparse = [
        feature if _is_text(feature) else SparseTensor(feature.indices, _wide(feature.values), feature.dense_shape)
        for feature in sparse
    ]
    dense = [convert_to_tensor(feature) if _is_text(feature) else _wide(feature) for feature in dense]
    places, values, sizes = apply_op(
        "SparseCross",
        [feature.indices for feature in sparse],
        [feature.values for feature in sparse],
        [feature.dense_shape for feature in sparse],
        dense,
        hashed_output=hashed,
        num_buckets=num_buckets,
        hash_key=hash_key,
        out_type=dtypes.int64 if hashed else dtypes.string,
        internal_type=dtypes.string if texts else dtypes.int64,
        name=name,
    )
    return SparseTensor(places, values, sizes)


def _is_text(feature: Any) -> bool:
    return feature.dtype.base_dtype is dtypes.string


def _wide(values: Tensor) -> Tensor:
    return values if values.dtype.base_dtype is dtypes.int64 else cast(values, dtypes.int64)
