"""`tf.io.parse_sequence_example` and `tf.parse_single_sequence_example`: records whose features are sequences.

    context   {"length": FixedLenFeature([], tf.int64)}                  one value an example
    sequence  {"tokens": FixedLenSequenceFeature([], tf.int64)}          one row a step

One op does it, TensorFlow 2's `ParseSequenceExampleV2`, for a batch and for a single example; its work on the bytes is
in `sequence_kernel`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.dtypes import DType, as_dtype
from scopedjax._src.base.shapes import Dims, TensorShape
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.parsing.examples import EXAMPLE_TYPES, Request, default_for
from scopedjax._src.ops.parsing.features import FixedLenFeature, FixedLenSequenceFeature, VarLenFeature
from scopedjax._src.ops.parsing.sequence_kernel import Batch
from scopedjax._src.ops.registry import NO_GRADIENT, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.sparse.sparse_tensor import SparseTensor

_RAGGED = "context_ragged_value_types", "feature_list_ragged_value_types"


def _sequence_dims(c: ShapeContext) -> list[Dims]:
    given = c.dims(0)
    if given is not None and len(given) > 1:
        raise c.fail(f"Shape must be at most rank 1 but is rank {len(given)}")
    rank = None if given is None else len(given)

    def sparse(count: int, more: int) -> list[Dims]:
        width = None if rank is None else rank + more
        return [*[(None, width)] * count, *[(None,)] * count, *[(width,)] * count]

    def dense(shapes: Any, steps: tuple[None, ...]) -> list[Dims]:
        return [None if given is None or d is None else (*given, *steps, *d) for d in shapes]

    return [
        *sparse(c.attr("Ncontext_sparse"), 1),
        *dense(c.attr("context_dense_shapes"), ()),
        *sparse(c.attr("Nfeature_list_sparse"), 2),
        *dense(c.attr("feature_list_dense_shapes"), (None,)),
        *[given] * c.attr("Nfeature_list_dense"),
    ]


@defop(
    "ParseSequenceExampleV2(serialized: string, debug_name: string, context_sparse_keys: string, "
    "context_dense_keys: string, context_ragged_keys: string, feature_list_sparse_keys: string, "
    "feature_list_dense_keys: string, feature_list_ragged_keys: string, "
    "feature_list_dense_missing_assumed_empty: bool, context_dense_defaults: Tcontext_dense...; "
    "Ncontext_sparse: int = 0, Tcontext_dense: list(type) = [], context_sparse_types: list(type) = [], "
    "context_ragged_value_types: list(type) = [], context_ragged_split_types: list(type) = [], "
    "context_dense_shapes: list(shape) = [], Nfeature_list_sparse: int = 0, Nfeature_list_dense: int = 0, "
    "feature_list_dense_types: list(type) = [], feature_list_sparse_types: list(type) = [], "
    "feature_list_ragged_value_types: list(type) = [], feature_list_ragged_split_types: list(type) = [], "
    "feature_list_dense_shapes: list(shape) = []) -> context_sparse_indices: Ncontext_sparse * int64, "
    "context_sparse_values: context_sparse_types..., context_sparse_shapes: Ncontext_sparse * int64, "
    "context_dense_values: Tcontext_dense..., context_ragged_values: context_ragged_value_types..., "
    "context_ragged_row_splits: context_ragged_split_types..., "
    "feature_list_sparse_indices: Nfeature_list_sparse * int64, "
    "feature_list_sparse_values: feature_list_sparse_types..., "
    "feature_list_sparse_shapes: Nfeature_list_sparse * int64, "
    "feature_list_dense_values: feature_list_dense_types..., feature_list_dense_lengths: Nfeature_list_dense * int64, "
    "feature_list_ragged_values: feature_list_ragged_value_types..., "
    "feature_list_ragged_outer_splits: feature_list_ragged_split_types..., "
    "feature_list_ragged_inner_splits: feature_list_ragged_split_types...",
    shape=_sequence_dims,
    host=True,
    gradient=NO_GRADIENT,
    types={"Tcontext_dense": EXAMPLE_TYPES},
)
def _parse(
    ctx: Any,
    serialized: Any,
    debug_name: Any,
    context_sparse_keys: Any,
    context_dense_keys: Any,
    context_ragged_keys: Any,
    feature_list_sparse_keys: Any,
    feature_list_dense_keys: Any,
    feature_list_ragged_keys: Any,
    feature_list_dense_missing_assumed_empty: Any,
    context_dense_defaults: Any,
) -> Any:
    attrs = ctx.op.attrs
    if any(attrs[name] for name in _RAGGED):
        raise NotImplementedError("ParseSequenceExampleV2: ragged features are not part of scopedjax")
    batch = Batch.of(serialized, debug_name)
    context = [
        batch.context_sparse(key.decode(), dtype)
        for key, dtype in zip(context_sparse_keys, attrs["context_sparse_types"], strict=True)
    ]
    context_dense = [
        batch.context_dense(key.decode(), dtype, dims, default)
        for key, dtype, dims, default in zip(
            context_dense_keys,
            attrs["Tcontext_dense"],
            attrs["context_dense_shapes"],
            context_dense_defaults,
            strict=True,
        )
    ]
    lists = [
        batch.list_sparse(key.decode(), dtype)
        for key, dtype in zip(feature_list_sparse_keys, attrs["feature_list_sparse_types"], strict=True)
    ]
    dense = [
        batch.list_dense(key.decode(), dtype, dims, bool(may_miss))
        for key, dtype, dims, may_miss in zip(
            feature_list_dense_keys,
            attrs["feature_list_dense_types"],
            attrs["feature_list_dense_shapes"],
            feature_list_dense_missing_assumed_empty,
            strict=True,
        )
    ]
    return (
        *([part[i] for part in context] for i in range(3)), context_dense, [], [],
        *([part[i] for part in lists] for i in range(3)), [d[0] for d in dense], [d[1] for d in dense], [], [], [],
    )  # fmt: skip


class _Lists:
    """The feature lists of a call: sparse ones, dense ones, and which of the dense may be absent."""

    def __init__(self, features: Mapping[str, Any] | None) -> None:
        self.sparse: dict[str, DType] = {}
        self.dense: dict[str, tuple[DType, list[int | None]]] = {}
        self.may_miss: list[bool] = []
        for key in sorted(features or {}):
            self._add(key, (features or {})[key])

    def _add(self, key: str, feature: Any) -> None:
        _only(key, feature, (VarLenFeature, FixedLenSequenceFeature))
        if not feature.dtype:
            raise ValueError(f"Missing type for feature {key}. Received feature={feature}.")
        if isinstance(feature, VarLenFeature):
            self.sparse[key] = as_dtype(feature.dtype)
            return
        if feature.shape is None:
            raise ValueError(f"Missing shape for feature {key}. Received feature={feature}.")
        if feature.default_value is not None:
            raise ValueError(f"Value feature_list.dense_defaults[{key}] must be None")
        self.dense[key] = as_dtype(feature.dtype), TensorShape(feature.shape).as_list()
        self.may_miss.append(feature.allow_missing)


def _only(key: str, feature: Any, kinds: tuple[type, ...]) -> None:
    if not isinstance(feature, kinds):
        raise ValueError(f"Unsupported {type(feature).__name__} {feature} for key '{key}'")


def _texts(keys: Any) -> np.ndarray:
    return np.array(list(keys), object)


def _record(
    serialized: Any, names: Any, context: Request, lists: _Lists, name: str | None
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Tensor]]:
    with stacks.get_default_graph().name_scope(name or "ParseSequenceExample"):
        serialized = convert_to_tensor(serialized, name="serialized")
        defaults = [default_for(key, *dense) for key, dense in context.dense.items()]
        outputs = apply_op(
            "ParseSequenceExampleV2",
            serialized,
            _texts([]) if names is None else names,
            _texts(context.sparse),
            _texts(context.dense),
            _texts([]),
            _texts(lists.sparse),
            _texts(lists.dense),
            _texts([]),
            np.array(lists.may_miss, bool),
            defaults,
            Ncontext_sparse=len(context.sparse),
            Nfeature_list_sparse=len(lists.sparse),
            Nfeature_list_dense=len(lists.dense),
            context_sparse_types=list(context.sparse.values()),
            feature_list_dense_types=[dtype for dtype, _ in lists.dense.values()],
            feature_list_sparse_types=list(lists.sparse.values()),
            context_dense_shapes=[shape for _, shape, _ in context.dense.values()],
            feature_list_dense_shapes=[shape for _, shape in lists.dense.values()],
            name=name,
        )
        return _by_name(outputs, context, lists)


def _by_name(outputs: Any, context: Request, lists: _Lists) -> tuple[dict[str, Any], dict[str, Any], dict[str, Tensor]]:
    c_sparse = [SparseTensor(*parts) for parts in zip(*outputs[0:3], strict=True)]
    l_sparse = [SparseTensor(*parts) for parts in zip(*outputs[6:9], strict=True)]
    found: dict[str, Any] = dict(zip([*context.sparse, *context.dense], [*c_sparse, *outputs[3]], strict=True))
    steps: dict[str, Any] = dict(zip([*lists.sparse, *lists.dense], [*l_sparse, *outputs[9]], strict=True))
    return found, steps, dict(zip(lists.dense, outputs[10], strict=True))


def _requests(context_features: Any, sequence_features: Any) -> tuple[Request, _Lists]:
    for key in sorted(context_features or {}):
        _only(key, context_features[key], (VarLenFeature, FixedLenFeature))
    return Request.of(context_features or {}), _Lists(sequence_features)


def parse_sequence_example(
    serialized: Any,
    context_features: Any = None,
    sequence_features: Any = None,
    example_names: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Tensor]]:
    """Parses a batch of serialized `SequenceExample`s.

    Args:
      serialized: String tensor `[batch]`: serialized `tf.train.SequenceExample`s.
      context_features: Dict from the names of context features to `FixedLenFeature` (a tensor `[batch, *shape]`) or
        `VarLenFeature` (a `SparseTensor` `[batch, most]`).
      sequence_features: Dict from the names of feature lists to `FixedLenSequenceFeature` (a tensor
        `[batch, longest, *shape]`, padded with 0 or "") or `VarLenFeature` (a `SparseTensor` `[batch, longest, most]`).
      example_names: String tensor `[batch]`, told in error messages.
      name: Name of the scope and of the node in it.

    Returns:
      (context features by name, feature lists by name, for each dense list an int64 tensor `[batch]` of its lengths).

    Raises:
      ValueError: no feature is asked for, or one that cannot be.
      InvalidArgumentError: when run, if an example is damaged, lacks a feature, or holds another type or number of
        values.

    >>> step = lambda n: tf.train.Feature(int64_list=tf.train.Int64List(value=[n]))
    >>> lists = tf.train.FeatureLists(feature_list={"ids": tf.train.FeatureList(feature=[step(7), step(8)])})
    >>> data = tf.train.SequenceExample(feature_lists=lists).SerializeToString()
    >>> features = {"ids": tf.FixedLenSequenceFeature([], tf.int64)}
    >>> _, sequences, lengths = tf.io.parse_sequence_example([data], sequence_features=features)
    >>> tf.Session().run([sequences["ids"], lengths["ids"]])
    [array([[7, 8]]), array([2])]
    """
    if not (context_features or sequence_features):
        raise ValueError(
            "Both `context_features` and `sequence_features` argument are None, but at least one should have values."
        )
    context, lists = _requests(context_features, sequence_features)
    with stacks.get_default_graph().name_scope(name or "ParseSequenceExample"):
        return _record(serialized, example_names, context, lists, name)


def parse_single_sequence_example(
    serialized: Any,
    context_features: Any = None,
    sequence_features: Any = None,
    example_name: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parses one serialized `SequenceExample`.

    Args:
      serialized: String tensor without dimensions.
      context_features: As for `parse_sequence_example`; tensors have no batch dimension here.
      sequence_features: As for `parse_sequence_example`; tensors have no batch dimension here.
      example_name: String tensor without dimensions, told in error messages.
      name: Name of the scope and of the node in it.

    Returns:
      (context features by name, feature lists by name).

    Raises:
      ValueError: no feature is asked for, or one that cannot be, or `serialized` has dimensions.
      InvalidArgumentError: when run, as for `parse_sequence_example`.

    >>> length = tf.train.Feature(int64_list=tf.train.Int64List(value=[3]))
    >>> data = tf.train.SequenceExample(context=tf.train.Features(feature={"n": length})).SerializeToString()
    >>> context, _ = tf.parse_single_sequence_example(data, {"n": tf.FixedLenFeature([], tf.int64)})
    >>> tf.Session().run(context["n"])
    np.int64(3)
    """
    if not (context_features or sequence_features):
        raise ValueError("Both context_features and sequence_features are None, but at least one should have values.")
    context, lists = _requests(context_features, sequence_features)
    graph = stacks.get_default_graph()
    with graph.name_scope(name or "ParseSingleSequenceExample"):
        with graph.name_scope(name or "ParseSingleExample"):
            tensor = convert_to_tensor(serialized, dtype=dtypes.string, name="serialized")
            rank = tensor.shape.rank
            if rank is not None and rank != 0:
                raise ValueError("Input serialized must be a scalar")
        return _record(tensor, example_name, context, lists, name)[:2]
