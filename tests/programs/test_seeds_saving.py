"""Programs of the first seed document, in our own words: kinds of variables, checkpoints, scopes, sharing."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.programs.folder import raised, same_in_folders

pytestmark = pytest.mark.oracle


def _kinds_of_variables(tf: Any) -> Any:
    fruit = tf.Variable("Orange", tf.string)
    quantity = tf.Variable(2, tf.int16)
    price = tf.Variable(3.23, tf.float32)
    strings = tf.Variable(["Fruit", "orange"], tf.string)
    prices = tf.Variable([3.23, 4.02], tf.float64)
    answers = tf.Variable([[False, True], [False, False]], tf.bool)
    made = [fruit, quantity, price, strings, prices, answers]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [(v.name, v.dtype.name, v.shape, bool(v.trainable)) for v in made], sess.run(made)


def _getting_variables(tf: Any) -> Any:
    tf.set_random_seed(3)
    made = [
        tf.get_variable("v1", [5, 5, 3]),
        tf.get_variable("v2", initializer=tf.constant(2)),
        tf.get_variable("v3", initializer=tf.constant([[2, 3], [4, 5]])),
    ]
    again = [
        raised(lambda: tf.get_variable("v1", [3, 2], initializer=tf.zeros_initializer)),
        raised(lambda: tf.get_variable("v2", [3, 2], initializer=tf.ones_initializer)),
    ]
    made += [
        tf.get_variable("v4", [3, 2], initializer=tf.zeros_initializer),
        tf.get_variable("v5", [3, 2], initializer=tf.ones_initializer),
        tf.get_variable("v6", [3, 2], initializer=tf.constant_initializer([1, 2, 3, 4, 5, 6])),
        tf.get_variable("W", [784, 256], initializer=tf.truncated_normal_initializer(stddev=np.sqrt(2.0 / 784))),
        tf.get_variable("z", [4, 5], initializer=tf.random_uniform_initializer(-1, 1)),
    ]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return again, [v.name for v in made], sess.run(made)


def _counting(tf: Any) -> Any:
    biases = tf.get_variable("z", [256], initializer=tf.zeros_initializer)
    counter = tf.get_variable("counter", initializer=tf.constant(0))
    increment = tf.assign(counter, counter + 1)
    init = tf.global_variables_initializer()
    with tf.Session() as sess:
        sess.run(init)
        b = sess.run(biases)
        return b, [sess.run(increment) for _ in range(3)], sess.run(counter)


def _saving_and_restoring(tf: Any) -> Any:
    results: list[Any] = []
    with tf.Graph().as_default():
        v1 = tf.get_variable("v1", shape=[3], initializer=tf.zeros_initializer)
        v2 = tf.get_variable("v2", shape=[5], initializer=tf.zeros_initializer)
        inc_v1, dec_v2 = v1.assign(v1 + 1), v2.assign(v2 - 1)
        init = tf.global_variables_initializer()
        saver = tf.train.Saver()
        with tf.Session() as sess:
            sess.run(init)
            inc_v1.op.run()
            dec_v2.op.run()
            results.append(saver.save(sess, "model.ckpt"))
    with tf.Graph().as_default():
        v1, v2 = tf.get_variable("v1", shape=[3]), tf.get_variable("v2", shape=[5])
        saver = tf.train.Saver()
        with tf.Session() as sess:
            saver.restore(sess, "model.ckpt")
            results += [f"v1 : {v1.eval()}", f"v2 : {v2.eval()}"]
    with tf.Graph().as_default():
        v1 = tf.get_variable("v1", [3], initializer=tf.zeros_initializer)
        v2 = tf.get_variable("v2", [5], initializer=tf.zeros_initializer)
        saver = tf.train.Saver({"v2": v2})
        with tf.Session() as sess:
            v1.initializer.run()
            saver.restore(sess, "model.ckpt")
            results += [v1.eval(), v2.eval()]
    return results


def _load_model(tf: Any, session: Any, saver: Any, folder: str) -> bool:
    session.run(tf.global_variables_initializer())
    found = tf.train.get_checkpoint_state(folder)
    if found and found.model_checkpoint_path:
        saver.restore(session, os.path.join(folder, os.path.basename(found.model_checkpoint_path)))
        return True
    return False


def _training_with_checkpoints(tf: Any) -> Any:
    """Two runs: the second one finds what the first one saved."""
    results = []
    os.makedirs("checkpoint_folder")
    for _ in range(2):
        with tf.Graph().as_default(), tf.Session() as session:
            count = tf.get_variable("count", initializer=tf.constant(0.0))
            step = count.assign_add(1.0)
            saver = tf.train.Saver()
            loaded = _load_model(tf, session, saver, "./checkpoint_folder")
            results += [loaded, session.run(count)]
            for i in range(50):
                session.run(step)
                if i % 10 == 0:
                    saver.save(session, os.path.join("./checkpoint_folder", "model"), global_step=i)
            results.append(saver.last_checkpoints)
    return results


def _freezing_a_part(tf: Any) -> Any:
    """Transfer: the frozen weights are restored with the others and not trained."""
    tf.set_random_seed(1)
    frozen = tf.get_variable("CNN_W", [4, 3], trainable=False, initializer=tf.truncated_normal_initializer(stddev=0.02))
    head = tf.get_variable("head", [3, 1], initializer=tf.ones_initializer())
    x = tf.constant(np.arange(8).reshape(2, 4), tf.float32)
    loss = tf.reduce_mean(tf.square(tf.matmul(tf.matmul(x, frozen), head) - 1.0))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        before = sess.run([frozen, head])
        path = saver.save(sess, "./model")
        sess.run(train)
        trained = sess.run([frozen, head])
        saver.restore(sess, path)
        return [v.name for v in tf.trainable_variables()], before, trained, sess.run([frozen, head])


def _two_optimizers(tf: Any) -> Any:
    """A discriminator and a generator, each trained by its own optimizer on its own variables."""

    def scope_variables(name: str) -> Any:
        with tf.variable_scope(name):
            return tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope=tf.get_variable_scope().name)

    with tf.variable_scope("discriminator"):
        v1 = tf.get_variable("v1", [3], initializer=tf.ones_initializer())
    with tf.variable_scope("generator"):
        v2 = tf.get_variable("v2", [3], initializer=tf.ones_initializer())
    discriminator, generator = scope_variables("discriminator"), scope_variables("generator")
    d_loss, g_loss = tf.reduce_sum(tf.square(v1 * v2 - 3.0)), tf.reduce_sum(tf.square(v1 + v2))
    train_d = tf.train.AdamOptimizer(0.1).minimize(d_loss, var_list=discriminator)
    train_g = tf.train.MomentumOptimizer(0.01, 0.9).minimize(g_loss, var_list=generator)
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = []
        for _ in range(3):
            sess.run(train_d)
            values.append(sess.run([v1, v2]))
            sess.run(train_g)
            values.append(sess.run([v1, v2]))
        path = saver.save(sess, "./gan")
        return [v.name for v in discriminator + generator], values, tf.train.list_variables(path)


def _convolutions_in_scopes(tf: Any) -> Any:
    tf.set_random_seed(5)

    def conv2d(x: Any, output_dim: int, size: int = 5, stride: int = 2, stddev: float = 0.02) -> Any:
        w = tf.get_variable(
            "w", [size, size, x.get_shape()[-1], output_dim],
            initializer=tf.truncated_normal_initializer(stddev=stddev),
        )  # fmt: skip
        conv = tf.nn.conv2d(x, w, strides=[1, stride, stride, 1], padding="SAME")
        biases = tf.get_variable("biases", [output_dim], initializer=tf.constant_initializer(0.0))
        return tf.reshape(tf.nn.bias_add(conv, biases), conv.get_shape())

    with tf.variable_scope("conv1"):
        cnn1 = conv2d(tf.random_normal([1, 10, 10, 32]), 16)
    with tf.variable_scope("conv2"):
        cnn2 = conv2d(tf.random_normal([1, 20, 20, 32]), 16)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [v.name for v in tf.global_variables()], cnn1.shape, cnn2.shape, sess.run([cnn1, cnn2])


def _sharing(tf: Any) -> Any:
    v1, v2 = tf.Variable(10, name="name1"), tf.Variable(10, name="name1")

    def affine(x: Any, shape: list[int]) -> Any:
        w, b = tf.Variable(tf.truncated_normal(shape)), tf.Variable(tf.zeros([shape[1]]))
        return tf.nn.relu(tf.matmul(x, w) + b)

    def affine_shared(x: Any, shape: list[int]) -> Any:
        w = tf.get_variable("W", shape, initializer=tf.random_normal_initializer(seed=2))
        b = tf.get_variable("b", [shape[1]], initializer=tf.constant_initializer(0.0))
        return tf.nn.relu(tf.matmul(x, w) + b)

    x = tf.placeholder(tf.float32, [None, 784])
    for _ in range(2):
        with tf.variable_scope("n1"):
            affine(x, [784, 500])
    with tf.variable_scope("n2"):
        one = affine_shared(x, [784, 500])
    with tf.variable_scope("n2", reuse=True):
        two = affine_shared(x, [784, 500])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        fed = {x: np.linspace(-1, 1, 2 * 784, dtype=np.float32).reshape(2, 784)}
        a, b = sess.run([one, two], fed)
    return v1 is v2, [v.name for v in tf.global_variables()], one.name, two.name, np.array_equal(a, b)


def _reusing(tf: Any) -> Any:
    found: list[Any] = []
    with tf.variable_scope("foo"):
        v = tf.get_variable("v", [1])
        found.append(raised(lambda: tf.get_variable("v")))
    with tf.variable_scope("bar", reuse=True):
        found.append(raised(lambda: tf.get_variable("v")))
    with tf.variable_scope("foo"):
        v = tf.get_variable("v2", [1])
    with tf.variable_scope("foo", reuse=True):
        found.append(tf.get_variable("v2") is v)
    with tf.variable_scope("foo") as scope:
        v = tf.get_variable("v3", [1])
        scope.reuse_variables()
        found.append(tf.get_variable("v3") is v)
    with tf.variable_scope("model") as scope:
        w = tf.get_variable("w", [1])
    with tf.variable_scope(scope, reuse=True):
        found.append(tf.get_variable("w") is w)
    with tf.variable_scope("foo"), tf.variable_scope("bar"):
        found.append(tf.get_variable("v", [1]).name)
    return found


def _name_scopes(tf: Any) -> Any:
    with tf.name_scope("foo1"):
        v1, v2 = tf.get_variable("v", [1]), tf.Variable(1, name="v2")
    with tf.variable_scope("foo2"):
        v3, v4 = tf.get_variable("v", [1]), tf.Variable(1, name="v2")
    return [v.name for v in (v1, v2, v3, v4)]


def _assigning(tf: Any) -> Any:
    v = tf.get_variable("v", shape=(), initializer=tf.zeros_initializer())
    v1 = v.assign_add(1)
    v.assign(v1)
    with tf.Session() as session:
        tf.global_variables_initializer().run()
        return session.run([v, v1])


PROGRAMS: list[Callable[[Any], Any]] = [
    _kinds_of_variables, _getting_variables, _counting, _saving_and_restoring, _training_with_checkpoints,
    _freezing_a_part, _two_optimizers, _convolutions_in_scopes, _sharing, _reusing, _name_scopes, _assigning,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__.strip("_"))
def test_program(program: Callable[[Any], Any]) -> None:
    same_in_folders(program, rtol=2e-5, atol=2e-6)
