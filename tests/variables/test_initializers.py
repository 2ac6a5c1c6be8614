"""Initializers and partitioners, against real TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle import Raised, assert_same, both, check_both, graph_nodes

MADE = [
    lambda tf: tf.zeros_initializer(),
    lambda tf: tf.ones_initializer(tf.float64),
    lambda tf: tf.constant_initializer(3),
    lambda tf: tf.constant_initializer([1, 2, 3]),
    lambda tf: tf.constant_initializer(np.arange(6.0)),
    lambda tf: tf.random_uniform_initializer(seed=1),
    lambda tf: tf.random_uniform_initializer(-2, 3, seed=1),
    lambda tf: tf.random_normal_initializer(1.0, 2.0, seed=1),
    lambda tf: tf.truncated_normal_initializer(stddev=0.1, seed=4),
    lambda tf: tf.uniform_unit_scaling_initializer(factor=1.5, seed=1),
    lambda tf: tf.variance_scaling_initializer(seed=1),
    lambda tf: tf.variance_scaling_initializer(2.0, "fan_out", "uniform", seed=1),
    lambda tf: tf.variance_scaling_initializer(2.0, "fan_avg", "untruncated_normal", seed=1),
    lambda tf: tf.variance_scaling_initializer(2.0, "fan_avg", "normal", seed=1),
    lambda tf: tf.glorot_uniform_initializer(seed=1),
    lambda tf: tf.glorot_normal_initializer(seed=1),
    lambda tf: tf.initializers.he_normal(seed=1),
    lambda tf: tf.initializers.he_uniform(seed=1),
    lambda tf: tf.initializers.lecun_normal(seed=1),
    lambda tf: tf.initializers.lecun_uniform(seed=1),
    lambda tf: tf.orthogonal_initializer(1.5, seed=1),
    lambda tf: tf.initializers.identity(2.0),
]


@pytest.mark.parametrize("make", MADE, ids=range(len(MADE)))
@pytest.mark.parametrize("shape", [[3, 2], [2, 3], [6], [2, 2, 3, 2], []], ids=str)
def test_values_nodes_and_errors(make, shape):
    def body(tf):
        initializer = make(tf)
        x = initializer(shape)
        v = tf.get_variable("v", shape, initializer=initializer, dtype=tf.float64)
        with tf.Session() as sess:
            sess.run(v.initializer)
            return sess.run([x, v]), graph_nodes(tf.get_default_graph())

    theirs, ours = both(body)
    # Normals: the two libraries' logarithm and sine differ in the last bits. Signs of the QR are settled by both.
    assert_same(theirs, ours, rtol=2e-5, atol=2e-6, phrase=False)


@pytest.mark.parametrize("make", MADE, ids=range(len(MADE)))
def test_config_round_trip(make):
    def body(tf):
        initializer = make(tf)
        config = initializer.get_config()
        again = type(initializer).from_config(config)
        return config, again.get_config(), tf.Session().run(again([3, 2]))

    theirs, ours = both(body)
    assert_same(theirs, ours, rtol=2e-5, atol=2e-6)


def test_the_graphs_seed_reaches_initializers():
    def body(tf):
        tf.set_random_seed(5)
        for name in "abc":
            tf.get_variable(name, [3, 4])
        tf.get_variable("d", [3], initializer=tf.truncated_normal_initializer())
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run(tf.global_variables())

    check_both(body, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda tf: tf.variance_scaling_initializer(scale=0.0),
        lambda tf: tf.variance_scaling_initializer(mode="fan"),
        lambda tf: tf.variance_scaling_initializer(distribution="cauchy"),
        lambda tf: tf.random_normal_initializer(dtype=tf.int32),
        lambda tf: tf.truncated_normal_initializer(dtype=tf.bool),
        lambda tf: tf.orthogonal_initializer(dtype=tf.int32),
        lambda tf: tf.constant_initializer(tf.constant(1)),
        lambda tf: tf.constant_initializer(object()),
        lambda tf: tf.constant_initializer([1, 2, 3])([2]),
        lambda tf: tf.constant_initializer([1, 2, 3], verify_shape=True)([2, 2]),
        lambda tf: tf.constant_initializer([1, 2], verify_shape=True)([2]).shape,
        lambda tf: tf.zeros_initializer(tf.string)([2]).dtype,
        lambda tf: tf.zeros_initializer("int32")(2).dtype,
        lambda tf: tf.random_uniform_initializer(0, 10, dtype=tf.int32, seed=1)([3]).dtype,
        lambda tf: tf.initializers.identity()([2, 3, 4]),
    ],
    ids=range(15),
)
def test_errors_and_corners(make):
    theirs, ours = both(make)
    # TensorFlow 2 calls a tensor "SymbolicTensor", and shows where an object lies in memory.
    invalid = isinstance(theirs, Raised) and "Invalid type for initial value" in theirs.message
    assert_same(theirs, ours, phrase="Expected Python scalar, list or tuple of values" if invalid else None)


PARTITIONERS = [
    lambda tf: tf.fixed_size_partitioner(3),
    lambda tf: tf.fixed_size_partitioner(2, axis=1),
    lambda tf: tf.variable_axis_size_partitioner(64),
    lambda tf: tf.variable_axis_size_partitioner(64, axis=1),
    lambda tf: tf.variable_axis_size_partitioner(1),
    lambda tf: tf.variable_axis_size_partitioner(64, max_shards=2),
    lambda tf: tf.min_max_variable_partitioner(4, min_slice_size=32),
    lambda tf: tf.min_max_variable_partitioner(4, axis=1, min_slice_size=16),
    lambda tf: tf.min_max_variable_partitioner(),
    lambda tf: tf.variable_axis_size_partitioner(0),
    lambda tf: tf.variable_axis_size_partitioner(64, max_shards=0),
    lambda tf: tf.min_max_variable_partitioner(0),
    lambda tf: tf.min_max_variable_partitioner(2, min_slice_size=0),
]


@pytest.mark.parametrize("make", PARTITIONERS, ids=range(len(PARTITIONERS)))
@pytest.mark.parametrize("dtype", ["float32", "string", "float64"])
def test_partitioners(make, dtype):
    def body(tf):
        partitioner = make(tf)
        shapes = [[10, 4], [3, 100], [1, 1], [7, 2, 3]]
        return [list(partitioner(shape=tf.TensorShape(s), dtype=tf.as_dtype(dtype))) for s in shapes]

    theirs, ours = both(body)
    assert_same(theirs, ours, phrase=False)


def test_seeded_slices_of_partitioned_variables():
    def body(tf):
        tf.set_random_seed(3)
        parts = tf.fixed_size_partitioner(2)
        kinds = [
            tf.glorot_uniform_initializer(seed=1),
            tf.uniform_unit_scaling_initializer(),
            tf.initializers.identity(),
        ]
        made = [tf.get_variable(f"v{i}", [4, 3], initializer=k, partitioner=parts) for i, k in enumerate(kinds)]
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return [sess.run(v.as_tensor()) for v in made]

    check_both(body)
