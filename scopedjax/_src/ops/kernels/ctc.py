"""Connectionist temporal classification: the loss by dynamic programming, and the search for the likeliest labels.

A label sequence is spread over the frames, with blanks (the last class) before, between and behind the labels:

    labels  c a t        states   _ c _ a _ t _        path   c c _ a _ _ t t

`losses` sums the chances of all such paths, frame by frame over the states, in logarithms. `beam_search` keeps the
likeliest prefixes, each with the chance of ending in a blank and of ending in its last label.

Formulas: Graves et al., "Connectionist temporal classification" (ICML 2006), equations 6 to 8 and section 3.2.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_NEVER = -1e30  # the logarithm of a chance of zero; finite, so that its gradients are


@functools.partial(jax.jit, static_argnames="merge_repeated")
def losses(logits: Any, labels: Any, lengths: Any, frames: Any, *, merge_repeated: bool) -> tuple[Any, Any]:
    """The loss of each sequence and its gradient for the logits.

    Args:
      logits: `[time, batch, classes]`, not normalised; the last class is the blank.
      labels: `int32[batch, most]`; what is beyond a sequence's length is not used.
      lengths: `int32[batch]`: number of labels.
      frames: `int32[batch]`: number of frames.
      merge_repeated: Whether a label may last for several frames.

    Returns:
      `(losses [batch], gradient [time, batch, classes])`; where no path fits the loss is infinite, and the gradient
      the softmax alone, as in TensorFlow.
    """

    def total(logits: Any) -> tuple[Any, Any]:
        found = _negative_log_chance(logits, labels, lengths, frames, merge_repeated)
        return found.sum(), found

    gradient, found = jax.grad(total, has_aux=True)(logits)
    impossible = found > -_NEVER / 2
    running = jnp.arange(logits.shape[0])[:, None, None] < frames[None, :, None]
    alone = jnp.where(running, jax.nn.softmax(logits), 0)
    infinite = jnp.asarray(jnp.inf, logits.dtype)
    return jnp.where(impossible, infinite, found), jnp.where(impossible[None, :, None], alone, gradient)


def _negative_log_chance(logits: Any, labels: Any, lengths: Any, frames: Any, merge_repeated: bool) -> Any:
    time, batch, classes = logits.shape
    states = 2 * labels.shape[1] + 1
    blank = classes - 1
    of_state = jnp.full((batch, states), blank, jnp.int32).at[:, 1::2].set(labels)
    log_chances = jax.nn.log_softmax(logits)
    emitted = jnp.take_along_axis(log_chances, jnp.broadcast_to(of_state, (time, batch, states)), axis=2)
    two_before = jnp.pad(of_state, ((0, 0), (2, 0)), constant_values=blank)[:, :states]
    may_stay = (of_state == blank) | merge_repeated
    may_skip = (of_state != blank) & ~((of_state == two_before) & merge_repeated)
    never = jnp.asarray(_NEVER, logits.dtype)
    start = jnp.where(jnp.arange(states) < 2, emitted[0], never)

    def later(chances: Any, by: int) -> Any:
        return jnp.pad(chances, ((0, 0), (by, 0)), constant_values=never)[:, :states]

    def step(chances: Any, now: tuple[Any, Any]) -> tuple[Any, None]:
        frame, emission = now
        stay = jnp.where(may_stay, chances, never)
        skip = jnp.where(may_skip, later(chances, 2), never)
        moved = jnp.maximum(jnp.logaddexp(jnp.logaddexp(stay, later(chances, 1)), skip) + emission, never)
        return jnp.where((frame < frames)[:, None], moved, chances), None

    last, _ = jax.lax.scan(step, start, (jnp.arange(1, time), emitted[1:]))
    in_blank = jnp.take_along_axis(last, 2 * lengths[:, None], axis=1)[:, 0]
    in_label = jnp.take_along_axis(last, jnp.maximum(2 * lengths[:, None] - 1, 0), axis=1)[:, 0]
    return -jnp.logaddexp(in_blank, in_label)


def greedy(frames: np.ndarray, blank: int, merge_repeated: bool) -> tuple[list[int], Any]:
    """The likeliest class of each of `frames [time, classes]`, without blanks; and minus the sum of its logits."""
    best = frames.argmax(axis=1)
    kept = best != blank
    if merge_repeated:
        kept[1:] &= best[1:] != best[:-1]
    return best[kept].tolist(), -frames.max(axis=1, initial=-np.inf).sum(dtype=frames.dtype) if len(best) else 0.0


class _Beams:
    """The prefixes kept, as a tree: of each its parent, its last label, and two chances in logarithms."""

    def __init__(self, blank: int, dtype: Any) -> None:
        self.blank = blank
        self.parents = [-1]
        self.labels = [-1]
        self.children: dict[tuple[int, int], int] = {}
        self.nodes = np.zeros(1, np.int64)
        self.in_blank = np.zeros(1, dtype)
        self.in_label = np.full(1, -np.inf, dtype)

    def child(self, node: int, label: int) -> int:
        """The node of a prefix and one label more."""
        found = self.children.setdefault((node, label), len(self.parents))
        if found == len(self.parents):
            self.parents.append(node)
            self.labels.append(label)
        return found

    def step(self, log_chances: np.ndarray, width: int) -> None:
        """Goes on by one frame, and keeps the `width` likeliest prefixes."""
        total = np.logaddexp(self.in_blank, self.in_label)
        labels = np.asarray([self.labels[n] for n in self.nodes])
        place = {int(node): i for i, node in enumerate(self.nodes)}
        classes = [c for c in range(len(log_chances)) if c != self.blank]
        # The same label again starts anew only behind a blank.
        longer = np.repeat(total[:, None], len(log_chances), axis=1)
        ends = np.flatnonzero(labels >= 0)
        longer[ends, labels[ends]] = self.in_blank[ends]
        longer = longer + log_chances
        in_label = self.in_label.copy()
        in_label[ends] += log_chances[labels[ends]]
        for i in ends.tolist():
            parent = place.get(self.parents[self.nodes[i]])
            if parent is not None:
                in_label[i] = np.logaddexp(in_label[i], longer[parent, labels[i]])
                longer[parent, labels[i]] = -np.inf
        in_blank = total + log_chances[self.blank]
        grown = longer[:, classes].reshape(-1)
        totals = np.concatenate([np.logaddexp(in_blank, in_label), grown])
        best = np.argsort(-totals, kind="stable")[:width]
        best = best[totals[best] > -np.inf]
        nodes = [self._node(b, classes) for b in best.tolist()]
        never = np.full(len(grown), -np.inf, grown.dtype)
        self.in_blank = np.concatenate([in_blank, never])[best]
        self.in_label = np.concatenate([in_label, grown])[best]
        self.nodes = np.asarray(nodes, np.int64)

    def _node(self, number: int, classes: list[int]) -> int:
        """The node of candidate `number`: the prefixes themselves first, then each with each class behind."""
        kept = len(self.nodes)
        if number < kept:
            return int(self.nodes[number])
        row, column = divmod(number - kept, len(classes))
        return self.child(int(self.nodes[row]), classes[column])

    def prefix(self, node: int) -> list[int]:
        """The labels of a node."""
        found: list[int] = []
        while node > 0:
            found.append(self.labels[node])
            node = self.parents[node]
        return found[::-1]


def beam_search(
    frames: np.ndarray, width: int, paths: int, merge_repeated: bool
) -> tuple[list[list[int]], np.ndarray] | None:
    """The likeliest label sequences of `frames [time, classes]`, the last class being the blank.

    Args:
      frames: Logits.
      width: How many prefixes are kept.
      paths: How many are wanted.
      merge_repeated: Whether equal neighbours in a result become one.

    Returns:
      `(sequences, logarithms of their chances)`, or None where fewer were found than are wanted.
    """
    beams = _Beams(frames.shape[1] - 1, frames.dtype)
    shifted = frames - frames.max(axis=1, keepdims=True)
    log_chances = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    for row in log_chances:
        with np.errstate(divide="ignore", invalid="ignore"):
            beams.step(row, width)
    if len(beams.nodes) < paths:
        return None
    totals = np.logaddexp(beams.in_blank, beams.in_label)
    best = np.argsort(-totals, kind="stable")[:paths]
    sequences = [beams.prefix(int(beams.nodes[b])) for b in best]
    if merge_repeated:
        sequences = [[c for i, c in enumerate(s) if i == 0 or s[i - 1] != c] for s in sequences]
    return sequences, totals[best]
