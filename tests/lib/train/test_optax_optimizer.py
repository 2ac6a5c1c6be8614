"""`OptaxOptimizer` against optax itself: the same bits, with the state in variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from tests.oracle import our_tf

KERNEL = np.linspace(-1, 1, 12).reshape(4, 3).astype(np.float32)
BIAS = np.array([0.5, -0.25, 1.0], np.float32)
X = (np.arange(8).reshape(2, 4) / 4).astype(np.float32)
STEPS = 6

TRANSFORMATIONS: dict[str, Callable[[], Any]] = {
    "sgd": lambda: optax.sgd(0.05),
    "nesterov": lambda: optax.sgd(0.05, 0.9, nesterov=True),
    "adam": lambda: optax.adam(0.01),
    "lion": lambda: optax.lion(1e-3),
    "lamb": lambda: optax.lamb(0.01),
    "amsgrad": lambda: optax.amsgrad(0.01),
    "yogi": lambda: optax.yogi(0.01),
    "factored": lambda: optax.adafactor(0.01, min_dim_size_to_factor=2),
    "clipped": lambda: optax.chain(optax.clip_by_global_norm(0.5), optax.adamw(0.01)),
    "schedule": lambda: optax.adam(optax.exponential_decay(0.1, 2, 0.5)),
    "hyper-parameters": lambda: optax.inject_hyperparams(optax.adam)(
        learning_rate=optax.cosine_decay_schedule(0.1, 10)
    ),
    "every third": lambda: optax.MultiSteps(optax.adam(0.01), 3),
    "masked": lambda: optax.masked(optax.adam(0.01), lambda p: {k: k.endswith("kernel") for k in p}),
    "labelled": lambda: optax.multi_transform(
        {"a": optax.adam(0.01), "b": optax.sgd(0.1)}, {"layer/kernel": "a", "layer/bias": "b"}
    ),
    "noise": lambda: optax.chain(optax.add_noise(0.1, 0.55, 0), optax.sgd(0.1)),
    "noise by typed key": lambda: optax.chain(optax.add_noise(0.1, 0.55, jax.random.key(3)), optax.sgd(0.1)),
    "two traces": lambda: optax.chain(optax.trace(0.9), optax.trace(0.5), optax.scale(-0.01)),
    "starts from the weights": lambda: optax.contrib.schedule_free_adamw(0.01),
    "if finite": lambda: optax.apply_if_finite(optax.adam(0.01), 3),
}


def by_hand(transformation: Any, steps: int = STEPS) -> dict[str, Any]:
    """The weights after training with optax alone."""

    def loss(p: dict[str, Any]) -> Any:
        return jnp.sum(jnp.square(X @ p["layer/kernel"] + p["layer/bias"]))

    @jax.jit
    def step(params: Any, state: Any) -> Any:
        updates, state = transformation.update(jax.grad(loss)(params), state, params)
        return optax.apply_updates(params, updates), state

    params = {"layer/kernel": jnp.asarray(KERNEL), "layer/bias": jnp.asarray(BIAS)}
    state = transformation.init(params)
    for _ in range(steps):
        params, state = step(params, state)
    return {name: np.asarray(value) for name, value in params.items()}


def layer(tf: Any) -> tuple[Any, list[Any]]:
    with tf.variable_scope("layer"):
        kernel = tf.get_variable("kernel", initializer=KERNEL)
        bias = tf.get_variable("bias", initializer=BIAS)
    return tf.reduce_sum(tf.square(tf.matmul(X, kernel) + bias)), [kernel, bias]


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_same_bits_as_optax(tf: Any, name: str) -> None:
    loss, variables = layer(tf)
    optimizer = tf.train.OptaxOptimizer(TRANSFORMATIONS[name]())
    step = optimizer.minimize(loss)
    expected = by_hand(TRANSFORMATIONS[name]())
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(STEPS):
            sess.run(step)
        found = sess.run({v.op.name: v for v in variables})
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value)
    assert {v.op.name for v in optimizer.variables()} <= {v.op.name for v in tf.global_variables()}
    assert not set(optimizer.variables()) & set(tf.trainable_variables())


def test_names_follow_the_fields(tf: Any) -> None:
    loss, (kernel, _) = layer(tf)
    optimizer = tf.train.OptaxOptimizer(optax.chain(optax.trace(0.9), optax.trace(0.5), optax.adam(0.1)), name="Mine")
    step = optimizer.minimize(loss, name="train")
    assert step.name == "train"
    assert optimizer.get_slot_names() == ["mu", "nu", "trace", "trace_1"]
    assert optimizer.get_slot(kernel, "mu").name == "layer/kernel/Mine/mu:0"
    assert optimizer.get_slot(kernel, "trace_1").name == "layer/kernel/Mine/trace_1:0"
    assert [v.name for v in optimizer.variables() if "layer" not in v.name] == ["Mine/count:0"]


def test_one_step_at_a_time_with_a_global_step(tf: Any) -> None:
    loss, _ = layer(tf)
    count = tf.train.get_or_create_global_step()
    step = tf.train.OptaxOptimizer(optax.adam(0.1)).minimize(loss, global_step=count)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            sess.run(step)
        state = sess.graph.get_tensor_by_name("Optax/count:0")
        assert sess.run([count, state]) == [3, 3]


def test_state_is_initialized_again(tf: Any) -> None:
    loss, variables = layer(tf)
    optimizer = tf.train.OptaxOptimizer(optax.contrib.schedule_free_adamw(0.01))
    step = optimizer.minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        start = sess.run(optimizer.variables())
        sess.run(step)
        assert any(not np.array_equal(a, b) for a, b in zip(start, sess.run(optimizer.variables()), strict=True))
        sess.run(tf.global_variables_initializer())
        for a, b in zip(start, sess.run(optimizer.variables()), strict=True):
            np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(sess.run(optimizer.get_slot(variables[0], "z")), KERNEL)


def test_state_goes_through_a_checkpoint(tf: Any, tmp_path: Any) -> None:
    def build() -> tuple[Any, list[Any]]:
        loss, variables = layer(tf)
        return tf.train.OptaxOptimizer(TRANSFORMATIONS["every third"]()).minimize(loss), variables

    step, _ = build()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(4):  # in the middle of an accumulation
            sess.run(step)
        path = tf.train.Saver().save(sess, str(tmp_path / "model"))
    with tf.Graph().as_default():
        step, variables = build()
        with tf.Session() as sess:
            tf.train.Saver().restore(sess, path)
            for _ in range(3):
                sess.run(step)
            found = sess.run(variables)
    expected = by_hand(TRANSFORMATIONS["every third"](), steps=7)
    np.testing.assert_array_equal(found[0], expected["layer/kernel"])
    np.testing.assert_array_equal(found[1], expected["layer/bias"])


def test_float64_is_computed_in_float64(tf: Any) -> None:
    w = tf.Variable(np.array([1.0, -2.0]), name="w")
    step = tf.train.OptaxOptimizer(optax.adam(0.1)).minimize(tf.reduce_sum(w * w * w))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step)
        found = sess.run(w)
    with jax.enable_x64(True):
        transformation, params = optax.adam(0.1), jnp.asarray([1.0, -2.0])
        updates, _ = transformation.update(3 * params**2, transformation.init(params), params)
        np.testing.assert_allclose(found, params + updates, rtol=1e-15)
    assert not jax.config.jax_enable_x64


def test_gathered_rows_are_made_dense(tf: Any) -> None:
    table = tf.Variable(np.ones((4, 2), np.float32), name="table")
    step = tf.train.OptaxOptimizer(optax.sgd(0.5)).minimize(tf.reduce_sum(tf.gather(table, [1, 1, 3])))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step)
        assert sess.run(table).tolist() == [[1.0, 1.0], [0.0, 0.0], [1.0, 1.0], [0.5, 0.5]]


def test_value_of_the_loss_as_extra_argument(tf: Any) -> None:
    """A transformation that wants to know the loss: the plateau halves the rate."""
    loss, variables = layer(tf)
    transformation = optax.chain(optax.sgd(0.001), optax.contrib.reduce_on_plateau(0.5, patience=1, cooldown=0))
    flat = tf.constant(1.0)  # a loss that never falls
    step = tf.train.OptaxOptimizer(transformation, extra_args={"value": flat}).minimize(loss)
    scale = next(v for v in tf.global_variables() if v.op.name == "Optax/scale")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(4):
            sess.run(step)
        assert sess.run(scale) < 1.0
    assert variables


def test_constraint(tf: Any) -> None:
    w = tf.Variable([1.0, -2.0], constraint=lambda v: tf.clip_by_value(v, -0.5, 0.5))
    step = tf.train.OptaxOptimizer(optax.sgd(0.1)).minimize(tf.reduce_sum(w * w))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step)
        assert sess.run(w).tolist() == [0.5, -0.5]


def test_two_lists(tf: Any) -> None:
    loss, (kernel, bias) = layer(tf)
    first = tf.train.OptaxOptimizer(optax.adam(0.1), name="A").minimize(loss, var_list=[kernel])
    second = tf.train.OptaxOptimizer(optax.sgd(0.1), name="B").minimize(loss, var_list=[bias])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(first)
        np.testing.assert_array_equal(sess.run(bias), BIAS)
        before = sess.run(kernel)
        sess.run(second)
        np.testing.assert_array_equal(sess.run(kernel), before)
        assert not np.array_equal(sess.run(bias), BIAS)


def test_same_state_for_a_second_node(tf: Any) -> None:
    loss, _ = layer(tf)
    optimizer = tf.train.OptaxOptimizer(optax.adam(0.1))
    steps = [optimizer.minimize(loss), optimizer.minimize(loss)]
    assert [s.name for s in steps] == ["Optax", "Optax_1"]
    assert len(optimizer.variables()) == 5


def test_what_is_no_transformation() -> None:
    tf = our_tf()
    with pytest.raises(TypeError, match="needs an optax gradient transformation"):
        tf.train.OptaxOptimizer(0.1)


def test_unknown_shape(tf: Any) -> None:
    w = tf.Variable(tf.placeholder_with_default([1.0], [None]), validate_shape=False, name="w")
    with pytest.raises(ValueError, match="needs the static shape of w:0"):
        tf.train.OptaxOptimizer(optax.adam(0.1)).minimize(tf.reduce_sum(w))


def test_imported_node_says_what_is_missing(tf: Any) -> None:
    loss, _ = layer(tf)
    step = tf.train.OptaxOptimizer(optax.sgd(0.1)).minimize(loss)
    definition = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        with tf.Session() as sess:
            sess.run([graph.get_operation_by_name(f"layer/{n}/Assign") for n in ("kernel", "bias")])
            with pytest.raises(tf.errors.UnimplementedError, match="make the OptaxOptimizer again"):
                sess.run(graph.get_operation_by_name(step.name))
