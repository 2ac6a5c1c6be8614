"""`tf.metrics` against real TensorFlow: each metric over several batches, its variables, nodes, collections, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle

RNG = np.random.RandomState(5)
BATCHES = 3
SIZE = 6
CLASSES = RNG.randint(0, 4, size=(BATCHES, SIZE))
GUESSES = np.where(RNG.rand(BATCHES, SIZE) < 0.6, CLASSES, RNG.randint(0, 4, size=(BATCHES, SIZE)))
NUMBERS = RNG.rand(BATCHES, SIZE).astype(np.float32)
SCORES = RNG.rand(BATCHES, SIZE).astype(np.float32)
WEIGHTS = RNG.randint(0, 3, size=(BATCHES, SIZE)).astype(np.float32)
ROWS = RNG.randint(0, 5, size=(BATCHES, SIZE, 2))
RANKED = RNG.rand(BATCHES, SIZE, 5).astype(np.float32)
LIMITS = [0.7, 0.2, 0.4]

# name -> (labels, predictions, further arguments); None for labels where there are none.
METRICS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "mean": (None, NUMBERS, {}),
    "mean_tensor": (None, NUMBERS, {}),
    "percentage_below": (None, NUMBERS, {"threshold": 0.4}),
    "accuracy": (CLASSES, GUESSES, {}),
    "mean_absolute_error": (NUMBERS, SCORES, {}),
    "mean_relative_error": (NUMBERS, SCORES, {"normalizer": np.array([1, 2, 0, 4, 0, 0.5], np.float32)}),
    "mean_squared_error": (NUMBERS, SCORES, {}),
    "root_mean_squared_error": (NUMBERS, SCORES, {}),
    "precision": (CLASSES, GUESSES, {}),
    "recall": (CLASSES, GUESSES, {}),
    "true_positives": (CLASSES, GUESSES, {}),
    "true_negatives": (CLASSES, GUESSES, {}),
    "false_positives": (CLASSES, GUESSES, {}),
    "false_negatives": (CLASSES, GUESSES, {}),
    "mean_iou": (CLASSES, GUESSES, {"num_classes": 5}),
    "mean_per_class_accuracy": (CLASSES, GUESSES, {"num_classes": 5}),
    "auc": (CLASSES > 1, SCORES, {"num_thresholds": 20}),
    "sensitivity_at_specificity": (CLASSES > 1, SCORES, {"specificity": 0.6, "num_thresholds": 20}),
    "specificity_at_sensitivity": (CLASSES > 1, SCORES, {"sensitivity": 0.6, "num_thresholds": 20}),
    "precision_at_thresholds": (CLASSES > 1, SCORES, {"thresholds": LIMITS}),
    "recall_at_thresholds": (CLASSES > 1, SCORES, {"thresholds": LIMITS}),
    "true_positives_at_thresholds": (CLASSES > 1, SCORES, {"thresholds": LIMITS}),
    "true_negatives_at_thresholds": (CLASSES > 1, SCORES, {"thresholds": LIMITS}),
    "false_positives_at_thresholds": (CLASSES > 1, SCORES, {"thresholds": LIMITS}),
    "false_negatives_at_thresholds": (CLASSES > 1, SCORES, {"thresholds": LIMITS}),
    "precision_at_k": (ROWS, RANKED, {"k": 2}),
    "recall_at_k": (ROWS, RANKED, {"k": 2}),
    "average_precision_at_k": (ROWS, RANKED, {"k": 3}),
    "sparse_precision_at_k": (ROWS, RANKED, {"k": 2, "class_id": 3}),
    "sparse_average_precision_at_k": (ROWS, RANKED, {"k": 1}),
    "precision_at_top_k": (ROWS, np.argsort(RANKED)[..., :3], {"k": 3, "class_id": 1}),
    "recall_at_top_k": (ROWS, np.argsort(RANKED)[..., :3], {"class_id": 1}),
}
# Assertions about values are a guarded `cond` in TensorFlow's graph; here they are one node.
ASSERTING = ("mean_iou", "auc", "thresholds", "specificity", "sensitivity", "average_precision")


def _placeholder(tf: Any, batches: np.ndarray, shape: Any) -> Any:
    wanted = {"full": list(batches.shape[1:]), "partial": [None, *batches.shape[2:]], "rankless": None}[shape]
    return tf.placeholder(tf.as_dtype(batches.dtype), wanted)


def _stream(tf: Any, metric: str, shape: str, weights: Any = None, **more: Any) -> Any:
    labels, predictions, options = METRICS[metric]
    feeds, arguments = [], {}
    for name, batches in (("labels", labels), ("predictions", predictions), ("weights", weights)):
        if batches is not None:
            if labels is None and name == "predictions":
                name = "values"
            elif metric.endswith("top_k") and name == "predictions":
                name = "predictions_idx"
            arguments[name] = _placeholder(tf, batches, shape)
            feeds.append((arguments[name], batches))
    value, update = getattr(tf.metrics, metric)(**arguments, **options, **more)
    seen: list[Any] = [value.shape, update.shape, value.dtype.name, update.name, value.name]
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        for batch in range(BATCHES):
            seen.append(session.run(update, {t: batches[batch] for t, batches in feeds}))
        seen.append(session.run(value))
        names = [v.name for v in tf.local_variables()]
        seen.extend([names, [v.name for v in tf.get_collection(tf.GraphKeys.METRIC_VARIABLES)]])
        seen.append(session.run(tf.local_variables()))
        assert not tf.global_variables()
        assert not tf.trainable_variables()
    return seen


def _weights(metric: str) -> np.ndarray:
    return WEIGHTS


@pytest.mark.parametrize("metric", METRICS)
def test_batches(metric: str) -> None:
    check_both(lambda tf: _stream(tf, metric, "full"), rtol=2e-5, atol=1e-6)
    check_both(
        lambda tf: _stream(tf, metric, "partial" if metric != "mean_tensor" else "full", _weights(metric)),
        rtol=2e-5,
        atol=1e-6,
    )


@pytest.mark.parametrize("metric", [m for m in METRICS if not any(word in m for word in ASSERTING)])
def test_nodes(metric: str) -> None:
    def body(tf: Any) -> Any:
        labels, predictions, options = METRICS[metric]
        weighted = () if "_k" in metric else (WEIGHTS[0], 2.0)  # the sizes of sets are not known: asserted in a run
        for weights in (None, *(tf.constant(w, name="w") for w in weighted)):
            given = [predictions[0]] if labels is None else [labels[0], predictions[0]]
            tensors = [tf.placeholder(tf.as_dtype(x.dtype), x.shape) for x in given]
            more = {"metrics_collections": "m", "updates_collections": ["u", "w"]}
            getattr(tf.metrics, metric)(
                *tensors, **options, weights=weights, name=None if weights is None else "own", **more
            )
        graph = tf.get_default_graph()
        return graph_nodes(graph), [[t.name for t in tf.get_collection(key)] for key in ("m", "u", "w")]

    check_both(body)


@pytest.mark.parametrize("metric", ["accuracy", "mean", "precision", "precision_at_thresholds", "recall_at_k"])
def test_unknown_ranks(metric: str) -> None:
    if not metric.endswith("_k"):
        check_both(lambda tf: _stream(tf, metric, "rankless", WEIGHTS), rtol=2e-5, atol=1e-6)
    else:
        check_both(lambda tf: _stream(tf, metric, "partial", WEIGHTS[:, :1] * 0 + 2), rtol=2e-5)


AREAS: dict[str, dict[str, Any]] = {
    "PR": {"curve": "PR"},
    "careful": {"curve": "PR", "summation_method": "careful_interpolation"},
    "careful ROC": {"summation_method": "careful_interpolation"},
    "minoring": {"summation_method": "minoring"},
    "majoring": {"curve": "PR", "summation_method": "majoring"},
}


@pytest.mark.parametrize("case", AREAS)
@pytest.mark.filterwarnings("ignore:Trapezoidal")
def test_areas(case: str) -> None:
    check_both(lambda tf: _stream(tf, "auc", "full", WEIGHTS, **AREAS[case]), rtol=2e-5, atol=1e-6)


def test_area_at_given_thresholds() -> None:
    def body(tf: Any) -> Any:
        value, update = tf.metrics.auc(CLASSES[0] > 1, tf.constant(SCORES[0]), thresholds=LIMITS)
        with tf.Session() as session:
            session.run(tf.local_variables_initializer())
            return session.run(update), session.run(value), [v.shape for v in tf.local_variables()]

    check_both(body, rtol=2e-5)


def test_cosine_distance() -> None:
    def body(tf: Any) -> Any:
        a, b = tf.nn.l2_normalize(RANKED[0], 1), tf.nn.l2_normalize(RANKED[1], 1)
        value, update = tf.metrics.mean_cosine_distance(a, b, 1, WEIGHTS[0][:, None], "m", "u")
        nodes = graph_nodes(tf.get_default_graph())
        with tf.Session() as session:
            session.run(tf.local_variables_initializer())
            return session.run(update), session.run(value), nodes, [t.name for t in tf.get_collection("m")]

    check_both(body, rtol=2e-5, atol=1e-6)


def _sparse(tf: Any, rows: np.ndarray) -> Any:
    places = np.argwhere(np.ones_like(rows, bool))
    keep = np.arange(len(places)) % 3 != 1
    return tf.SparseTensor(places[keep], rows.ravel()[keep], rows.shape)


@pytest.mark.parametrize("metric", ["precision_at_k", "recall_at_k", "average_precision_at_k"])
def test_sparse_labels(metric: str) -> None:
    def body(tf: Any, **more: Any) -> Any:
        value, update = getattr(tf.metrics, metric)(_sparse(tf, ROWS[0]), tf.constant(RANKED[0]), k=2, **more)
        with tf.Session() as session:
            session.run(tf.local_variables_initializer())
            return session.run(update), session.run(value)

    check_both(body)
    check_both(lambda tf: body(tf, weights=WEIGHTS[0]))
    if metric != "average_precision_at_k":
        check_both(lambda tf: body(tf, class_id=int(ROWS[0, 0, 0])))


def test_one_label_an_example() -> None:
    for metric in ("precision_at_k", "recall_at_k", "average_precision_at_k"):

        def body(tf: Any, metric: str = metric) -> Any:
            labels = tf.constant(np.array([0, 9, 2, 3, 4, 1]))
            value, update = getattr(tf.metrics, metric)(labels, tf.constant(RANKED[0]), k=3)
            with tf.Session() as session:
                session.run(tf.local_variables_initializer())
                return session.run(update), session.run(value)

        check_both(body)


def test_columns_and_rows() -> None:
    """A last dimension of size 1 is taken off or put on, for labels, predictions and weights."""
    for labels, predictions, weights in (((6, 1), (6,), (6,)), ((6,), (6, 1), (6, 1)), ((6, 1), (6, 1), (6,))):

        def body(tf: Any, shapes: Any = (labels, predictions, weights)) -> Any:
            given = [tf.constant(x[0].reshape(s)) for x, s in zip((CLASSES, GUESSES, WEIGHTS), shapes, strict=True)]
            value, update = tf.metrics.accuracy(*given)
            with tf.Session() as session:
                session.run(tf.local_variables_initializer())
                return session.run(update), session.run(value)

        check_both(body)


ERRORS: dict[str, Callable[..., Any]] = {
    "shapes": lambda tf: tf.metrics.accuracy([1, 2, 3], [1, 2]),
    "weights": lambda tf: tf.metrics.mean([1.0, 2.0], weights=[[1.0, 2.0], [1.0, 2.0]]),
    "curve": lambda tf: tf.metrics.auc([1], tf.constant([0.5]), curve="roc"),
    "method": lambda tf: tf.metrics.auc([1], tf.constant([0.5]), summation_method="exact"),
    "specificity": lambda tf: tf.metrics.sensitivity_at_specificity([1], tf.constant([0.5]), 1.5),
    "sensitivity": lambda tf: tf.metrics.specificity_at_sensitivity([1], tf.constant([0.5]), -0.5),
    "k": lambda tf: tf.metrics.average_precision_at_k(ROWS[0], RANKED[0], 0),
    "iou": lambda tf: tf.metrics.mean_iou(tf.constant([1, 2, 3]), tf.constant([1, 2]), 4),
    "counts": lambda tf: tf.metrics.true_positives([1, 2, 3], [1, 2]),
    "labels": lambda tf: tf.metrics.recall_at_k(ROWS[0], RANKED, 1),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case: str) -> None:
    check_both_raise(ERRORS[case], match={"shapes": "are incompatible", "counts": "are incompatible"}.get(case))


def test_predictions_out_of_range() -> None:
    def body(tf: Any) -> Any:
        _, update = tf.metrics.precision_at_thresholds([1, 0], tf.constant([0.5, 1.5]), [0.5])
        with tf.Session() as session:
            session.run(tf.local_variables_initializer())
            return session.run(update)

    check_both_raise(body, match="predictions must be in [0, 1]")


def test_names_by_scope() -> None:
    """Names repeat as TF1's do, and scopes of variables around them count."""

    def body(tf: Any) -> Any:
        for _ in range(2):
            tf.metrics.accuracy([1], [1])
            with tf.variable_scope("evaluation"):
                tf.metrics.accuracy([1], [1])
                tf.metrics.recall([1], [1], name="same")
        return [v.name for v in tf.local_variables()], graph_nodes(tf.get_default_graph())

    check_both(body)
