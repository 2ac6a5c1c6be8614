"""`tf.profiler.profile` against TensorFlow: numbers of operations and of parameters, trees, options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, our_tf

pytestmark = pytest.mark.oracle


def _model(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2, 12, 12, 3])
    with tf.variable_scope("net"):
        w = tf.get_variable("w", initializer=np.ones([3, 3, 3, 4], np.float32))
        d = tf.get_variable("d", initializer=np.ones([3, 3, 4, 2], np.float32))
        k = tf.get_variable("k", initializer=np.ones([128, 5], np.float32))
        b = tf.get_variable("b", initializer=np.ones([5], np.float32))
        tf.get_variable("n", initializer=np.ones([7], np.float32), trainable=False)
        y = tf.nn.conv2d(x, w, [1, 1, 1, 1], "VALID")
        y = tf.nn.max_pool(y, [1, 2, 2, 1], [1, 2, 2, 1], "SAME") - 1.0
        y = tf.nn.depthwise_conv2d(y, d, [1, 1, 1, 1], "SAME") * 2.0
        y = tf.nn.avg_pool(y, [1, 2, 2, 1], [1, 1, 1, 1], "VALID")
        y = tf.reshape(y[:, :4, :4, :], [2, 128])
        y = tf.nn.softmax(tf.nn.bias_add(tf.matmul(y, k), b))
    tf.add_n([tf.nn.l2_loss(w), tf.reduce_mean(tf.log(y)), tf.reduce_sum(tf.square(y))])
    tf.argmax(tf.math.squared_difference(tf.math.rsqrt(y), -y), 1)
    tf.matmul(tf.placeholder(tf.float32, [None, 5]), tf.ones([5, 2]))
    tf.nn.conv3d(tf.ones([1, 3, 4, 4, 2]), tf.ones([2, 2, 2, 2, 3]), [1, 1, 1, 1, 1], "SAME")
    tf.matmul(tf.ones([2, 3, 4]), tf.ones([2, 3, 5]), transpose_a=True)


def _shown(node: Any) -> Any:
    inner = sorted((_shown(child) for child in node.children), key=lambda item: item[0])
    return node.name, node.float_ops, node.total_float_ops, node.parameters, node.total_parameters, inner


@pytest.mark.parametrize("kind", ["float_operation", "trainable_variables_parameter"])
def test_counts(kind: str) -> None:
    def body(tf: Any) -> Any:
        _model(tf)
        Builder = tf.profiler.ProfileOptionBuilder
        options = {
            "float_operation": Builder.float_operation(),
            "trainable_variables_parameter": Builder.trainable_variables_parameter(),
        }[kind]
        root = tf.profiler.profile(tf.get_default_graph(), options=Builder(options).with_empty_output().build())
        return _shown(root)

    check_both(body)


def test_products_of_gradients() -> None:
    """Gradients of products count as TensorFlow counts the products that it records for them."""

    def body(tf: Any) -> Any:
        w = tf.get_variable("w", initializer=np.ones([10, 4], np.float32))
        v = tf.get_variable("v", initializer=np.ones([4, 3], np.float32))
        tf.gradients(tf.matmul(tf.matmul(tf.ones([8, 10]), w), v), [w, v])
        Builder = tf.profiler.ProfileOptionBuilder
        options = Builder(Builder.float_operation()).with_empty_output().build()
        return tf.profiler.profile(tf.get_default_graph(), options=options).total_float_ops

    check_both(body)


def test_options() -> None:
    def body(tf: Any) -> Any:
        Builder = tf.profiler.ProfileOptionBuilder
        own = Builder(Builder.float_operation())
        own.with_max_depth(3).with_min_memory(1, 2, 3, 4).with_min_execution_time(1, 2, 3).with_min_parameters(4)
        own.with_min_occurrence(5).with_min_float_operations(6).with_accounted_types(["MatMul"])
        own.with_node_names(show_name_regexes=["a.*"], hide_name_regexes=["b"]).account_displayed_op_only(False)
        own.order_by("name").select(["params"]).with_step(3).with_file_output("f")
        outputs = [
            Builder().with_empty_output().build()["output"],
            Builder().with_stdout_output().build()["output"],
            Builder().with_timeline_output("t").build()["output"],
            Builder().with_pprof_output("p").build()["output"],
        ]
        kinds = [Builder.float_operation(), Builder.trainable_variables_parameter(), Builder.time_and_memory(2, 3)]
        return own.build(), outputs, kinds, Builder().build()

    check_both(body)


def test_what_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    tf = our_tf()
    with tf.Graph().as_default():
        _model(tf)
        tf.profiler.profile(options=tf.profiler.ProfileOptionBuilder.trainable_variables_parameter())
        assert "net/w (3x3x3x4, 108/108 params)" in capsys.readouterr().out
        own = tf.profiler.ProfileOptionBuilder(tf.profiler.ProfileOptionBuilder.float_operation())
        tf.profiler.profile(options=own.with_file_output(str(tmp_path / "p.txt")).build())
        assert capsys.readouterr().out == "" and "net/MatMul (2.56k/" in (tmp_path / "p.txt").read_text()


def test_times_are_refused() -> None:
    tf = our_tf()
    with tf.Graph().as_default(), pytest.raises(tf.errors.UnimplementedError, match=r"jax\.profiler"):
        tf.profiler.profile(options=tf.profiler.ProfileOptionBuilder.time_and_memory())
    with tf.Graph().as_default(), pytest.raises(tf.errors.UnimplementedError, match="'scope' is"):
        tf.profiler.profile(cmd="code")
