"""Losses over many classes that look at a few of them: `nce_loss` and `sampled_softmax_loss`.

    labels [4, 1]    LogUniformCandidateSampler -> sampled [10]
    all ids [14]     -> one lookup in weights [1000, 8] and biases [1000]
    logits [4, 11]   column 0 the true class, 1 to 10 the sampled ones, each less the log of its expected count

Only 14 rows of the weights are read, and their gradient is `IndexedSlices` of 14 rows.

The formulas: Gutmann and Hyvaerinen, "Noise-contrastive estimation" (AISTATS 2010); Jean et al., "On using very large
target vocabulary for neural machine translation" (ACL 2015).
"""

from __future__ import annotations

from typing import Any

from scopedjax._src.base import dtypes
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones, ones_like, zeros_like
from scopedjax._src.ops.array.identity import stop_gradient
from scopedjax._src.ops.array.joining import concat
from scopedjax._src.ops.array.packing import stack
from scopedjax._src.ops.array.shapes import expand_dims, reshape, shape
from scopedjax._src.ops.array.slicing import slice_
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.elementwise import log
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.nn.candidates import compute_accidental_hits, log_uniform_candidate_sampler
from scopedjax._src.ops.nn.cross_entropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
)
from scopedjax._src.ops.nn.embedding import embedding_lookup
from scopedjax._src.ops.sparse.densify import sparse_to_dense


def _sum_rows(x: Tensor) -> Tensor:
    """The sum of each row, by a product with ones."""
    columns = shape(x)[1]
    column = ones(stack([columns, 1]), x.dtype)
    return reshape(matmul(x, column), [-1])


def _without_hits(logits: Tensor, labels: Tensor, sampled: Tensor, num_true: int, num_sampled: int) -> Tensor:
    """The sampled logits, those of an example's own true classes as low as can be."""
    rows, columns, weights = compute_accidental_hits(labels, sampled, num_true=num_true)
    rows = reshape(rows, [-1, 1])
    columns = reshape(cast(columns, dtypes.int32), [-1, 1])
    places = concat([rows, columns], 1, "sparse_indices")
    sizes = concat([shape(labels)[:1], expand_dims(num_sampled, 0)], 0)
    if logits.dtype.base_dtype is not weights.dtype.base_dtype:
        weights = cast(weights, logits.dtype)
    return logits + sparse_to_dense(places, sizes, weights, default_value=0.0, validate_indices=False)


def _logits(
    weights: Any, biases: Any, inputs: Any, flat: Tensor, sampled: Tensor, num_true: int, strategy: str
) -> tuple[Tensor, Tensor]:
    """Logits of the true and of the sampled classes, from one lookup of the rows of both."""
    ids = concat([flat, sampled], 0)
    rows = embedding_lookup(weights, ids, partition_strategy=strategy)
    if rows.dtype.base_dtype is not inputs.dtype.base_dtype:
        rows = cast(rows, inputs.dtype)
    true_rows = slice_(rows, [0, 0], stack([shape(flat)[0], -1]))
    sampled_rows = slice_(rows, stack([shape(flat)[0], 0]), [-1, -1])
    sampled_logits = matmul(inputs, sampled_rows, transpose_b=True)
    offsets = embedding_lookup(biases, ids, partition_strategy=strategy)
    if offsets.dtype.base_dtype is not inputs.dtype.base_dtype:
        offsets = cast(offsets, inputs.dtype)
    true_offsets = slice_(offsets, [0], shape(flat))
    sampled_offsets = slice_(offsets, shape(flat), [-1])
    size = shape(true_rows)[1:2]
    by_example = concat([[-1, num_true], size], 0)
    products = apply_op("Mul", expand_dims(inputs, 1), reshape(true_rows, by_example))
    products = reshape(products, concat([[-1], size], 0))
    true_logits = reshape(_sum_rows(products), [-1, num_true])
    true_offsets = reshape(true_offsets, [-1, num_true])
    return true_logits + true_offsets, sampled_logits + sampled_offsets


