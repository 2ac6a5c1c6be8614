"""Rows of the activations, the softmax, biases and the losses of classification."""

from __future__ import annotations

import numpy as np

from tests.ops.engine import FLOATS, INTS, WIDE_FLOATS, Case, In

HALF = {"float16": 4e-3, "bfloat16": 3e-2, "float32": 2e-5}
KINKS = np.array([[-3.0, -0.0, 0.0, 1e-3], [6.0, 7.5, -1e-3, 2.0]], np.float32)
LABELS = np.array([2, 0], np.int32)
ONE_HOT = np.eye(3, dtype=np.float32)[[0, 2]]

ACTIVATIONS = [
    *(
        Case(name, lambda tf, x, name=name: getattr(tf.nn, name)(x), [KINKS], (*FLOATS, "bfloat16"), tol=HALF)
        for name in ("relu", "relu6", "elu", "softplus", "softsign", "leaky_relu", "crelu", "swish")
    ),
    Case("selu", lambda tf, x: tf.nn.selu(x), [KINKS], FLOATS, tol=HALF),
    # TensorFlow rounds exp(x) to bfloat16 before it subtracts one: near zero that is 0, and the slope jumps there.
    Case("selu_bfloat16", lambda tf, x: tf.nn.selu(x), [KINKS.round()], ("bfloat16",), tol=HALF),
    Case("relu_int", lambda tf, x: tf.nn.relu(x), [In((2, 3), -5, 5)], INTS),
    Case("relu6_int", lambda tf, x: tf.nn.relu6(x), [In((2, 3), -5, 9)], INTS),
    Case("relu_named", lambda tf, x: tf.nn.relu(x, name="act"), [(2, 3)]),
    Case("leaky_relu_alpha", lambda tf, x: tf.nn.leaky_relu(x, alpha=0.01, name="lr"), [(2, 3)], FLOATS, tol=HALF),
    Case("leaky_relu_int", lambda tf, x: tf.nn.leaky_relu(x), [In((2, 3), -5, 5)], INTS),
    Case("swish_beta", lambda tf, x, b: tf.nn.swish(x, b), [(2, 3), ()], WIDE_FLOATS),
    Case("crelu_axis", lambda tf, x: tf.nn.crelu(x, axis=0, name="c"), [(2, 3)]),
    Case("softplus_wide", lambda tf, x: tf.nn.softplus(x), [In((7, 9), -60, 60)], WIDE_FLOATS, tol={"float32": 1e-4}),
    Case("elu_wide", lambda tf, x: tf.nn.elu(x), [In((7, 9), -200, 200)], WIDE_FLOATS),
    Case(
        "second_derivative",
        lambda tf, x: tf.gradients(tf.nn.softplus(x) * tf.nn.elu(x) + tf.nn.relu(x * x * x), x)[0],
        [(2, 3)],
        WIDE_FLOATS,
        names=False,
        unknown=False,
        graphdef=False,
        tol={"float32": 1e-4},
    ),
]

BIASES = [
    Case("bias_add", lambda tf, x, b: tf.nn.bias_add(x, b), [(2, 3), (3,)], (*FLOATS, *INTS)),
    Case("bias_add_images", lambda tf, x, b: tf.nn.bias_add(x, b, name="n"), [(2, 4, 5, 3), (3,)]),
    Case("bias_add_nchw", lambda tf, x, b: tf.nn.bias_add(x, b, data_format="NCHW"), [(2, 3, 4, 5), (3,)], WIDE_FLOATS),
    Case("bias_add_ncw", lambda tf, x, b: tf.nn.bias_add(x, b, data_format="NCW"), [(2, 3, 4), (3,)]),
    Case("bias_add_python", lambda tf, x: tf.nn.bias_add(x, [1.0, 2.0, 3.0]), [(2, 3)]),
    Case("bias_add_sizes", lambda tf, x, b: tf.nn.bias_add(x, b), [(2, 3), (4,)], fails=True),
    Case("bias_add_rank", lambda tf, x, b: tf.nn.bias_add(x, b), [(2, 3), (1, 3)], fails=True),
    Case("bias_add_low_rank", lambda tf, x, b: tf.nn.bias_add(x, b, data_format="NCW"), [(2, 3), (3,)], fails=True),
    Case("bias_add_format", lambda tf, x, b: tf.nn.bias_add(x, b, data_format="HWC"), [(2, 3), (3,)], fails=True),
    Case("xw_plus_b", lambda tf, *t: tf.nn.xw_plus_b(*t), [(2, 3), (3, 4), (4,)], WIDE_FLOATS),
    Case("xw_plus_b_named", lambda tf, *t: tf.nn.xw_plus_b(*t, name="logits"), [(2, 3), (3, 4), (4,)]),
    Case("relu_layer", lambda tf, *t: tf.nn.relu_layer(*t), [(2, 3), (3, 4), (4,)], WIDE_FLOATS),
]

