"""Cross entropy of a softmax and its gradient, as TensorFlow's two ops give them: loss and `backprop` together.

    loss = -sum over classes of labels * log softmax(logits)           backprop = d loss / d logits = softmax - labels

The rows are shifted by their maximum, so that no exponential overflows. `backprop` is exact for labels that add up to
one and is what TensorFlow uses for any labels; a second derivative goes through `backprop`, whose own derivative is
that of the softmax. A class index outside the classes gives NaN in its row, as TensorFlow does on a GPU; on a CPU
TensorFlow raises InvalidArgumentError ("Received a label value of 3 which is outside the valid range of [0, 3)"), which
whoever has the concrete labels can do.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

Pair = tuple[jax.Array, jax.Array]


def softmax_cross_entropy_with_logits(logits: jax.Array, labels: jax.Array, platform: str = "cpu") -> Pair:
    """TensorFlow's `SoftmaxCrossEntropyWithLogits`.

    Args:
      logits: `[batch, classes]`, floating; broadcasts with `labels`.
      labels: `[batch, classes]`, same dtype; usually each row a distribution.
      platform: "cpu", "gpu" or "tpu"; all are served alike.

    Returns:
      `loss` of shape `[batch]` and `backprop` of shape `[batch, classes]`, in the dtype of `logits`.

    Raises:
      ValueError: The shapes do not broadcast to two dimensions.
    """
    del platform
    shape = jnp.broadcast_shapes(logits.shape, labels.shape)
    if len(shape) != 2:
        raise ValueError(f"logits {logits.shape} and labels {labels.shape} must broadcast to [batch, classes].")
    # Broadcasting stays outside, so that its derivative (a sum) is JAX's business.
    return _cross_entropy(jnp.broadcast_to(logits, shape), jnp.broadcast_to(labels, shape))


def sparse_softmax_cross_entropy_with_logits(logits: jax.Array, labels: jax.Array, platform: str = "cpu") -> Pair:
    """TensorFlow's `SparseSoftmaxCrossEntropyWithLogits`.

    Args:
      logits: `[batch, classes]`, floating.
      labels: `[batch]`, class indices of any integer dtype.
      platform: "cpu", "gpu" or "tpu"; all are served alike.

    Returns:
      `loss` of shape `[batch]` and `backprop` of shape `[batch, classes]`, NaN in rows whose label is no class.

    Raises:
      ValueError: `logits` is not a matrix with one row for each label.
    """
    del platform
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"logits {logits.shape} must be [batch, classes] and labels {labels.shape} [batch], of equal batch."
        )
    return _sparse_cross_entropy(logits, labels)


def _wide(x: jax.Array) -> jax.Array:
    return x.astype(jnp.float32) if x.dtype.itemsize == 2 else x


def _log_softmax(logits: jax.Array) -> jax.Array:
    shifted = logits - lax.stop_gradient(logits.max(-1, keepdims=True, initial=-jnp.inf))
    return shifted - jnp.log(jnp.exp(shifted).sum(-1, keepdims=True))


def _softmax_pullback(softmax: jax.Array, g: jax.Array) -> jax.Array:
    return (g - (g * softmax).sum(-1, keepdims=True)) * softmax


@jax.custom_vjp
def _cross_entropy(logits: jax.Array, labels: jax.Array) -> Pair:
    log_p = _log_softmax(_wide(logits))
    wide = _wide(labels)
    loss = -(wide * log_p).sum(-1)
    return loss.astype(logits.dtype), (jnp.exp(log_p) - wide).astype(logits.dtype)


def _cross_entropy_backward(kept: Pair, cotangents: Pair) -> Pair:
    logits, labels = kept
    dloss, dback = (_wide(cotangent) for cotangent in cotangents)
    log_p = _log_softmax(_wide(logits))
    softmax = jnp.exp(log_p)
    dlogits = dloss[:, None] * (softmax - _wide(labels)) + _softmax_pullback(softmax, dback)
    dlabels = -dloss[:, None] * log_p - dback
    return dlogits.astype(logits.dtype), dlabels.astype(labels.dtype)


_cross_entropy.defvjp(
    lambda logits, labels: (_cross_entropy(logits, labels), (logits, labels)), _cross_entropy_backward
)


@jax.custom_vjp
def _sparse_cross_entropy(logits: jax.Array, labels: jax.Array) -> Pair:
    log_p = _log_softmax(_wide(logits))
    hot = labels[:, None] == jnp.arange(logits.shape[-1], dtype=labels.dtype)
    nan = jnp.where(hot.any(-1), 0.0, jnp.nan).astype(log_p.dtype)
    # Only the label's own entry is looked at: elsewhere the logarithm may be minus infinity.
    loss = nan - jnp.where(hot, log_p, 0).sum(-1)
    backprop = jnp.exp(log_p) - hot.astype(log_p.dtype) + nan[:, None]
    return loss.astype(logits.dtype), backprop.astype(logits.dtype)


def _sparse_backward(kept: Pair, cotangents: Pair) -> tuple[jax.Array, None]:
    logits, labels = kept
    dloss, dback = (_wide(cotangent) for cotangent in cotangents)
    _, backprop = _sparse_cross_entropy(_wide(logits), labels)
    softmax = jnp.exp(_log_softmax(_wide(logits)))
    return (dloss[:, None] * backprop + _softmax_pullback(softmax, dback)).astype(logits.dtype), None


_sparse_cross_entropy.defvjp(
    lambda logits, labels: (_sparse_cross_entropy(logits, labels), (logits, labels)), _sparse_backward
)
