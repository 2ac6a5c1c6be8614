"""`tf.sparse.cross`: what features say together, one value of each at a time.

    colours of an example: red, blue      sizes: big      crosses: red_X_big, blue_X_big

The node's lowering, and the hashes, are those of crossed feature columns (`ops.former.crossing`).
"""

from __future__ import annotations

from typing import Any, Final

from scopedjax._src.base import dtypes
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor, is_sparse

_KEY: Final = 0xDECAFCAFFE


def sparse_cross(inputs: Any, name: str | None = None, separator: Any = None) -> SparseTensor:
    """Returns the crosses of features as texts.

    Args:
      inputs: List of features, each a `SparseTensor` or tensor `[batch, any]` of texts or integers. The sparse ones
        come first in a cross.
      name: Node name; "SparseCross" by default.
      separator: What stands between the parts, "_X_" by default; another one needs a node that TensorFlow 1 lacks,
        SparseCrossV2.

    Returns:
      A `SparseTensor` of strings, `[batch, most crosses of an example]`.

    Raises:
      TypeError: `inputs` is no list, or holds something else.

    >>> crosses = tf.sparse.cross([tf.constant([["a"], ["b"]]), tf.constant([["x", "y"], ["z", "w"]])])
    >>> tf.Session().run(crosses).values.tolist()
    [b'a_X_x', b'a_X_y', b'b_X_z', b'b_X_w']
    """
    sparse, dense = _features(inputs)
    if separator is not None:
        between = separator if isinstance(separator, Tensor) else constant(separator)
        return SparseTensor(*apply_op("SparseCrossV2", *_parts(sparse), dense, between, name=name))
    return _cross(sparse, dense, name, hashed_output=False, num_buckets=0, hash_key=_KEY, out_type=dtypes.string)


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
    sparse, dense = _features(inputs)
    if num_buckets < 0:
        raise ValueError(f"Attr 'num_buckets' of 'SparseCross' Op passed {num_buckets} less than minimum 0.")
    return _cross(
        sparse, dense, name, hashed_output=True, num_buckets=num_buckets, hash_key=hash_key or _KEY,
        out_type=dtypes.int64,
    )  # fmt: skip


def _features(inputs: Any) -> tuple[list[SparseTensor], list[Tensor]]:
    """The sparse and the dense features, numbers as int64."""
    if not isinstance(inputs, list):
        raise TypeError("Inputs must be a list")
    if not all(is_sparse(feature) or isinstance(feature, Tensor) for feature in inputs):
        raise TypeError("All inputs must be Tensor or SparseTensor: all of SparseTensors, or tensors beside them.")
    sparse = [
        feature if _is_text(feature) else SparseTensor(feature.indices, _wide(feature.values), feature.dense_shape)
        for feature in inputs
        if is_sparse(feature)
    ]
    return sparse, [f if _is_text(f) else _wide(f) for f in inputs if not is_sparse(f)]


def _parts(sparse: list[SparseTensor]) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    return [s.indices for s in sparse], [s.values for s in sparse], [s.dense_shape for s in sparse]


def _cross(sparse: list[SparseTensor], dense: list[Tensor], name: str | None, **attrs: Any) -> SparseTensor:
    texts = all(_is_text(feature) for feature in (*sparse, *dense))
    attrs["internal_type"] = dtypes.string if texts else dtypes.int64
    return SparseTensor(*apply_op("SparseCross", *_parts(sparse), dense, name=name, **attrs))


def _is_text(feature: Any) -> bool:
    return feature.dtype.base_dtype is dtypes.string


def _wide(values: Tensor) -> Tensor:
    return values if values.dtype.base_dtype is dtypes.int64 else cast(values, dtypes.int64)