SOFTMAX = [
    *(
        Case(f"{name}_{label}", call, [shape], (*FLOATS, "bfloat16"), tol=HALF)
        for name in ("softmax", "log_softmax")
        for label, shape, call in (
            ("matrix", (3, 4), lambda tf, x, name=name: getattr(tf.nn, name)(x)),
            ("vector", (4,), lambda tf, x, name=name: getattr(tf.nn, name)(x, name="p")),
            ("first", (3, 4), lambda tf, x, name=name: getattr(tf.nn, name)(x, axis=0)),
            ("middle", (3, 4, 2), lambda tf, x, name=name: getattr(tf.nn, name)(x, axis=1, name="p")),
            ("negative", (3, 4, 2), lambda tf, x, name=name: getattr(tf.nn, name)(x, dim=-2)),
            ("last", (3, 4, 2), lambda tf, x, name=name: getattr(tf.nn, name)(x, axis=2)),
        )
    ),
    Case("softmax_large", lambda tf, x: tf.nn.softmax(x), [In((3, 5), -1000, 1000)], WIDE_FLOATS, tol=1e-5),
    Case("softmax_list", lambda tf: tf.nn.softmax([[1.0, 2.0]])),
    Case("softmax_scalar", lambda tf, x: tf.nn.softmax(x), [()], fails=True),
    Case("softmax_axis_range", lambda tf, x: tf.nn.softmax(x, axis=1), [(3,)], fails=True),
]


def _dense(version: str, **options: object) -> object:
    return lambda tf, labels, logits: getattr(tf.nn, version)(labels=labels, logits=logits, **options)


def _sparse(tf: object, labels: object, logits: object) -> object:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)  # type: ignore[attr-defined]


V1, V2 = "softmax_cross_entropy_with_logits", "softmax_cross_entropy_with_logits_v2"
SHARES = np.array([[0.2, 0.3, 0.5], [0.7, 0.2, 0.1]], np.float32)

LOSSES = [
    Case("l2_loss", lambda tf, x: tf.nn.l2_loss(x), [(3, 4)], FLOATS, tol=HALF),
    Case("l2_loss_named", lambda tf, x: tf.nn.l2_loss(x, name="wd"), [(3,)]),
    Case("dense_v1", _dense(V1), [SHARES, (2, 3)], (*WIDE_FLOATS, "float16"), tol=HALF),
    Case("dense_v2", _dense(V2), [SHARES, (2, 3)], (*WIDE_FLOATS, "float16", "bfloat16"), tol=HALF),
    Case("dense_v2_named", _dense(V2, name="xent"), [ONE_HOT, (2, 3)]),
    Case("dense_v1_named", _dense(V1, name="xent"), [ONE_HOT, (2, 3)]),
    Case("dense_v2_three", _dense(V2), [In((2, 4, 3), 0, 1), (2, 4, 3)], WIDE_FLOATS),
    Case("dense_v2_vector", _dense(V2), [In((3,), 0, 1), (3,)]),
    Case("dense_v2_axis", _dense(V2, axis=1), [In((2, 4, 3), 0, 1), (2, 4, 3)], WIDE_FLOATS),
    Case("dense_v1_dim", _dense(V1, dim=0), [In((2, 3), 0, 1), (2, 3)]),
    Case("dense_int_labels", _dense(V2), [np.eye(3, dtype=np.int32)[[1, 0]], (2, 3)]),
    Case("dense_sizes", _dense(V2), [(2, 3), (2, 4)], fails=True),
    Case("sparse", _sparse, [LABELS, (2, 3)], (*WIDE_FLOATS, "float16"), tol=HALF),
    Case("sparse_int64", _sparse, [LABELS.astype(np.int64), (2, 3)]),
    Case("sparse_sequence", _sparse, [np.array([[0, 1, 2, 1], [2, 2, 0, 1]]), (2, 4, 3)], WIDE_FLOATS),
    Case("sparse_scalar", _sparse, [np.array(1), (3,)]),
    Case("sparse_rank", _sparse, [np.array([[1]]), (1, 3)], fails=True),
    Case("sparse_sizes", _sparse, [np.array([1, 2, 0]), (2, 3)], fails=True),
    *(
        Case(label, call, [In((2, 3), 0, 1), In((2, 3), -30, 30)], WIDE_FLOATS, tol={"float32": 5e-5})
        for label, call in (
            ("sigmoid", lambda tf, z, x: tf.nn.sigmoid_cross_entropy_with_logits(labels=z, logits=x)),
            ("sigmoid_named", lambda tf, z, x: tf.nn.sigmoid_cross_entropy_with_logits(labels=z, logits=x, name="d")),
            ("weighted", lambda tf, z, x: tf.nn.weighted_cross_entropy_with_logits(z, x, 2.5)),
            (
                "weighted_targets",
                lambda tf, z, x: tf.nn.weighted_cross_entropy_with_logits(targets=z, logits=x, pos_weight=3),
            ),
        )
    ),
    Case(
        "sigmoid_list",
        lambda tf, x: tf.nn.sigmoid_cross_entropy_with_logits(labels=[[1.0, 0.0, 1.0]], logits=x),
        [(1, 3)],
    ),
    Case(
        "sigmoid_shapes",
        lambda tf, z, x: tf.nn.sigmoid_cross_entropy_with_logits(labels=z, logits=x),
        [(2, 4), (2, 3)],
        fails=True,
    ),
    Case("log_poisson", lambda tf, z, c: tf.nn.log_poisson_loss(z, c), [In((2, 3), 0, 9), (2, 3)], WIDE_FLOATS),
    Case(
        "log_poisson_full",
        lambda tf, z, c: tf.nn.log_poisson_loss(z, c, compute_full_loss=True),
        [In((2, 3), 0.1, 9), (2, 3)],
        WIDE_FLOATS,
        tol={"float32": 1e-4},
    ),
]

CASES = [*ACTIVATIONS, *BIASES, *SOFTMAX, *LOSSES]