def _sampled_logits(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int,
    sampled_values: Any,
    remove_accidental_hits: bool,
    strategy: str,
    name: str,
    seed: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Logits and labels of the true and the sampled classes, `[batch, num_true + num_sampled]` each."""
    with stacks.get_default_graph().name_scope(name):
        if labels.dtype.base_dtype is not dtypes.int64:
            labels = cast(labels, dtypes.int64)
        flat = reshape(labels, [-1])
        if sampled_values is None:
            sampled_values = log_uniform_candidate_sampler(
                labels, num_true, num_sampled, unique=True, range_max=num_classes, seed=seed
            )
        sampled, true_expected, sampled_expected = (stop_gradient(value) for value in sampled_values)
        if sampled.dtype.base_dtype is not dtypes.int64:
            sampled = cast(sampled, dtypes.int64)
        true_logits, sampled_logits = _logits(weights, biases, inputs, flat, sampled, num_true, strategy)
        if remove_accidental_hits:
            sampled_logits = _without_hits(sampled_logits, labels, sampled, num_true, num_sampled)
        true_logits = true_logits - log(true_expected)
        sampled_logits = sampled_logits - log(sampled_expected)
        logits = concat([true_logits, sampled_logits], 1)
        return logits, concat([ones_like(true_logits) / num_true, zeros_like(sampled_logits)], 1)


def _tensors(weights: Any, biases: Any, labels: Any, inputs: Any) -> tuple[Any, Any, Any, Any]:
    from scopedjax._src.ops.convert import convert_to_tensor

    def element(value: Any) -> Any:
        return value if hasattr(value, "dtype") and hasattr(value, "get_shape") else convert_to_tensor(value)

    if not isinstance(weights, (list, tuple)) and type(weights).__name__ != "PartitionedVariable":
        weights = element(weights)
    return weights, element(biases), element(labels), element(inputs)


def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str = "nce_loss",
) -> Tensor:
    """Computes the noise-contrastive loss: the true classes are told from sampled ones, each by a sigmoid.

    Args:
      weights: Tensor or variable `[num_classes, size]`, a list of its parts, or a partitioned variable.
      biases: Tensor or variable `[num_classes]`.
      labels: Integer tensor `[batch, num_true]`: the true classes.
      inputs: Floating tensor `[batch, size]`.
      num_sampled: How many classes are drawn, for the whole batch.
      num_classes: How many classes there are.
      num_true: How many true classes an example has; each has the label `1 / num_true`.
      sampled_values: What a candidate sampler gave; `log_uniform_candidate_sampler` is used by default.
      remove_accidental_hits: Whether sampled classes that are true ones do not count.
      partition_strategy: How classes belong to several parts of the weights: "mod" or "div".
      name: Name scope.

    Returns:
      Tensor `[batch]`: the loss of each example.

    >>> w, b = tf.zeros([50, 8]), tf.zeros([50])
    >>> tf.nn.nce_loss(w, b, tf.constant([[1], [2]]), tf.zeros([2, 8]), 10, 50).shape.as_list()
    [2]
    """
    weights, biases, labels, inputs = _tensors(weights, biases, labels, inputs)
    logits, targets = _sampled_logits(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        remove_accidental_hits,
        partition_strategy,
        name,
    )
    return _sum_rows(sigmoid_cross_entropy_with_logits(labels=targets, logits=logits, name="sampled_losses"))


def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str = "sampled_softmax_loss",
    seed: int | None = None,
) -> Tensor:
    """Computes the cross entropy of a softmax over the true classes and a sample of the others.

    For training only: the loss over all classes is `softmax_cross_entropy_with_logits`.

    Args:
      weights: Tensor or variable `[num_classes, size]`, a list of its parts, or a partitioned variable.
      biases: Tensor or variable `[num_classes]`.
      labels: Integer tensor `[batch, num_true]`: the true classes.
      inputs: Floating tensor `[batch, size]`.
      num_sampled: How many classes are drawn, for the whole batch.
      num_classes: How many classes there are.
      num_true: How many true classes an example has.
      sampled_values: What a candidate sampler gave; `log_uniform_candidate_sampler` is used by default.
      remove_accidental_hits: Whether sampled classes that are true ones do not count.
      partition_strategy: How classes belong to several parts of the weights: "mod" or "div".
      name: Name scope.
      seed: Seed of the sampler.

    Returns:
      Tensor `[batch]`: the loss of each example.

    >>> w, b = tf.zeros([50, 8]), tf.zeros([50])
    >>> tf.nn.sampled_softmax_loss(w, b, tf.constant([[1], [2]]), tf.zeros([2, 8]), 10, 50).shape.as_list()
    [2]
    """
    weights, biases, labels, inputs = _tensors(weights, biases, labels, inputs)
    logits, targets = _sampled_logits(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        remove_accidental_hits,
        partition_strategy,
        name,
        seed,
    )
    targets = stop_gradient(targets, name="labels_stop_gradient")
    return softmax_cross_entropy_with_logits_v2(labels=targets, logits=logits)
