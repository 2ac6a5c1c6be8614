"""Losses of classification: cross entropies with softmax and sigmoid, their variants, and `l2_loss`.

    softmax_cross_entropy_with_logits(labels [2, 5, 3], logits [2, 5, 3])
      labels, logits -> Reshape [10, 3] -> SoftmaxCrossEntropyWithLogits [10] -> Reshape [2, 5]

The ops give the loss of each row and, as a second output that users do not see, its gradient with respect to the
logits. The first version of the softmax loss does not hand gradients to the labels; the second does.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base import dtypes
from scopedjax._src.base.shapes import Dims, broadcast_dims, format_dims, merge_dims
from scopedjax._src.graph import stacks
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.array.filling import ones_like, zeros_like
from scopedjax._src.ops.array.filling import range as tf_range
from scopedjax._src.ops.array.identity import stop_gradient
from scopedjax._src.ops.array.joining import concat, transpose
from scopedjax._src.ops.array.shapes import rank, renamed_argument, reshape, shape
from scopedjax._src.ops.array.slicing import slice_
from scopedjax._src.ops.constant import constant
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.kernels import softmax_xent
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import where
from scopedjax._src.ops.registry import LoweringContext, defop
from scopedjax._src.ops.shape_context import ShapeContext
from scopedjax._src.ops.shape_rules import scalar

_HALVES = (dtypes.float16, dtypes.bfloat16)


@defop("L2Loss(t: T) -> output: T", shape=scalar, types={"T": dtypes.FLOATING})
def _l2_loss(t: Any) -> Any:
    wide = t.astype(jnp.float32) if t.dtype.itemsize == 2 else t
    return (jnp.sum(jnp.square(wide)) / 2).astype(t.dtype)


def _softmax_loss_dims(c: ShapeContext) -> list[Dims]:
    features, labels = c.dims(0), c.dims(1)
    for index, dims in enumerate((features, labels)):
        if dims is not None and len(dims) != 2:
            c.require_rank(index, 2)
    try:
        merged = broadcast_dims(features, labels)
    except ValueError as error:
        raise c.fail(str(error)) from None
    rows = (None, None) if merged is None else merged
    return [(rows[0],), rows]


@defop(
    "SoftmaxCrossEntropyWithLogits(features: T, labels: T) -> loss: T, backprop: T",
    shape=_softmax_loss_dims,
    types={"T": dtypes.FLOATING},
)
def _softmax_loss(ctx: LoweringContext, features: Any, labels: Any) -> Any:
    return softmax_xent.softmax_cross_entropy_with_logits(
        jnp.asarray(features), jnp.asarray(labels), platform=ctx.platform
    )


def _sparse_loss_dims(c: ShapeContext) -> list[Dims]:
    features, labels = c.require_rank(0, 2), c.require_rank(1, 1)
    if features[0] is not None and labels[0] is not None and features[0] != labels[0]:
        raise c.fail(f"Dimensions must be equal, but are {features[0]} and {labels[0]}")
    rows = labels[0] if features[0] is None else features[0]
    return [(rows,), (rows, features[1])]


@defop(
    "SparseSoftmaxCrossEntropyWithLogits(features: T, labels: Tlabels; Tlabels: type = int64) -> loss: T, backprop: T",
    shape=_sparse_loss_dims,
    types={"T": dtypes.FLOATING, "Tlabels": dtypes.INDEX},
    guards=True,
)
def _sparse_softmax_loss(ctx: LoweringContext, features: Any, labels: Any) -> Any:
    classes = features.shape[-1]
    words = f"Received a label value of {{found}} which is outside the valid range of [0, {classes})."
    ctx.require(1, jnp.asarray(labels), classes, f"{words}  It is label number {{place}}.")
    return softmax_xent.sparse_softmax_cross_entropy_with_logits(
        jnp.asarray(features), jnp.asarray(labels), platform=ctx.platform
    )


# ---------------------------------------------------------------------------------------------- public functions


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Computes half the sum of squares, `sum(t ** 2) / 2`.

    Args:
      t: Floating tensor.
      name: Node name; defaults to "L2Loss".

    Returns:
      Scalar of the dtype of `t`.

    >>> float(tf.Session().run(tf.nn.l2_loss([3.0, 4.0])))
    12.5
    """
    return apply_op("L2Loss", t, name=name)


