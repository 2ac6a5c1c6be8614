"""Programs of the second, third and fifth seed documents: keys in checkpoints, two ways to restore, names."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests import oracle
from tests.programs.folder import new_current_folder, raised, same_in_folders

pytestmark = pytest.mark.oracle


# ---------------------------------------------------------------------------------- second: scopes, keys in checkpoints


def _filters(tf: Any) -> Any:
    """A filter used twice: an error at first, shared weights after `reuse_variables`."""
    tf.set_random_seed(11)

    def conv_relu(x: Any, kernel_shape: list[int], bias_shape: list[int]) -> Any:
        weights = tf.get_variable("weights", kernel_shape, initializer=tf.random_normal_initializer())
        biases = tf.get_variable("biases", bias_shape, initializer=tf.constant_initializer(0.0))
        return tf.nn.relu(tf.nn.conv2d(x, weights, strides=[1, 1, 1, 1], padding="SAME") + biases)

    def my_image_filter(images: Any) -> Any:
        with tf.variable_scope("conv1"):
            relu1 = conv_relu(images, [5, 5, 4, 4], [4])
        with tf.variable_scope("conv2"):
            return conv_relu(relu1, [5, 5, 4, 4], [4])

    images = [tf.random_normal([1, 6, 6, 4]) for _ in range(2)]
    with tf.variable_scope("image_filters") as scope:
        result1 = my_image_filter(images[0])
        problem = raised(lambda: my_image_filter(images[1]))
        scope.reuse_variables()
        result2 = my_image_filter(images[1])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return problem, [v.name for v in tf.global_variables()], sess.run([result1, result2])


def _sharing_after_an_error(tf: Any) -> Any:
    """`try: get_variable, except ValueError: reuse_variables` inside a layer."""

    def conv2d(value: Any, output_dim: int, name: str = "conv2d") -> Any:
        with tf.variable_scope(name):

            def weights_and_biases() -> Any:
                return (
                    tf.get_variable(
                        "weights", [5, 5, value.get_shape()[-1], output_dim],
                        initializer=tf.truncated_normal_initializer(stddev=0.02, seed=4),
                    ),
                    tf.get_variable("biases", [output_dim], initializer=tf.constant_initializer(0.0)),
                )  # fmt: skip

            try:
                weights, biases = weights_and_biases()
            except ValueError:
                tf.get_variable_scope().reuse_variables()
                weights, biases = weights_and_biases()
            return tf.nn.conv2d(value, weights, strides=[1, 2, 2, 1], padding="SAME") + biases

    x = tf.constant(np.linspace(0, 1, 200).reshape(1, 10, 10, 2), tf.float32)
    one, two = conv2d(x, 3), conv2d(x, 3)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [v.name for v in tf.global_variables()], sess.run([one, two])


def _restoring_over_initial_values(tf: Any) -> Any:
    results: list[Any] = []
    os.makedirs("data")
    for value, renamed in ((0.0, False), (1.0, True)):
        with tf.Graph().as_default():
            v1 = tf.Variable(tf.constant(value, shape=[5]), name="v1")
            tf.Variable(tf.truncated_normal(shape=[3, 2], stddev=0.02), name="v2")
            saver = tf.train.Saver({"vv1": v1} if renamed else None)
            with tf.Session() as sess:
                sess.run(tf.global_variables_initializer())
                path = saver.save(sess, "data/renamed.ckpt" if renamed else "data/model.ckpt")
                results.append(tf.train.list_variables(path))
    for path, start, renamed in (("data/model.ckpt", 1.0, False), ("data/renamed.ckpt", 0.0, True)):
        with tf.Graph().as_default():
            v1 = tf.Variable(tf.constant(start, shape=[5]), name="v1")
            tf.Variable(tf.truncated_normal(shape=[3, 2], stddev=0.02), name="v2")
            init = tf.global_variables_initializer()
            saver = tf.train.Saver({"vv1": v1} if renamed else None)
            sess = tf.InteractiveSession()
            sess.run(init)
            results.append(sess.run(v1))
            saver.restore(sess, path)
            results.append(sess.run(v1))
            sess.close()
    return results


def _summaries(tf: Any) -> Any:
    losses = {name: tf.Variable(float(i), name=name) for i, name in enumerate(("d_loss_real", "d_loss_fake", "g_loss"))}
    summaries = [tf.summary.scalar(name, loss) for name, loss in losses.items()]
    merged = tf.summary.merge_all()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        writer = tf.summary.FileWriter("logs", sess.graph)
        for step in range(3):
            writer.add_summary(sess.run(merged), step)
        writer.close()
    (file,) = os.listdir("logs")
    events = list(tf.train.summary_iterator(os.path.join("logs", file)))
    scalars = [(e.step, v.tag, v.simple_value) for e in events for v in e.summary.value]
    return [s.name for s in summaries], scalars, sum(bool(e.graph_def) for e in events)


# ----------------------------------------------------------------------------------------- third: two ways to restore


def _build_graph(tf: Any, collections: bool = False) -> tuple[Any, Any]:
    w1 = tf.Variable([1, 3, 10, 15], name="W1", dtype=tf.float32)
    w2 = tf.Variable([3, 4, 2, 18], name="W2", dtype=tf.float32)
    w3 = tf.placeholder(shape=[4], dtype=tf.float32, name="W3")
    tf.Variable([100, 100, 100, 100], dtype=tf.float32, name="W4")
    add = tf.add(w1, w2, name="add")
    add1 = tf.add(add, w3, name="add1")
    if collections:
        tf.add_to_collection("w1", "W1:0")
        tf.add_to_collection("w3", w3)
        tf.add_to_collection("add1", add1)
    return w3, add1


def _first_or_again(tf: Any, restore: Callable[[Any, Any], Any], collections: bool = False) -> Any:
    """The program as the document has it: builds and saves the first time, restores and saves the second time."""
    with tf.Session() as sess:
        state = tf.train.get_checkpoint_state("./temp/")
        found: Any = None
        if state:
            saver, w3, add1, found = restore(sess, state)
        else:
            w3, add1 = _build_graph(tf, collections)
            sess.run(tf.group(tf.global_variables_initializer(), tf.local_variables_initializer()))
            saver = tf.train.Saver()
        a = sess.run(add1, feed_dict={w3: [1, 2, 3, 4]})
        return found, a, saver.save(sess, "./temp/model")


def _three_times(tf: Any, restore: Callable[[Any, Any], Any], collections: bool = False) -> Any:
    results = []
    for _ in range(3):
        with tf.Graph().as_default():
            results.append(_first_or_again(tf, restore, collections))
    nodes = [(n.name, n.op) for n in _read_meta_graph(tf, "./temp/model.meta").graph_def.node]
    return results, nodes, sorted(name for name in os.listdir("temp") if name.endswith("meta"))


def _read_meta_graph(tf: Any, path: str) -> Any:
    with tf.Graph().as_default():
        tf.train.import_meta_graph(path)
        return tf.train.export_meta_graph()


def _built_again(tf: Any) -> Any:
    def restore(sess: Any, state: Any) -> Any:
        w3, add1 = _build_graph(tf)
        saver = tf.train.Saver()
        saver.restore(sess, state.model_checkpoint_path)
        return saver, w3, add1, None

    return _three_times(tf, restore)


def _from_the_meta_graph(tf: Any) -> Any:
    def restore(sess: Any, state: Any) -> Any:
        saver = tf.train.import_meta_graph("./temp/model.meta")
        graph = tf.get_default_graph()
        w3, add1 = graph.get_tensor_by_name("W3:0"), graph.get_tensor_by_name("add1:0")
        saver.restore(sess, tf.train.latest_checkpoint("./temp/"))
        return saver, w3, add1, sess.run(tf.get_collection("w1")[0] if tf.get_collection("w1") else "W1:0")

    return _three_times(tf, restore)


def _from_collections(tf: Any) -> Any:
    def restore(sess: Any, state: Any) -> Any:
        saver = tf.train.import_meta_graph("./temp/model.meta")
        w3, add1 = tf.get_collection("w3")[0], tf.get_collection("add1")[0]
        saver.restore(sess, tf.train.latest_checkpoint("./temp/"))
        return saver, w3, add1, sess.run(tf.get_collection("w1")[0])

    return _three_times(tf, restore, collections=True)


def _changing_an_imported_graph(tf: Any) -> Any:
    """New variables beside restored ones: only those without a value are initialized."""
    with tf.Graph().as_default():
        _first_or_again(tf, lambda sess, state: None)
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = tf.train.import_meta_graph("./temp/model.meta")
        graph = tf.get_default_graph()
        scale = tf.Variable([2.0, 2.0, 2.0, 2.0], name="scale")
        scaled = tf.multiply(graph.get_tensor_by_name("add1:0"), scale, name="scaled")
        saver.restore(sess, tf.train.latest_checkpoint("./temp/"))
        variables = tf.global_variables()
        known = sess.run([tf.is_variable_initialized(v) for v in variables])
        new = [v for v, is_known in zip(variables, known, strict=True) if not is_known]
        sess.run(tf.variables_initializer(new))
        values = sess.run(scaled, {"W3:0": [1, 2, 3, 4]})
        missing = raised(lambda: sess.run(tf.Variable(1.0, name="late")))
        return [v.name for v in new], values, missing


def _initializing_after_restoring(tf: Any) -> Any:
    """The document's warning: an initializer that is run after a restore takes the restored values away."""
    with tf.Graph().as_default():
        _first_or_again(tf, lambda sess, state: None)
    with tf.Graph().as_default(), tf.Session() as sess:
        w1 = tf.Variable([0.0, 0.0, 0.0, 0.0], name="W1")
        saver, init = tf.train.Saver(), tf.global_variables_initializer()
        sess.run(init)
        saver.restore(sess, "./temp/model")
        restored = sess.run(w1)
        sess.run(init)
        return restored, sess.run(w1)


