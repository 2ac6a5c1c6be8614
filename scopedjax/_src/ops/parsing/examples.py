"""`tf.parse_example` and `tf.parse_single_example`: from serialized `Example`s to tensors.

    features = {"label": tf.FixedLenFeature([], tf.int64), "words": tf.VarLenFeature(tf.string)}
    serialized [batch]  ->  {"words": SparseTensor, "label": [batch]}

One op does it, TensorFlow 2's `ParseExampleV2`, for a batch and for a single example; its work on the bytes is in
`example_kernel`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import Dims, TensorShape
from scopedjax._src.graph.recording import name_scope
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.parsing import example_kernel
from scopedjax._src.ops.parsing.features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    SparseFeature,
    VarLenFeature,
)
from scopedjax._src.ops.registry import NOT_DIFFERENTIABLE, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.sparse.arranging import sparse_reorder
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor

EXAMPLE_TYPES: Final = (dtypes.float32, dtypes.int64, dtypes.string)


def _example_dims(c: ShapeContext) -> list[Dims]:
    given = c.dims(0)
    if given is not None and len(given) > 1:
        c.fail(f"Shape must be at most rank 1 but is rank {len(given)}")
    sparse = len(c.attr("sparse_types"))
    rank = None if given is None else len(given) + 1
    dense = [None if given is None or d is None else (*given, *d) for d in c.attr("dense_shapes")]
    return [*[(None, rank)] * sparse, *[(None,)] * sparse, *[(rank,)] * sparse, *dense]


@defop(
    "ParseExampleV2(serialized: string, names: string, sparse_keys: string, dense_keys: string, ragged_keys: string, "
    "dense_defaults: Tdense...; num_sparse: int, sparse_types: list(type), ragged_value_types: list(type), "
    "ragged_split_types: list(type), dense_shapes: list(shape)) -> sparse_indices: num_sparse * int64, "
    "sparse_values: sparse_types..., sparse_shapes: num_sparse * int64, dense_values: Tdense..., "
    "ragged_values: ragged_value_types..., ragged_row_splits: ragged_split_types...",
    shape=_example_dims,
    host=True,
    types={"Tdense": EXAMPLE_TYPES, "sparse_types": EXAMPLE_TYPES},
    gradient=NOT_DIFFERENTIABLE,
)
def _parse_example(
    serialized: Any,
    names: Any,
    sparse_keys: Any,
    dense_keys: Any,
    ragged_keys: Any,
    dense_defaults: Any,
    *,
    sparse_types: tuple[DType, ...],
    dense_shapes: tuple[Dims, ...],
) -> Any:
    if len(ragged_keys):
        raise NotImplementedError("ParseExampleV2: ragged features are not part of scopedjax, use VarLenFeature")
    batch = example_kernel.Batch.of(serialized, names)
    sparse = [batch.sparse(key.decode(), dtype) for key, dtype in zip(sparse_keys, sparse_types, strict=True)]
    dense = [
        batch.dense(key.decode(), dims, default)
        for key, dims, default in zip(dense_keys, dense_shapes, dense_defaults, strict=True)
    ]
    indices, values, shapes = ([part[i] for part in sparse] for i in range(3))
    return indices, values, shapes, dense, [], []


@dataclass
class Request:
    """The features of a call in the order of the op: sparse ones, dense ones, and what is made of pairs of them."""

    sparse: dict[str, DType] = field(default_factory=dict)
    dense: dict[str, tuple[DType, Any, Any]] = field(default_factory=dict)  # dtype, shape, default
    pairs: dict[str, SparseFeature] = field(default_factory=dict)

    def add(self, key: str, feature: Any) -> None:
        """Takes one feature, refusing what it lacks."""
        match feature:
            case VarLenFeature():
                self._need_dtype(key, feature)
                self._add_sparse(key, feature.dtype)
            case SparseFeature():
                self._add_pair(key, feature)
            case FixedLenFeature():
                self._need_dtype(key, feature)
                self._add_fixed(key, feature)
            case FixedLenSequenceFeature():
                self._need_dtype(key, feature)
                if feature.shape is None:
                    raise ValueError(f"Missing shape for feature {key}. Received feature={feature}.")
                if not feature.allow_missing:
                    raise ValueError("Unsupported: FixedLenSequenceFeature requires allow_missing to be True.")
                shape = [None, *TensorShape(feature.shape).as_list()]
                self.dense[key] = (
                    self._need_type("dense_defaults", as_dtype(feature.dtype)),
                    shape,
                    feature.default_value,
                )
            case _:
                raise ValueError(f"Unsupported {type(feature).__name__} {feature} for key '{key}'")

    @staticmethod
    def _need_type(parameter: str, dtype: DType) -> DType:
        if dtype not in EXAMPLE_TYPES:
            raise TypeError(
                f"Value passed to parameter '{parameter}' has DataType {dtype.name} not in list of allowed values: "
                "float32, int64, string"
            )
        return dtype

    @staticmethod
    def _need_dtype(key: str, feature: Any) -> None:
        if feature.dtype is None:
            raise ValueError(f"Missing type for feature {key}. Received feature={feature}.")

    def _add_sparse(self, key: str, dtype: Any) -> None:
        dtype = self._need_type("sparse_types", as_dtype(dtype))
        if self.sparse.setdefault(key, dtype) is not dtype:
            raise ValueError(f"Conflicting type {self.sparse[key]} vs {dtype} for feature {key}.")

    def _add_fixed(self, key: str, feature: FixedLenFeature) -> None:
        if feature.shape is None:
            raise ValueError(f"Missing shape for feature {key}. Received feature={feature}.")
        shape = TensorShape(feature.shape)
        if shape.rank and shape.as_list()[0] is None:
            raise ValueError(
                f"First dimension of shape for feature {key} unknown. Consider using FixedLenSequenceFeature. "
                f"Received feature={feature}."
            )
        if not shape.is_fully_defined():
            raise ValueError(f"All dimensions of shape for feature {key} need to be known but received {shape}.")
        self.dense[key] = (
            self._need_type("dense_defaults", as_dtype(feature.dtype)),
            shape.as_list(),
            feature.default_value,
        )

    def _add_pair(self, key: str, feature: SparseFeature) -> None:
        if not feature.index_key or not feature.value_key or feature.dtype is None or not feature.size:
            raise ValueError(f"Missing index_key, value_key, dtype or size for SparseFeature {key}: {feature}.")
        names = feature.index_key if isinstance(feature.index_key, list | tuple) else [feature.index_key]
        for name in sorted(names):
            self._add_sparse(name, dtypes.int64)
        self._add_sparse(feature.value_key, feature.dtype)
        self.pairs[key] = feature

    @classmethod
    def of(cls, features: Mapping[str, Any]) -> Request:
        """The request of a call's `features`."""
        request = cls()
        for key in sorted(features):
            request.add(key, features[key])
        both = request.sparse.keys() & request.dense.keys()
        if both:
            raise ValueError(
                f"Dense and sparse keys must not intersect; dense_keys: {list(request.dense)}, sparse_keys: "
                f"{list(request.sparse)}, intersection: {both}"
            )
        return request