def _both_given(function: str, labels: Any, logits: Any) -> None:
    if labels is None or logits is None:
        raise ValueError(
            f"Both `labels` and `logits` must be provided for {function}. Received: labels={labels} and logits={logits}"
        )


def _flat(x: Tensor) -> Tensor:
    """`[..., classes]` as `[rows, classes]`."""
    size, sizes = rank(x), shape(x)
    classes = slice_(sizes, [apply_op("Sub", size, 1)], [1])
    flat = reshape(x, concat([[-1], classes], 0))
    dims = x.dims
    if dims is not None:
        rows: int | None = 1
        for d in dims[:-1]:
            rows = None if rows is None or d is None else rows * d
        flat.set_shape([rows, dims[-1]])
    return flat


def _axis_to_end(x: Tensor, axis: int, size: Tensor) -> Tensor:
    return transpose(x, concat([tf_range(axis), tf_range(axis + 1, size), [axis]], 0))


def softmax_cross_entropy_with_logits_v2(
    labels: Any, logits: Any, axis: Any = None, name: str | None = None, dim: Any = None
) -> Tensor:
    """Computes the cross entropy of `labels` and `softmax(logits)`; gradients flow to both.

    Args:
      labels: Tensor of the shape of `logits`: along `axis`, the probability of each class.
      logits: Floating tensor `[..., classes]`: unnormalised log-probabilities.
      axis: Axis of the classes; the last by default.
      name: Node name; defaults to "softmax_cross_entropy_with_logits".
      dim: The older name of `axis`.

    Returns:
      Tensor without the axis of the classes: `-sum(labels * log_softmax(logits))`.

    Raises:
      ValueError: `labels` or `logits` is None.

    >>> loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=[[0.0, 1.0]], logits=[[100.0, 0.0]])
    >>> tf.Session().run(loss).tolist()
    [100.0]
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    return _softmax_cross_entropy(labels, logits, -1 if axis is None else axis, name)


def _softmax_cross_entropy(labels: Any, logits: Any, axis: int, name: str | None) -> Tensor:
    with stacks.get_default_graph().name_scope(name or "softmax_cross_entropy_with_logits") as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        kind = logits.dtype.base_dtype
        precise = cast(logits, dtypes.float32) if kind in _HALVES else logits
        labels = cast(labels, precise.dtype)
        size = rank(precise)
        ndims = logits.ndim
        if axis != -1:
            precise, labels = _axis_to_end(precise, axis, size), _axis_to_end(labels, axis, size)
        sizes = shape(precise)
        flat_logits, flat_labels = _flat(precise), _flat(labels)
        cost, _ = apply_op("SoftmaxCrossEntropyWithLogits", flat_logits, flat_labels, name=scope)
        cost = reshape(cost, slice_(sizes, [0], [apply_op("Sub", size, 1)]))
        if logits.dims is not None and ndims is not None:
            dims = list(logits.dims)
            del dims[axis]
            cost.set_shape(dims)
        return cast(cost, kind) if kind in _HALVES else cost


def softmax_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, dim: int = -1, name: str | None = None, axis: Any = None
) -> Tensor:
    """Computes the cross entropy of `labels` and `softmax(logits)`; gradients flow to the logits alone.

    Args:
      labels: Tensor of the shape of `logits`: along `dim`, the probability of each class.
      logits: Floating tensor `[..., classes]`: unnormalised log-probabilities.
      dim: Axis of the classes.
      name: Node name; defaults to "softmax_cross_entropy_with_logits_sg".
      axis: Another name of `dim`.

    Returns:
      Tensor without the axis of the classes: `-sum(labels * log_softmax(logits))`.

    Raises:
      ValueError: `labels` or `logits` is None.

    >>> loss = tf.nn.softmax_cross_entropy_with_logits(labels=[[0.0, 1.0]], logits=[[100.0, 0.0]])
    >>> tf.Session().run(loss).tolist()
    [100.0]
    """
    if axis is not None:
        dim = axis
    _both_given("softmax_cross_entropy_with_logits", labels, logits)
    with stacks.get_default_graph().name_scope(name or "softmax_cross_entropy_with_logits_sg") as scope:
        labels = stop_gradient(labels, name="labels_stop_gradient")
    return _softmax_cross_entropy(labels, logits, dim, scope)


def sparse_softmax_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Tensor:
    """Computes the cross entropy of the true class and `softmax(logits)`.

    Args:
      labels: Integer tensor `[...]`: the index of the true class. An index out of range stops the run.
      logits: Floating tensor `[..., classes]`: unnormalised log-probabilities.
      name: Name scope; defaults to "SparseSoftmaxCrossEntropyWithLogits".

    Returns:
      Tensor of the shape of `labels` and the dtype of `logits`.

    Raises:
      ValueError: the shapes do not fit, or an argument is None.

    >>> loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1], logits=[[100.0, 0.0]])
    >>> tf.Session().run(loss).tolist()
    [100.0]
    """
    _both_given("sparse_softmax_cross_entropy_with_logits", labels, logits)
    op_type = "SparseSoftmaxCrossEntropyWithLogits"
    with stacks.get_default_graph().name_scope(name or op_type):
        labels, logits = convert_to_tensor(labels), convert_to_tensor(logits)
        kind = logits.dtype.base_dtype
        precise = cast(logits, dtypes.float32) if kind in _HALVES else logits
        label_dims = labels.dims
        sizes = shape(labels)
        _check_label_shapes(labels, logits)
        if logits.ndim == 2:
            cost, _ = apply_op(op_type, precise, labels, name=name)
            return cast(cost, kind) if kind in _HALVES else cost
        # Where the shapes are not known TF1 records an assertion too; here the op refuses other numbers of rows, and an
        # assertion would cost a stop on the host in every step.
        classes = shape(logits)[rank(logits) - 1]
        flat = reshape(precise, [-1, classes])
        cost, _ = apply_op(op_type, flat, reshape(labels, [-1]), name=name)
        cost = reshape(cost, sizes)
        if label_dims is not None:
            cost.set_shape(label_dims)
        return cast(cost, kind) if kind in _HALVES else cost


def _check_label_shapes(labels: Tensor, logits: Tensor) -> None:
    """Checks what is known of both shapes.

    Raises:
      ValueError: they do not fit.
    """
    if logits.ndim == 0:
        raise ValueError(f"`logits` cannot be a scalar. Received logits={logits}`")
    if labels.ndim is not None and logits.ndim is not None and labels.ndim != logits.ndim - 1:
        raise ValueError(
            "`labels.shape.rank` must equal `logits.shape.rank - 1`. Received: "
            f"labels.shape={labels.shape} of rank {labels.ndim} and logits.shape={logits.shape} of rank {logits.ndim}"
        )
    label_dims, logit_dims = labels.dims, logits.dims
    if label_dims is None or logit_dims is None or None in label_dims or None in logit_dims[:-1]:
        return
    if label_dims != logit_dims[:-1]:
        raise ValueError(
            "`labels.shape` must equal `logits.shape` except for the last dimension. Received: "
            f"labels.shape={labels.shape} and logits.shape={logits.shape}"
        )


def _check_same_shape(logits: Tensor, labels: Tensor) -> None:
    try:
        merge_dims(labels.dims, logits.dims)
    except ValueError:
        raise ValueError(
            f"`logits` and `labels` must have the same shape, received ({logits.shape} vs {labels.shape})."
        ) from None


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Tensor:
    """Computes the cross entropy of `labels` and `sigmoid(logits)`, each element a decision of its own.

    Computed as `max(x, 0) - x * z + log(1 + exp(-|x|))`, which does not overflow.

    Args:
      labels: Tensor of the shape and dtype of `logits`, between 0 and 1.
      logits: Floating tensor.
      name: Node name; defaults to "logistic_loss".

    Returns:
      Tensor of the shape of `logits`.

    Raises:
      ValueError: the shapes differ, or an argument is None.

    >>> tf.Session().run(tf.nn.sigmoid_cross_entropy_with_logits(labels=[0.0], logits=[100.0])).tolist()
    [100.0]
    """
    _both_given("sigmoid_cross_entropy_with_logits", labels, logits)
    with stacks.get_default_graph().name_scope(name or "logistic_loss") as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _check_same_shape(logits, labels)
        zeros = zeros_like(logits, dtype=logits.dtype)
        positive = apply_op("GreaterEqual", logits, zeros)
        rectified = where(positive, logits, zeros)
        falling = where(positive, apply_op("Neg", logits), logits)
        linear = apply_op("Sub", rectified, apply_op("Mul", logits, labels, name="mul"), name="sub")
        return apply_op("AddV2", linear, apply_op("Log1p", apply_op("Exp", falling)), name=scope)


def weighted_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, pos_weight: Any = None, name: str | None = None, targets: Any = None
) -> Tensor:
    """Computes `sigmoid_cross_entropy_with_logits` with another weight for the positive labels.

    With `l = 1 + (pos_weight - 1) * labels` it is `(1 - labels) * x + l * (log(1 + exp(-|x|)) + max(-x, 0))`.

    Args:
      labels: Tensor of the shape and dtype of `logits`, between 0 and 1.
      logits: Floating tensor.
      pos_weight: Weight of the positive labels: a number or a tensor that broadcasts.
      name: Node name; defaults to "logistic_loss".
      targets: The older name of `labels`.

    Returns:
      Tensor of the shape of `logits`.

    Raises:
      ValueError: the shapes differ.

    >>> loss = tf.nn.weighted_cross_entropy_with_logits(labels=[0.0], logits=[-100.0], pos_weight=2.0)
    >>> tf.Session().run(loss).tolist()
    [0.0]
    """
    labels = renamed_argument("labels", labels, "targets", targets)
    with stacks.get_default_graph().name_scope(name or "logistic_loss") as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _check_same_shape(logits, labels)
        weight = 1 + (pos_weight - 1) * labels
        negative = (1 - labels) * logits
        softened = apply_op("Log1p", apply_op("Exp", apply_op("Neg", apply_op("Abs", logits))))
        rectified = apply_op("Relu", apply_op("Neg", logits))
        return apply_op("AddV2", negative, weight * (softened + rectified), name=scope)


def log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None) -> Tensor:
    """Computes the Poisson log-likelihood loss `exp(c) - z * c` of counts `z` for log-rates `c`.

    Args:
      targets: Tensor of the shape and dtype of `log_input`: the counts z.
      log_input: Floating tensor: the log-rates c.
      compute_full_loss: Whether to add Stirling's approximation of `log(z!)`, for z > 1.
      name: Name scope; defaults to "log_poisson_loss".

    Returns:
      Tensor of the shape of `log_input`.

    Raises:
      ValueError: the shapes differ.

    >>> tf.Session().run(tf.nn.log_poisson_loss([2.0], [0.0])).tolist()
    [1.0]
    """
    with stacks.get_default_graph().name_scope(name or "log_poisson_loss"):
        log_input = convert_to_tensor(log_input, name="log_input")
        targets = convert_to_tensor(targets, name="targets")
        try:
            merge_dims(targets.dims, log_input.dims)
        except ValueError:
            raise ValueError(
                "`log_input` and `targets` must have the same shape, received "
                f"({format_dims(log_input.dims)} vs {format_dims(targets.dims)})."
            ) from None
        result = apply_op("Exp", log_input) - log_input * targets
        if not compute_full_loss:
            return result
        half = constant(0.5, dtype=targets.dtype)
        two_pi = constant(2 * np.pi, dtype=targets.dtype)
        stirling = (targets * apply_op("Log", targets) - targets) + half * apply_op("Log", two_pi * targets)
        zeros, ones = zeros_like(targets, dtype=targets.dtype), ones_like(targets, dtype=targets.dtype)
        small = apply_op("LogicalAnd", targets >= zeros, targets <= ones)
        return result + where(small, zeros, stirling)
