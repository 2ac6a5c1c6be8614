"""The table of all optimizers, and the program that trains with one: `train(tf, row.make, mode, dtype)`.

A row makes the optimizer in either namespace. Numbers come from a function `number`, since TensorFlow takes the
hyper-parameters of the proximal optimizers in the dtype of the variable only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.oracle import graph_nodes

STEPS = 20
KEPT = (0, 1, 9, STEPS - 1)
MODES = ("dense", "sparse", "mixed")


@dataclass(frozen=True)
class Row:
    """One optimizer.

    Attributes:
      name: Name of the test.
      make: `(tf, number) -> optimizer`.
      half: Whether TensorFlow has it for float16.
    """

    name: str
    make: Callable[[Any, Callable[[float], Any]], Any]
    half: bool = True


def _dual_averaging(tf: Any, n: Callable[[float], Any]) -> Any:
    step = tf.train.get_or_create_global_step()
    return tf.train.AdagradDAOptimizer(n(0.1), step, l1_regularization_strength=0.001, l2_regularization_strength=0.01)


def _ftrl(**options: float) -> Callable[[Any, Callable[[float], Any]], Any]:
    return lambda tf, n: tf.train.FtrlOptimizer(n(0.1), **options)


TABLE = (
    Row("gradient_descent", lambda tf, n: tf.train.GradientDescentOptimizer(n(0.03))),
    Row("momentum", lambda tf, n: tf.train.MomentumOptimizer(n(0.02), n(0.9))),
    Row("nesterov", lambda tf, n: tf.train.MomentumOptimizer(n(0.02), n(0.9), use_nesterov=True)),
    Row("adam", lambda tf, n: tf.train.AdamOptimizer(n(0.01))),
    Row("adam_large_epsilon", lambda tf, n: tf.train.AdamOptimizer(n(0.05), 0.8, 0.95, n(0.1))),
    Row("rmsprop", lambda tf, n: tf.train.RMSPropOptimizer(n(0.01))),
    Row("rmsprop_momentum", lambda tf, n: tf.train.RMSPropOptimizer(n(0.01), 0.8, 0.5, 1e-3)),
    Row("centered_rmsprop", lambda tf, n: tf.train.RMSPropOptimizer(n(0.01), momentum=0.3, centered=True)),
    Row("adagrad", lambda tf, n: tf.train.AdagradOptimizer(n(0.1))),
    Row("adadelta", lambda tf, n: tf.train.AdadeltaOptimizer(n(1.0), 0.9, 1e-6)),
    Row("ftrl", _ftrl()),
    Row("ftrl_l1_l2", _ftrl(l1_regularization_strength=0.05, l2_regularization_strength=0.02)),
    Row("ftrl_shrinkage", _ftrl(l1_regularization_strength=0.01, l2_shrinkage_regularization_strength=0.03)),
    Row("ftrl_power", _ftrl(learning_rate_power=-0.3, initial_accumulator_value=0.5, beta=0.2)),
    Row("ftrl_power_zero", _ftrl(learning_rate_power=0.0, l2_regularization_strength=0.1)),
    Row("proximal", lambda tf, n: tf.train.ProximalGradientDescentOptimizer(n(0.02), n(0.1), n(0.2)), half=False),
    Row("proximal_adagrad", lambda tf, n: tf.train.ProximalAdagradOptimizer(n(0.1), 0.1, n(0.05), n(0.1)), half=False),
    Row("dual_averaging", _dual_averaging, half=False),
)
BY_NAME = {row.name: row for row in TABLE}


def model(tf: Any, mode: str, dtype: Any) -> Any:
    """A loss of two variables 'w' [4, 3] and 'b' [3].

    Where rows are gathered, no gradient of one variable depends on the other: the reference variables of TensorFlow
    are read in place, and an update of one may come before or after the other's gradient.
    """
    rng = np.random.RandomState(0)
    numpy_type = dtype.as_numpy_dtype
    w = tf.Variable(rng.uniform(-1, 1, [4, 3]).astype(numpy_type), name="w")
    b = tf.Variable(rng.uniform(-1, 1, [3]).astype(numpy_type), name="b")
    target = rng.uniform(-1, 1, [3, 3]).astype(numpy_type)
    rows = tf.gather(w, [1, 3, 1])
    if mode == "dense":
        x = rng.uniform(-1, 1, [5, 4]).astype(numpy_type)
        return tf.reduce_mean(tf.square(tf.matmul(x, w) + b))
    loss = tf.reduce_sum(tf.square(rows - target)) + tf.reduce_sum(tf.square(b - target[0]))
    return loss if mode == "sparse" else loss + 0.5 * tf.reduce_sum(tf.square(w))


def train(tf: Any, row_name: str, mode: str, dtype_name: str, steps: int = STEPS) -> dict[str, Any]:
    """Trains and returns what can be seen of it: names, nodes, and the values of all variables at some steps."""
    dtype = getattr(tf, dtype_name)
    loss = model(tf, mode, dtype)
    optimizer = BY_NAME[row_name].make(tf, dtype.as_numpy_dtype if dtype_name == "float64" else float)
    before = len(graph_nodes(tf.get_default_graph()))
    step = optimizer.minimize(loss, global_step=tf.train.get_or_create_global_step())
    nodes = [n for n in graph_nodes(tf.get_default_graph())[before:] if not n[0].startswith("gradients/")]
    values = {}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for i in range(steps):
            sess.run(step)
            if i in KEPT:
                values[i] = sess.run({v.name: v for v in tf.global_variables()})
    return {
        "values": values,
        "step": step.name,
        "variables": [v.name for v in tf.global_variables()],
        "trainable": [v.name for v in tf.trainable_variables()],
        "own": [v.name for v in optimizer.variables()],
        "slots": optimizer.get_slot_names(),
        "slots of w": {
            n: s.name
            for n in optimizer.get_slot_names()
            if (s := optimizer.get_slot(tf.trainable_variables()[0], n)) is not None
        },
        "nodes": nodes,
    }