def default_for(key: str, dtype: DType, shape: list[int | None], value: Any) -> Tensor:
    """What stands for an absent feature: an empty tensor where there must be one, else the value in its shape."""
    from scopedjax._src.ops.array.shapes import reshape

    varies = bool(shape) and shape[0] is None
    if isinstance(value, Tensor):
        return value
    if value is None:
        if not varies:
            return constant([], dtype=dtype)
        return constant("" if dtype == dtypes.string else 0, dtype=dtype)
    name = re.sub(r"[^A-Za-z0-9_.\-/]", "_", ("padding_" if varies else "key_") + key)
    tensor = convert_to_tensor(value, dtype=dtype, name=name)
    # The padding is one number; TF writes that shape as a list and any other as a TensorShape, which the names show.
    return reshape(tensor, [] if varies else TensorShape(shape))


def _record(serialized: Any, names: Any, request: Request, name: str | None) -> dict[str, Any]:
    """Records the op; returns its outputs by key."""
    with name_scope(name, "ParseExample", [serialized, names]):
        defaults = [default_for(key, *dense) for key, dense in request.dense.items()]
        indices, values, shapes, dense, _, _ = apply_op(
            "ParseExampleV2",
            serialized,
            np.array([], object) if names is None else names,
            np.array(list(request.sparse), object),
            np.array(list(request.dense), object),
            np.array([], object),
            defaults,
            num_sparse=len(request.sparse),
            sparse_types=list(request.sparse.values()),
            ragged_value_types=[],
            ragged_split_types=[],
            dense_shapes=[shape for _, shape, _ in request.dense.values()],
            name=name,
        )
    sparse = [SparseTensor(*parts) for parts in zip(indices, values, shapes, strict=True)]
    found: dict[str, Any] = dict(zip([*request.sparse, *request.dense], [*sparse, *dense], strict=True))
    return found


