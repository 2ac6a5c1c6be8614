"""Programs of the fourth seed document: which variables an optimizer trains, and changing that step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import oracle
from tests.programs.folder import raised, same_in_folders

pytestmark = pytest.mark.oracle

STEPS = 20


def _trainable_is_no_tensor(tf: Any) -> Any:
    """`trainable=` counts when a variable is made: what is fed later does not change what is trained."""
    trainable = tf.Variable(False, dtype=tf.bool)
    return raised(lambda: tf.Variable(3.0, dtype=tf.float32, trainable=trainable))


def _removed_too_late(tf: Any) -> Any:
    """An optimizer takes the collection as it was when `minimize` was called."""
    x, y = tf.Variable(3.0, dtype=tf.float32), tf.Variable(13.0, dtype=tf.float32)
    train = tf.train.AdamOptimizer(0.01).minimize(tf.abs(y - x))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        trainable = tf.get_collection_ref(tf.GraphKeys.TRAINABLE_VARIABLES)
        before = [v.name for v in trainable]
        del trainable[trainable.index(x)]
        after = [v.name for v in tf.trainable_variables()]
        return before, after, [sess.run([train, x, y])[1:] for _ in range(STEPS)]


def _collections(tf: Any) -> Any:
    x1 = tf.constant(1.0)
    x2 = tf.constant([2.5, -0.3])
    tf.add_to_collection("losses", tf.nn.l2_loss(x1))
    tf.add_to_collection("losses", tf.nn.l2_loss(x2))
    losses = tf.get_collection("losses")
    total = tf.add_n(losses)
    keys = ("GLOBAL_VARIABLES TRAINABLE_VARIABLES MOVING_AVERAGE_VARIABLES LOCAL_VARIABLES MODEL_VARIABLES "
            "QUEUE_RUNNERS SUMMARIES").split()  # fmt: skip
    with tf.Session() as sess:
        return [getattr(tf.GraphKeys, key) for key in keys], sess.run(losses), sess.run(total)


class _Exempting:
    """Trains all variables but some; keeps the nodes of each choice, so that the graph does not grow."""

    def __init__(self, tf: Any, optimizer: Any) -> None:
        self.tf, self.optimizer = tf, optimizer
        self.operations: dict[str, Any] = {}

    def minimize(self, loss: Any, exempt: list[Any]) -> Any:
        key = " ".join(sorted(v.name for v in exempt)) + loss.name
        if key not in self.operations:
            chosen = [v for v in self.tf.trainable_variables() if v not in exempt]
            self.operations[key] = self.optimizer.apply_gradients(self.optimizer.compute_gradients(loss, chosen))
        return self.operations[key]


class _ExemptingByGradients(_Exempting):
    """Computes all gradients once and applies some; each call adds nodes."""

    def minimize(self, loss: Any, exempt: list[Any]) -> Any:
        if loss.name not in self.operations:
            self.operations[loss.name] = self.optimizer.compute_gradients(loss)
        return self.optimizer.apply_gradients([g for g in self.operations[loss.name] if g[1] not in set(exempt)])


class _ExemptingByAssignments(_Exempting):
    """Makes the updates itself: one subtraction for each variable."""

    def minimize(self, loss: Any, exempt: list[Any]) -> Any:
        if loss.name not in self.operations:
            self.operations[loss.name] = [
                (variable, self.tf.assign_sub(variable, self.optimizer._lr * gradient))
                for gradient, variable in self.optimizer.compute_gradients(loss)
            ]
        return [update for variable, update in self.operations[loss.name] if variable not in exempt]


def _training_by_turns(kind: type[_Exempting]) -> Callable[[Any], Any]:
    def program(tf: Any) -> Any:
        x, y = tf.Variable(3.0, dtype=tf.float32), tf.Variable(31.0, dtype=tf.float32)
        loss = tf.abs(x - y)
        optimizer = kind(tf, tf.train.AdamOptimizer(0.01))
        optimizer.minimize(loss, [])
        seen = []
        with tf.Session() as sess:
            sess.run((tf.global_variables_initializer(), tf.local_variables_initializer()))
            for i in range(STEPS):
                sess.run(optimizer.minimize(loss, exempt=[x if i % 10 < 5 else y]))
                seen.append(sess.run([x, y, loss]))
        return seen

    program.__name__ = kind.__name__
    return program


PROGRAMS: list[Callable[[Any], Any]] = [
    _trainable_is_no_tensor,
    _removed_too_late,
    _collections,
    _training_by_turns(_Exempting),
    _training_by_turns(_ExemptingByGradients),
    _training_by_turns(_ExemptingByAssignments),
]


@pytest.mark.filterwarnings("ignore:The graph grows on each step")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__.strip("_"))
def test_program(program: Callable[[Any], Any]) -> None:
    same_in_folders(program)


def test_nothing_to_train() -> None:
    def program(tf: Any) -> Any:
        v = tf.Variable(3.0, trainable=False)
        return raised(lambda: tf.train.AdamOptimizer(0.01).minimize(v * 2.0))

    assert same_in_folders(program)[0] == "ValueError"


def test_a_graph_that_grows_is_noticed() -> None:
    """The document's second way adds nodes at each step; one warning names the line that does."""
    tf = oracle.our_tf()
    with tf.Graph().as_default(), pytest.warns(UserWarning, match="The graph grows on each step") as caught:
        _training_by_turns(_ExemptingByGradients)(tf)
    assert len(caught) == 1
    assert "test_seeds_training.py" in str(caught[0].message)
