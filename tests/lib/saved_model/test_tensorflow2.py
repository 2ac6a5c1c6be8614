"""SavedModels that TensorFlow 2 writes: their signatures run here, and their variables can be frozen."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, our_tf, real_tf, run_body

pytestmark = pytest.mark.oracle

INPUT = np.array([[1, 2, 3], [-4, 0, 2]], np.float32)


def _module(tf2: Any) -> Any:
    """A module with variables, a branch, a loop, and a function that calls another."""

    class Net(tf2.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = tf2.Variable(np.arange(6, dtype=np.float32).reshape(3, 2), name="w")
            self.layers = [tf2.Variable([1.0, 2.0], name="b"), tf2.Variable([[2.0, 1.0], [0.5, 1.0]], name="second")]
            self.steps = tf2.Variable(0, name="steps", dtype=tf2.int64)

        @tf2.function(input_signature=[tf2.TensorSpec([None, 3], tf2.float32, name="x")])
        def predict(self, x: Any) -> Any:
            y = tf2.nn.relu(self.dense(x))
            _, doubled = tf2.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, 2 * y), (0, y))
            chosen = tf2.cond(tf2.reduce_sum(y) > 50.0, lambda: doubled, lambda: -doubled)
            return {"y": chosen, "row": tf2.gather(self.layers[1], 1)}

        @tf2.function
        def dense(self, x: Any) -> Any:
            return tf2.matmul(tf2.matmul(x, self.w) + self.layers[0], self.layers[1])

        @tf2.function(input_signature=[tf2.TensorSpec([], tf2.int64, name="by")])
        def count(self, by: Any) -> Any:
            self.steps.assign_add(by)
            return {"steps": self.steps.read_value()}

    return Net()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a SavedModel of TensorFlow 2."""
    real_tf()
    tf2 = importlib.import_module("tensorflow.compat.v2")
    context = importlib.import_module("tensorflow.python.eager.context")
    folder = str(tmp_path_factory.mktemp("tensorflow2") / "model")
    with context.eager_mode():
        net = _module(tf2)
        tf2.saved_model.save(net, folder, signatures={"serving_default": net.predict, "count": net.count})
    return folder


def _names(signature: Any) -> dict[str, str]:
    return {key: info.name for infos in (signature.inputs, signature.outputs) for key, info in infos.items()}


@pytest.mark.parametrize("scope", [None, "in"])
def test_a_signature_runs(model: str, scope: str | None) -> None:
    def body(tf: Any) -> Any:
        with tf.Session(graph=tf.Graph()) as sess:
            meta = tf.saved_model.load(sess, ["serve"], model, import_scope=scope)
            names = {
                k: f"{scope}/{n}" if scope else n for k, n in _names(meta.signature_def["serving_default"]).items()
            }
            return [sess.run([names["y"], names["row"]], {names["x"]: x}) for x in (INPUT, INPUT * 10)]

    check_both(body)


def test_a_signature_that_assigns(model: str) -> None:
    def body(tf: Any) -> Any:
        with tf.Session(graph=tf.Graph()) as sess:
            names = _names(tf.saved_model.load(sess, ["serve"], model).signature_def["count"])
            return [sess.run(names["steps"], {names["by"]: by}) for by in (2, 5, -1)]

    check_both(body)


def test_it_is_frozen(model: str) -> None:
    """The calls are taken apart when the graph is loaded, so that the session's graph freezes like any other."""

    def load(tf: Any) -> Any:
        with tf.Session(graph=tf.Graph()) as sess:
            names = _names(tf.saved_model.load(sess, ["serve"], model).signature_def["serving_default"])
            value = sess.run(names["y"], {names["x"]: INPUT})
            output = names["y"].partition(":")[0]
            frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph.as_graph_def(), [output])
        assert "VarHandleOp" not in {node.op for node in frozen.node}
        with tf.Graph().as_default(), tf.Session() as sess:
            (y,) = tf.import_graph_def(frozen, return_elements=[names["y"]], name="")
            return value, sess.run(y, {names["x"]: INPUT})

    value, again = run_body(our_tf(), load)
    np.testing.assert_array_equal(value, again)


def test_its_variables_by_their_keys(model: str) -> None:
    """The bundle names variables by their place among the objects."""

    def body(tf: Any) -> Any:
        reader = tf.train.NewCheckpointReader(f"{model}/variables/variables")
        key = "layers/1/.ATTRIBUTES/VARIABLE_VALUE"
        return sorted(reader.get_variable_to_shape_map()), reader.get_tensor(key)

    check_both(body)
