"""`tf.losses` against real TensorFlow: values, gradients, nodes, collections, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle

LABELS = np.array([[0.0, 1.0, 0.5], [1.0, 0.0, 0.25], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], np.float32)
PREDICTIONS = np.array([[0.2, 0.9, 0.4], [0.3, 0.4, 0.7], [0.9, 0.1, 0.3], [0.6, 0.5, 0.8]], np.float32)
WEIGHTS = np.array([[0.5], [2.0], [0.0], [1.5]], np.float32)
CLASSES = np.array([2, 0, 1, 1], np.int32)

ELEMENTWISE = {
    "absolute_difference": {},
    "cosine_distance": {"axis": 1},
    "hinge_loss": {},
    "huber_loss": {"delta": 0.3},
    "log_loss": {"epsilon": 1e-3},
    "mean_squared_error": {},
    "sigmoid_cross_entropy": {"label_smoothing": 0.2},
    "softmax_cross_entropy": {"label_smoothing": 0.1},
}
REDUCTIONS = (
    "none",
    "weighted_sum",
    "weighted_mean",
    "weighted_sum_over_batch_size",
    "weighted_sum_by_nonzero_weights",
)


def _weights_for(name: str, weights: np.ndarray) -> np.ndarray:
    return weights[:, 0] if name == "softmax_cross_entropy" else weights


def _loss(tf: Any, name: str, shape: Any, weights: Any, **more: Any) -> Any:
    labels, predictions = tf.placeholder(tf.float32, shape), tf.placeholder(tf.float32, shape)
    loss = getattr(tf.losses, name)(labels, predictions, weights=weights, **ELEMENTWISE[name], **more)
    gradient = tf.gradients(loss, predictions)[0]
    with tf.Session() as session:
        return session.run([loss, gradient], {labels: LABELS, predictions: PREDICTIONS})


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values_and_gradients(name: str) -> None:
    weights = _weights_for(name, WEIGHTS)
    for shape in ([4, 3], [None, 3]):
        check_both(lambda tf, shape=shape: _loss(tf, name, shape, 1.0), rtol=2e-5, atol=1e-6)
        check_both(lambda tf, shape=shape: _loss(tf, name, shape, weights), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ["absolute_difference", "softmax_cross_entropy"])
def test_reductions(name: str, reduction: str) -> None:
    for weights in (2.0, 0.0, _weights_for(name, WEIGHTS), _weights_for(name, WEIGHTS * 0)):
        check_both(
            lambda tf, weights=weights: _loss(tf, name, [4, 3], weights, reduction=reduction), rtol=2e-5, atol=1e-6
        )


@pytest.mark.parametrize("name", [*ELEMENTWISE, "mean_pairwise_squared_error"])
def test_nodes(name: str) -> None:
    weights = _weights_for(name, WEIGHTS)

    def body(tf: Any) -> Any:
        call = getattr(tf.losses, name)
        for w in (1.0, weights):
            for dtype in (tf.float32, tf.float64):
                labels, predictions = tf.placeholder(dtype, [4, 3]), tf.placeholder(dtype, [4, 3])
                loss = call(labels, predictions, weights=w, **ELEMENTWISE.get(name, {}))
                assert loss.dtype.is_floating
        graph = tf.get_default_graph()
        return graph_nodes(graph), [loss.name for loss in tf.losses.get_losses()]

    check_both(body)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_nodes_of_reductions(reduction: str) -> None:
    def body(tf: Any) -> Any:
        with tf.name_scope("outer"):
            for weights in (0.5, WEIGHTS, np.tile(WEIGHTS, [1, 3])):
                tf.losses.compute_weighted_loss(tf.placeholder(tf.float32, [4, 3]), weights, reduction=reduction)
            tf.losses.compute_weighted_loss(tf.placeholder(tf.float16, [4, 3]), 2, "own", None, reduction)
        return graph_nodes(tf.get_default_graph()), [loss.name for loss in tf.losses.get_losses("outer")]

    check_both(body)


def test_mean_pairwise_squared_error() -> None:
    def body(tf: Any, weights: Any) -> Any:
        labels, predictions = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 3])
        loss = tf.losses.mean_pairwise_squared_error(labels, predictions, weights=weights)
        found = [loss, *tf.gradients(loss, [labels, predictions])]
        with tf.Session() as session:
            return session.run(found, {labels: LABELS, predictions: PREDICTIONS})

    for weights in (1.0, 0.0, WEIGHTS):
        check_both(body, weights, rtol=2e-5, atol=1e-6)


def test_sparse_softmax_cross_entropy() -> None:
    def body(tf: Any, label_shape: Any, weights: Any, classes: np.ndarray) -> Any:
        labels, logits = tf.placeholder(tf.int32, label_shape), tf.placeholder(tf.float32, [None, 3])
        loss = tf.losses.sparse_softmax_cross_entropy(labels, logits, weights=weights)
        gradient = tf.gradients(loss, logits)[0]
        with tf.Session() as session:
            return session.run([loss, gradient], {labels: classes, logits: PREDICTIONS})

    for label_shape, classes in (
        ([None], CLASSES),
        ([4], CLASSES),
        ([None, 1], CLASSES[:, None]),
        (None, CLASSES),
        (None, CLASSES[:, None]),
    ):
        for weights in (1.0, WEIGHTS[:, 0], WEIGHTS) if label_shape == [None] else (WEIGHTS,):
            check_both(body, label_shape, weights, classes, rtol=2e-5, atol=1e-6)

    def nodes(tf: Any) -> Any:
        tf.losses.sparse_softmax_cross_entropy(tf.placeholder(tf.int32, [4, 1]), tf.placeholder(tf.float32, [4, 3]))
        tf.losses.sparse_softmax_cross_entropy(
            tf.placeholder(tf.int64, [4]), tf.placeholder(tf.float32, [4, 3]), tf.placeholder(tf.float32, [4, 1])
        )
        return graph_nodes(tf.get_default_graph())

    check_both(nodes)


def test_total_and_regularization() -> None:
    def body(tf: Any) -> Any:
        empty = tf.losses.get_regularization_loss()
        tf.losses.mean_squared_error(LABELS, PREDICTIONS, scope="first")
        tf.losses.add_loss(tf.constant(2.0, name="own"))
        tf.losses.add_loss(tf.constant(3.0, name="lost"), None)
        with tf.variable_scope("net"):
            tf.get_variable("v", initializer=tf.constant([1.0, 2.0]), regularizer=lambda v: 0.5 * tf.reduce_sum(v))
        found = [
            empty,
            tf.losses.get_total_loss(),
            tf.losses.get_total_loss(False, "without"),
            tf.losses.get_total_loss(scope="first"),
            tf.losses.get_regularization_loss("net"),
        ]
        names = [t.name for t in (*found, *tf.losses.get_losses(), *tf.losses.get_regularization_losses())]
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return (
                names,
                session.run(found),
                [tf.losses.get_losses("nothing"), tf.losses.get_regularization_losses("x")],
            )

    check_both(body)
    check_both_raise(lambda tf: tf.losses.get_total_loss(), match="Inputs must be an iterable of at least one")


def test_reduction_names() -> None:
    check_both(lambda tf: [tf.losses.Reduction.all(), tf.losses.Reduction.validate("none")])
    check_both_raise(lambda tf: tf.losses.Reduction.validate("sum"))


ERRORS = {
    "no labels": lambda tf, p: tf.losses.mean_squared_error(None, p([3])),
    "no predictions": lambda tf, p: tf.losses.absolute_difference(p([3]), None),
    "no logits": lambda tf, p: tf.losses.hinge_loss(p([3]), None),
    "no classes": lambda tf, p: tf.losses.sigmoid_cross_entropy(None, p([3])),
    "no one hot": lambda tf, p: tf.losses.softmax_cross_entropy(None, p([3])),
    "no sparse labels": lambda tf, p: tf.losses.sparse_softmax_cross_entropy(None, p([3])),
    "no axis": lambda tf, p: tf.losses.cosine_distance(p([3]), p([3])),
    "axis and dim": lambda tf, p: tf.losses.cosine_distance(p([3]), p([3]), axis=0, dim=0),
    "shapes": lambda tf, p: tf.losses.huber_loss(p([3]), p([4])),
    "pairwise shapes": lambda tf, p: tf.losses.mean_pairwise_squared_error(p([3]), p([4])),
    "reduction": lambda tf, p: tf.losses.log_loss(p([3]), p([3]), reduction="mean"),
    "no weights": lambda tf, p: tf.losses.log_loss(p([3]), p([3]), weights=None),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case: str) -> None:
    check_both_raise(lambda tf: ERRORS[case](tf, lambda shape: tf.placeholder(tf.float32, shape)))


def test_weights_that_do_not_fit() -> None:
    def static(tf: Any, shape: Any) -> Any:
        return tf.losses.mean_squared_error(tf.zeros([3, 2]), tf.ones([3, 2]), weights=tf.ones(shape))

    for shape, words in (([3], "values.rank=2. weights.rank=1."), ([2, 2], "Mismatch at dim 0.")):
        check_both_raise(lambda tf, shape=shape: static(tf, shape), match=words)

    def run(tf: Any, known: Any, sizes: Any, value: Any = (3, 2)) -> Any:
        losses, weights = tf.placeholder(tf.float32, known), tf.placeholder(tf.float32, known)
        loss = tf.losses.compute_weighted_loss(losses, weights)
        with tf.Session() as session:
            return session.run(loss, {losses: np.ones(value), weights: np.full(sizes, 2.0)})

    for known in (None, [None, None]):
        for sizes in ((3, 2), (1, 2), (3, 1), (1, 1)):
            check_both(lambda tf, known=known, sizes=sizes: run(tf, known, sizes))
        check_both_raise(
            lambda tf, known=known: run(tf, known, (2, 2)),
            match="assertion failed: [weights can not be broadcast to values.] [weights.shape=]",
        )
    check_both(lambda tf: run(tf, None, ()))
    for sizes in ((3,), (2,), (1, 3, 2)):
        check_both_raise(lambda tf, sizes=sizes: run(tf, None, sizes), match="weights can not be broadcast to values.")


def test_unknown_shapes_cost_no_stop_on_the_host() -> None:
    """The check of the shapes is made while the program is traced: a step stays one program."""
    import scopedjax as tf
    from scopedjax._src.lower.plan import runs_on_host

    with tf.Graph().as_default() as graph:
        losses, weights = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
        tf.losses.compute_weighted_loss(losses, weights)
        checks = [op for op in graph.get_operations() if op.type == "Assert"]
        assert len(checks) == 2
        assert not any(runs_on_host(op) for op in checks)