def _with_pairs(found: dict[str, Any], request: Request, features: Mapping[str, Any]) -> dict[str, Any]:
    """Puts sparse features with indices of their own in the place of the two or more features that they are made of."""
    made = {key: _join_pair(found, feature) for key, feature in sorted(request.pairs.items())}
    return {**{key: value for key, value in found.items() if key in features}, **made}


def _join_pair(found: dict[str, Any], feature: SparseFeature) -> SparseTensor:
    from scopedjax._src.ops.array.joining import concat
    from scopedjax._src.ops.array.shapes import expand_dims

    several = isinstance(feature.index_key, list | tuple)
    keys = list(feature.index_key) if several else [feature.index_key]
    sizes = list(feature.size) if several else [feature.size]
    first, values = found[keys[0]], found[feature.value_key]
    with name_scope(None, "SparseMerge", [first.indices, values.values]):
        places = [expand_dims(found[key].values, 1) for key in keys]
        batch = first.indices[:, :-1]
        indices = concat([batch, *places], 1)
        shape = concat([values.dense_shape[:-1], np.array(sizes, np.int64)], 0)
        joined = SparseTensor(indices, values.values, shape)
        return joined if feature.already_sorted else sparse_reorder(joined)


def parse_example(serialized: Any, features: Any, name: str | None = None, example_names: Any = None) -> dict[str, Any]:
    """Parses a batch of serialized `Example`s.

    Args:
      serialized: String tensor `[batch]`: serialized `tf.train.Example`s.
      features: Dict from the names of features to `FixedLenFeature` (a tensor `[batch, *shape]`), `VarLenFeature` or
        `SparseFeature` (a `SparseTensor`), or `FixedLenSequenceFeature` (a tensor `[batch, longest, *shape]`, padded).
      name: Name of the scope and of the node in it.
      example_names: String tensor `[batch]`, told in error messages.

    Returns:
      Dict from names to tensors and sparse tensors.

    Raises:
      ValueError: `features` is empty or asks for what cannot be.
      InvalidArgumentError: when run, if an example is damaged, lacks a feature without default ("is required but could
        not be found"), or holds another type or number of values.

    >>> data = tf.train.Example(features=tf.train.Features(feature={
    ...     "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[7]))})).SerializeToString()
    >>> parsed = tf.parse_example([data, data], {"label": tf.FixedLenFeature([], tf.int64)})
    >>> with tf.Session() as session:
    ...     print(session.run(parsed["label"]))
    [7 7]
    """
    if not features:
        raise ValueError(f"Argument `features` cannot be None or falsy. Got {features}")
    request = Request.of(features)
    return _with_pairs(_record(serialized, example_names, request, name), request, features)


def parse_single_example(
    serialized: Any, features: Any, name: str | None = None, example_names: Any = None
) -> dict[str, Any]:
    """Parses one serialized `Example`.

    Args:
      serialized: String tensor without dimensions.
      features: As for `parse_example`; tensors have no batch dimension here.
      name: Name of the scope and of the node in it.
      example_names: String tensor without dimensions, told in error messages.

    Returns:
      Dict from names to tensors and sparse tensors.

    Raises:
      ValueError: `features` is empty or asks for what cannot be, or `serialized` has dimensions.
      InvalidArgumentError: when run, as for `parse_example`.

    >>> data = tf.train.Example(features=tf.train.Features(feature={
    ...     "x": tf.train.Feature(float_list=tf.train.FloatList(value=[1.0, 2.0]))})).SerializeToString()
    >>> parsed = tf.parse_single_example(data, {"x": tf.FixedLenFeature([2], tf.float32)})
    >>> with tf.Session() as session:
    ...     print(session.run(parsed["x"]))
    [1. 2.]
    """
    if not features:
        raise ValueError(f"Invalid argument: features cannot be {'None' if features is None else 'empty'}.")
    with name_scope(name, "ParseSingleExample", [serialized, example_names]):
        tensor = convert_to_tensor(serialized, dtype=dtypes.string, name="serialized")
        rank = tensor.shape.rank
        if rank is not None and rank != 0:
            raise ValueError("Input serialized must be a scalar")
        request = Request.of(features)
        return _with_pairs(_record(tensor, example_names, request, name), request, features)