# ------------------------------------------------------------------------------------------ fifth: names of variables


def _names_by_order(tf: Any) -> Any:
    """Variables without names take other names when they are made in another order: a restore fails."""
    results: list[Any] = []
    tf.reset_default_graph()
    tf.set_random_seed(1)
    weights, bias = tf.Variable(tf.truncated_normal([2, 3])), tf.Variable(tf.truncated_normal([3]))
    saver = tf.train.Saver()
    results += [f"Save Weights: {weights.name}", f"Save Bias: {bias.name}"]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, "model.ckpt")
    tf.reset_default_graph()
    bias, weights = tf.Variable(tf.truncated_normal([3])), tf.Variable(tf.truncated_normal([2, 3]))
    saver = tf.train.Saver()
    results += [f"Load Weights: {weights.name}", f"Load Bias: {bias.name}"]
    with tf.Session() as sess:
        try:
            saver.restore(sess, "model.ckpt")
        except tf.errors.InvalidArgumentError as error:
            results.append("Assign requires shapes of both tensors to match." in error.message)
    return results


def _given_names(tf: Any) -> Any:
    results: list[Any] = []
    tf.reset_default_graph()
    tf.set_random_seed(1)
    weights = tf.Variable(tf.truncated_normal([2, 3]), name="weights_0")
    bias = tf.Variable(tf.truncated_normal([3]), name="bias_0")
    saver = tf.train.Saver()
    results += [f"Save Weights: {weights.name}", f"Save Bias: {bias.name}"]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        results += sess.run([weights, bias])
        saver.save(sess, "model.ckpt")
    tf.reset_default_graph()
    bias = tf.Variable(tf.truncated_normal([3]), name="bias_0")
    weights = tf.Variable(tf.truncated_normal([2, 3]), name="weights_0")
    saver = tf.train.Saver()
    results += [f"Load Weights: {weights.name}", f"Load Bias: {bias.name}"]
    with tf.Session() as sess:
        saver.restore(sess, "model.ckpt")
        return results + sess.run([weights, bias])


PROGRAMS: list[Callable[[Any], Any]] = [
    _filters, _sharing_after_an_error, _restoring_over_initial_values, _summaries, _built_again, _from_the_meta_graph,
    _from_collections, _changing_an_imported_graph, _initializing_after_restoring,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__.strip("_"))
def test_program(program: Callable[[Any], Any]) -> None:
    same_in_folders(program, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("program", [_names_by_order, _given_names], ids=lambda program: program.__name__.strip("_"))
def test_program_on_the_default_graph(program: Callable[[Any], Any]) -> None:
    """These reset the default graph, which is not allowed inside of another graph's block."""
    results = []
    for tf in (oracle.real_tf(), oracle.our_tf()):
        with new_current_folder():
            results.append(program(tf))
    oracle.assert_same(*results)
