"""Variables made with `use_resource=True`, against real TensorFlow: nodes, values, gradients, training, files."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import assert_same, both, check_both, graph_nodes

Body = Callable[[Any], Any]
BODIES: list[Body] = []
ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def body(function: Body) -> Body:
    """Adds a program that must give the same on both sides."""
    BODIES.append(function)
    return function


def nodes(tf: Any) -> Any:
    found = []
    for op in tf.get_default_graph().get_operations():
        shapes = [t.shape.as_list() if t.shape.ndims is not None else None for t in op.outputs]
        found.append((op.name, op.type, [t.name for t in op.inputs], [c.name for c in op.control_inputs], shapes))
    return found


def started(tf: Any) -> Any:
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


@body
def forms_of_making(tf: Any) -> Any:
    v = tf.get_variable("v", [2, 3], use_resource=True, initializer=tf.ones_initializer())
    w = tf.Variable(3.0, use_resource=True, name="w")
    with tf.variable_scope("s", use_resource=True):
        x = tf.get_variable("x", [2], dtype=tf.int64, initializer=tf.zeros_initializer())
        y = tf.Variable(lambda: tf.fill([2], 7.0), name="y")
    described = [
        (str(v), v.name, v.dtype.name, v.op.name, v.op.type, v.shape.as_list(), v.initializer.name, v.handle.name)
        for v in (v, w, x, y)
    ]
    protos = [v.to_proto().SerializeToString() for v in (v, w)]
    return described, nodes(tf), protos, started(tf).run([v, w, x, y])


@body
def reads_and_writes(tf: Any) -> Any:
    v = tf.Variable([1.0, 2.0], use_resource=True, name="v")
    outputs = [
        v + 1.0, 2.0 * v, v.value(), v.read_value(), tf.identity(v), v[0], v.sparse_read([1, 0]), tf.gather(v, [1]),
        tf.nn.embedding_lookup(v, [0, 1]), v.is_initialized(), tf.is_variable_initialized(v),
    ]  # fmt: skip
    writes = [
        v.assign([3.0, 4.0]), v.assign_add([1.0, 1.0]), tf.assign_sub(v, [0.5, 0.5], name="less"),
        tf.assign(v, v * 2.0), v.scatter_update(tf.IndexedSlices(tf.constant([9.0]), tf.constant([0]))),
        tf.scatter_add(v, [1], [1.0]), tf.scatter_nd_update(v, [[1]], [5.0]), v[0:1].assign([7.0]),
        v.assign([8.0, 8.0], read_value=False),
    ]  # fmt: skip
    sess = started(tf)
    results = [sess.run(outputs)]
    for write in writes:
        results.append((str(write) if not hasattr(write, "node_def") else write.name, sess.run(write), sess.run(v)))
    return results, nodes(tf)


@body
def order_by_control_dependencies(tf: Any) -> Any:
    v = tf.Variable(1.0, use_resource=True)
    before = v + 0.0
    with tf.control_dependencies([before]):
        added = v.assign_add(10.0)
    with tf.control_dependencies([added]):
        after = v + 0.0
        doubled = v.assign(v * 2.0)
    with tf.control_dependencies([tf.group(doubled)]):
        last = v.read_value()
    return started(tf).run([before, after, last]), [c.name for c in after.op.inputs[0].op.control_inputs]


@body
def gradients_and_branches(tf: Any) -> Any:
    v = tf.get_variable("v", initializer=ROWS, use_resource=True)
    w = tf.Variable(2.0, use_resource=True)
    p = tf.placeholder(tf.bool, [])
    z = tf.cond(p, lambda: tf.reduce_sum(v * v) * w, lambda: w * 3.0)
    loss = z + tf.reduce_sum(tf.gather(v, [1, 1, 3]) * w)
    grads = tf.gradients(loss, [v, w])
    second = tf.gradients(tf.reduce_sum(tf.square(v)) * w * w, w)[0]
    rows = tf.gradients(tf.reduce_sum(tf.gather(v, [2, 0])), v)[0]
    sess = started(tf)
    dense = [tf.convert_to_tensor(g) for g in grads]
    return [sess.run([*dense, tf.gradients(second, w)[0]], {p: b}) for b in (True, False)], sess.run(rows)


@body
def errors(tf: Any) -> Any:
    v = tf.Variable([1.0, 2.0], use_resource=True, name="v")
    seen = []
    for attempt in (
        lambda: v.assign([1.0]),
        lambda: v.assign([1, "a"]),
        lambda: tf.Session().run(v + 1.0),
        lambda: tf.Session().run(v.assign_add([1.0, 1.0])),
        lambda: tf.get_variable("u", [None], use_resource=True),
        lambda: v.scatter_add(3.0),
    ):
        try:
            seen.append(attempt())
        except (ValueError, TypeError, tf.errors.OpError) as error:
            seen.append([c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins"])
    return seen


@body
def switched_on_for_all(tf: Any) -> Any:
    tf.enable_resource_variables()
    try:
        types = [tf.Variable(1.0).op.type, tf.get_variable("a", []).op.type, tf.resource_variables_enabled()]
        off = tf.get_variable("b", [], use_resource=False).op.type
    finally:
        tf.disable_resource_variables()
    return types, off, tf.Variable(1.0).op.type, tf.resource_variables_enabled()


@body
def layers_and_moving_averages(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 3])
    with tf.variable_scope("net", use_resource=True):
        y = tf.layers.dense(x, 2, use_bias=False, kernel_initializer=tf.glorot_uniform_initializer(seed=1))
        y = tf.layers.batch_normalization(y, training=True)
    step = tf.train.get_or_create_global_step()
    loss = tf.reduce_mean(tf.square(y - 1.0))
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.AdamOptimizer(0.1).minimize(loss, global_step=step)
    average = tf.train.ExponentialMovingAverage(0.9, step)
    with tf.control_dependencies([train]):
        train = average.apply(tf.trainable_variables())
    sess = started(tf)
    losses = [sess.run([loss, train], {x: ROWS[:, ::-1] / 9.0})[0] for _ in range(4)]
    names = [(v.name, v.op.type) for v in tf.global_variables()]
    return losses, names, sess.run(tf.report_uninitialized_variables()), sess.run(tf.global_variables())


@pytest.mark.oracle
@pytest.mark.parametrize("program", BODIES, ids=lambda b: b.__name__)
def test_program(program: Body) -> None:
    check_both(program, rtol=2e-5, atol=1e-6)


OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "sgd": lambda tf: tf.train.GradientDescentOptimizer(0.1),
    "momentum": lambda tf: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "adam": lambda tf: tf.train.AdamOptimizer(0.1),
    "rmsprop": lambda tf: tf.train.RMSPropOptimizer(0.1, momentum=0.5),
    "centered": lambda tf: tf.train.RMSPropOptimizer(0.1, centered=True),
    "adagrad": lambda tf: tf.train.AdagradOptimizer(0.1),
    "adadelta": lambda tf: tf.train.AdadeltaOptimizer(1.0),
    "ftrl": lambda tf: tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01),
    "proximal": lambda tf: tf.train.ProximalGradientDescentOptimizer(0.1, 0.01),
    "proximal_adagrad": lambda tf: tf.train.ProximalAdagradOptimizer(0.1, 0.1, 0.01),
}


@pytest.mark.oracle
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("make", list(OPTIMIZERS.values()), ids=list(OPTIMIZERS))
def test_optimizers(make: Any, sparse: bool) -> None:
    def program(tf: Any) -> Any:
        v = tf.get_variable("v", initializer=ROWS, use_resource=True)
        read = tf.gather(v, [2, 0, 2]) if sparse else v
        train = make(tf).minimize(tf.reduce_sum(tf.square(read - 1.0)) + tf.reduce_sum(read))
        sess = started(tf)
        values = []
        for _ in range(5):
            sess.run(train)
            values.append(sess.run(v))
        return values, [(x.name, x.op.type) for x in tf.global_variables()]

    check_both(program, rtol=2e-5, atol=1e-6)


@pytest.mark.oracle
def test_saving(tmp_path: Any) -> None:
    def program(tf: Any) -> Any:
        v = tf.get_variable("v", initializer=ROWS, use_resource=True)
        w = tf.get_variable("w", [], use_resource=False, initializer=tf.ones_initializer())
        saver = tf.train.Saver()
        recorded = [n for n in graph_nodes(tf.get_default_graph()) if n[0].startswith("save/")]
        path = os.path.join(str(tmp_path), tf.__name__.split(".")[0])
        with started(tf) as sess:
            sess.run([v.assign_add(ROWS), w.assign(5.0)])
            saver.save(sess, path)
        with tf.Session() as sess:
            saver.restore(sess, path)
            values = sess.run([v, w])
        with tf.Graph().as_default(), tf.Session() as sess:
            again = tf.train.import_meta_graph(path + ".meta")
            again.restore(sess, path)
            found = [(x.name, x.op.type, type(x).__name__) for x in tf.global_variables()]
            imported = sess.run(tf.global_variables())
        return recorded, values, found[0][:2], imported, sorted(tf.train.list_variables(path))

    theirs, ours = both(program)
    assert_same(theirs, ours)


def test_the_road_out(tf: Any) -> None:
    v = tf.get_variable("net/v", initializer=ROWS, use_resource=True)
    x = tf.placeholder(tf.float32, [3])
    y = tf.reduce_sum(v * x)
    sess = started(tf)
    function, params = tf.pure_function(y, [x], sess)
    assert np.allclose(function(params, np.ones(3, np.float32)), ROWS.sum())
    assert np.array_equal(params["net"]["v"], ROWS)


def test_optax(tf: Any) -> None:
    import optax

    v = tf.get_variable("v", initializer=ROWS, use_resource=True)
    train = tf.train.OptaxOptimizer(optax.sgd(0.5)).minimize(tf.reduce_sum(v))
    sess = started(tf)
    sess.run(train)
    assert np.allclose(sess.run(v), ROWS - 0.5)


@pytest.mark.oracle
@pytest.mark.parametrize("use_resource", [True, False])
def test_gather_nd_reads_what_is_asked_for(use_resource: bool) -> None:
    def body(tf: Any) -> Any:
        start = tf.constant_initializer(np.arange(9.0).reshape(3, 3))
        with tf.Graph().as_default() as graph, tf.Session() as session:
            v = tf.get_variable("v", [3, 3], initializer=start, use_resource=use_resource)
            rows = tf.gather_nd(v, tf.constant([[0], [2], [0]]), name="rows")
            single = tf.gather_nd(v, tf.constant([[0, 1], [2, 2]]))
            kept = [n for n in graph.as_graph_def().node if n.name.startswith(("rows", "Gather", "Identity"))]
            nodes = [(n.name, n.op, *n.input) for n in kept]
            loss = tf.reduce_sum(rows * rows) + tf.reduce_sum(single * single)
            train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
            session.run(tf.global_variables_initializer())
            values = session.run([rows, single])
            session.run(train)
            return str(nodes), values, session.run(v)

    check_both(body, rtol=1e-5)
