"""Training graphs across: recorded and trained in one library, saved with their `.meta`, and continued in the other.

Each program is recorded there, trained for some steps, saved in TensorFlow's format, imported here by
`tf.train.import_meta_graph`, restored, and continued from `get_collection("train_op")`; and the other way round. From
the same values on, both must have the same losses and arrive at the same variables.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.graph.files import message_type
from tests.oracle import assert_same, our_tf, real_tf

# What real TensorFlow says about itself (its layers are old, it thinks) is no concern here.
pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore:.*(deprecated|removed in a future).*")]

Feeds = dict[str, Any]
_RANDOM = np.random.RandomState(7)


def _array(*shape: int) -> np.ndarray:
    return _RANDOM.uniform(-1.0, 1.0, shape).astype(np.float32)


IMAGES, VECTORS, SEQUENCES = _array(4, 8, 8, 2), _array(6, 4), _array(3, 5, 4)
LABELS, WORDS = np.array([0, 2, 1, 1], np.int32), np.array([[1, 4, 4], [7, 2, 1]], np.int32)


def _trained(tf: Any, loss: Any, optimizer: Any) -> None:
    step = tf.train.get_or_create_global_step()
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    tf.summary.scalar("loss", loss)
    tf.add_to_collection("loss", tf.identity(loss, name="loss"))
    with tf.control_dependencies(updates):
        optimizer.minimize(loss, global_step=step)
    tf.train.Saver()


def _convolutions(tf: Any) -> Feeds:
    x, y = tf.placeholder(tf.float32, [None, 8, 8, 2], name="x"), tf.placeholder(tf.int32, [None], name="y")
    h = tf.layers.conv2d(x, 3, 3, padding="same", activation=tf.nn.elu)
    h = tf.layers.batch_normalization(h, training=True)
    h = tf.layers.max_pooling2d(h, 2, 2)
    h = tf.nn.relu(tf.layers.conv2d(h, 4, 3, use_bias=False))
    logits = tf.layers.dense(tf.layers.flatten(h), 3)
    loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
    loss += 1e-3 * tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables()])
    _trained(tf, loss, tf.train.MomentumOptimizer(0.05, 0.9))
    return {"x:0": IMAGES, "y:0": LABELS}


def _perceptron(tf: Any) -> Feeds:
    x, y = tf.placeholder(tf.float32, [None, 4], name="x"), tf.placeholder(tf.float32, [None, 3], name="y")
    h = tf.layers.dense(x, 5, tf.nn.leaky_relu)
    h = tf.layers.dense(tf.nn.softplus(h), 3, tf.nn.sigmoid)
    loss = tf.losses.mean_squared_error(y, h) + tf.losses.huber_loss(y, h)
    rate = tf.train.exponential_decay(0.02, tf.train.get_or_create_global_step(), 2, 0.5)
    _trained(tf, loss, tf.train.AdamOptimizer(rate))
    return {"x:0": VECTORS, "y:0": np.abs(VECTORS[:, :3])}


def _resource(tf: Any) -> Feeds:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    with tf.variable_scope("net", use_resource=True):
        h = tf.layers.dense(x, 6, tf.nn.relu)
        h = tf.layers.dense(h, 2, tf.nn.tanh)
    _trained(tf, tf.reduce_mean(tf.square(h - 0.5)), tf.train.RMSPropOptimizer(0.02, momentum=0.5))
    return {"x:0": VECTORS}


def _embedding(tf: Any) -> Feeds:
    words = tf.placeholder(tf.int32, [None, 3], name="words")
    table = tf.get_variable("table", [10, 4], partitioner=tf.fixed_size_partitioner(2))
    h = tf.nn.embedding_lookup(table, words)
    loss = tf.reduce_mean(tf.square(tf.layers.dense(tf.reduce_sum(h, 1), 2) - 1.0))
    _trained(tf, loss, tf.train.AdagradOptimizer(0.3))
    return {"words:0": WORDS}


def _adversarial(tf: Any) -> Feeds:
    z, x = tf.placeholder(tf.float32, [None, 4], name="z"), tf.placeholder(tf.float32, [None, 4], name="x")

    def judge(value: Any, reuse: bool) -> Any:
        with tf.variable_scope("judge", reuse=reuse):
            return tf.layers.dense(tf.layers.dense(value, 6, tf.nn.leaky_relu), 1)

    with tf.variable_scope("maker"):
        made = tf.layers.dense(tf.layers.dense(z, 6, tf.nn.relu), 4)
    real, fake = judge(x, False), judge(made, True)
    entropy = tf.losses.sigmoid_cross_entropy
    judged = entropy(tf.ones_like(real), real) + entropy(tf.zeros_like(fake), fake)
    wanted = entropy(tf.ones_like(fake), fake)
    tf.add_to_collection("loss", tf.identity(judged + wanted, name="loss"))
    makers, judges = (tf.trainable_variables(scope) for scope in ("maker", "judge"))
    tf.train.AdamOptimizer(0.02, beta1=0.5).minimize(judged, var_list=judges)
    tf.train.AdamOptimizer(0.02, beta1=0.5, name="Adam2").minimize(wanted, var_list=makers)
    tf.train.Saver()
    return {"z:0": VECTORS, "x:0": VECTORS[::-1]}


def _transformer(tf: Any) -> Feeds:
    words = tf.placeholder(tf.int32, [2, 3], name="words")
    table = tf.get_variable("table", [10, 4])
    h = tf.nn.embedding_lookup(table, words)
    query, key, value = (tf.layers.dense(h, 4, use_bias=False, name=name) for name in ("query", "key", "value"))
    weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) * 0.5)
    h = h + tf.matmul(weights, value)
    mean, variance = tf.nn.moments(h, [-1], keep_dims=True)
    h = (h - mean) * tf.rsqrt(variance + 1e-3)
    h = h * 0.5 * (1.0 + tf.erf(h / np.sqrt(2.0).astype(np.float32)))
    logits = tf.tensordot(h, table, [[2], [1]])
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=words, logits=logits))
    optimizer = tf.train.AdamOptimizer(0.01)
    pairs = optimizer.compute_gradients(loss)
    clipped, _ = tf.clip_by_global_norm([g for g, _ in pairs], 0.5)
    tf.add_to_collection("loss", tf.identity(loss, name="loss"))
    optimizer.apply_gradients(list(zip(clipped, [v for _, v in pairs], strict=True)))
    tf.train.Saver()
    return {"words:0": WORDS}


def _static_lstm(tf: Any) -> Feeds:
    x = tf.placeholder(tf.float32, [3, 5, 4], name="x")
    cell = tf.nn.rnn_cell.BasicLSTMCell(3)
    outputs, _ = tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
    _trained(tf, tf.reduce_mean(tf.square(outputs[-1] - 0.3)), tf.train.GradientDescentOptimizer(0.5))
    return {"x:0": SEQUENCES}


def _queues(tf: Any) -> Feeds:
    queue = tf.FIFOQueue(50, [tf.float32], [[4]], name="queue")
    runner = tf.train.QueueRunner(queue, [queue.enqueue(tf.constant(VECTORS[0]))])
    tf.train.add_queue_runner(runner)
    x = tf.placeholder_with_default(tf.stack([queue.dequeue(), tf.constant(VECTORS[1])]), [None, 4], name="x")
    h = tf.layers.dense(x, 2, tf.nn.selu)
    _trained(tf, tf.reduce_mean(tf.square(h - 1.0)), tf.train.AdadeltaOptimizer(1.0))
    return {"x:0": VECTORS}


PLAIN: dict[str, Callable[[Any], Feeds]] = {
    "convolutions with batch norm": _convolutions,
    "a perceptron, Adam with decay": _perceptron,
    "resource variables": _resource,
    "an embedding in two parts": _embedding,
    "a generative adversarial network": _adversarial,
    "a transformer": _transformer,
    "an LSTM step by step": _static_lstm,
    "a queue": _queues,
}


def _dynamic_lstm(tf: Any) -> Feeds:
    x, n = tf.placeholder(tf.float32, [3, 5, 4], name="x"), tf.placeholder(tf.int32, [3], name="n")
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(3), x, dtype=tf.float32, sequence_length=n)
    _trained(tf, tf.reduce_mean(tf.square(outputs - 0.3)), tf.train.MomentumOptimizer(0.3, 0.5))
    return {"x:0": SEQUENCES, "n:0": np.array([2, 5, 3], np.int32)}


def _written_lstm(tf: Any) -> Feeds:
    """The loop of an LSTM written out, with arrays."""
    x = tf.placeholder(tf.float32, [5, 3, 4], name="x")
    cell = tf.nn.rnn_cell.BasicLSTMCell(3)
    given, made = tf.TensorArray(tf.float32, 5).unstack(x), tf.TensorArray(tf.float32, 5)

    def step(i: Any, state: Any, made: Any) -> Any:
        h, state = cell(given.read(i), state)
        return i + 1, state, made.write(i, h)

    start = cell.zero_state(3, tf.float32)
    _, state, made = tf.while_loop(lambda i, *_: i < 5, step, (0, start, made))
    loss = tf.reduce_mean(tf.square(made.stack() - 0.3)) + tf.reduce_sum(tf.square(state.c))
    _trained(tf, loss, tf.train.GradientDescentOptimizer(0.3))
    return {"x:0": np.transpose(SEQUENCES, [1, 0, 2])}


def _nested(tf: Any) -> Feeds:
    """Branches and loops in a loop, with resource variables; the inner loop does nothing in the first step."""
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    with tf.variable_scope("net", use_resource=True):
        w, u = tf.get_variable("w", [3, 3]), tf.get_variable("u", [3])

    def body(i: Any, h: Any) -> Any:
        h = tf.cond(tf.equal(i % 2, 0), lambda: tf.tanh(tf.matmul(h, w)), lambda: h * u)
        _, h = tf.while_loop(lambda j, _: j < i, lambda j, h: (j + 1, h + tf.sin(h) * u), (0, h))
        return i + 1, h

    _, h = tf.while_loop(lambda i, _: i < 3, body, (0, x))
    _trained(tf, tf.reduce_mean(tf.square(h - 0.3)), tf.train.AdamOptimizer(0.05))
    return {"x:0": VECTORS[:2, :3]}


def _higher(tf: Any) -> Feeds:
    """map_fn, scan and foldl."""
    x = tf.placeholder(tf.float32, [4, 3], name="x")
    w = tf.get_variable("w", [3])
    rows = tf.map_fn(lambda r: tf.reduce_sum(r * w) * r, x)
    sums = tf.scan(lambda a, r: a * w + r, x, initializer=tf.ones([3]))
    last = tf.foldl(lambda a, r: tf.tanh(a * w + r), x)
    loss = tf.reduce_mean(tf.square(rows - 0.3)) + tf.reduce_mean(tf.square(sums - 0.3)) + tf.reduce_sum(last * last)
    _trained(tf, loss, tf.train.GradientDescentOptimizer(0.05))
    return {"x:0": VECTORS[:4, :3]}


def _growing(tf: Any) -> Feeds:
    """An array that grows in a loop as long as the data say."""
    x, n = tf.placeholder(tf.float32, [2, 3], name="x"), tf.placeholder(tf.int32, [], name="n")
    w = tf.get_variable("w", [3, 3])

    def body(i: Any, h: Any, made: Any) -> Any:
        h = tf.tanh(tf.matmul(h, w) + x)
        return i + 1, h, made.write(i, h)

    array = tf.TensorArray(tf.float32, 0, dynamic_size=True)
    _, _, made = tf.while_loop(lambda i, *_: i < n, body, (0, tf.zeros([2, 3]), array))
    _trained(tf, tf.reduce_mean(tf.square(made.stack() - 0.3)), tf.train.GradientDescentOptimizer(0.5))
    return {"x:0": VECTORS[:2, :3], "n:0": np.int32(3)}


def _own_gradient(tf: Any) -> Feeds:
    """A function with a gradient of its own, in and outside of a loop."""

    @tf.custom_gradient
    def clipped(x: Any) -> Any:
        return x * 1.0, lambda dy: tf.clip_by_value(dy, -0.05, 0.05)

    x = tf.placeholder(tf.float32, [2, 3], name="x")
    w, u = tf.get_variable("w", [3, 3]), tf.get_variable("u", [3], use_resource=True)
    h = clipped(tf.matmul(x, w))
    _, h = tf.while_loop(lambda i, _: i < 3, lambda i, h: (i + 1, clipped(h * u + 1.0)), (0, h))
    _trained(tf, tf.reduce_mean(tf.square(h - 0.3)), tf.train.GradientDescentOptimizer(0.5))
    return {"x:0": VECTORS[:2, :3]}


def _random_steps(tf: Any) -> Feeds:
    """Random numbers in a loop: the way back must see those that the way there drew.

    How they came out shows in the loss only through their absolute values, which are all the same.
    """
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    w = tf.get_variable("w", [3])

    def body(i: Any, h: Any) -> Any:
        signs = tf.sign(tf.random_uniform([2, 3]) - 0.5)
        return i + 1, tf.square(h * signs * w) + 0.5 * h

    _, h = tf.while_loop(lambda i, _: i < 3, body, (0, x))
    _trained(tf, tf.reduce_mean(tf.square(h - 0.3)), tf.train.GradientDescentOptimizer(0.1))
    return {"x:0": VECTORS[:2, :3]}


def _loop(tf: Any) -> Feeds:
    """A loop as long as the data say, without a limit, and branches, both with gradients."""
    x, n = tf.placeholder(tf.float32, [2, 3], name="x"), tf.placeholder(tf.int32, [], name="n")
    w = tf.get_variable("w", [3, 3])
    _, h = tf.while_loop(lambda i, h: i < n, lambda i, h: (i + 1, tf.tanh(tf.matmul(h, w)) + x), [0, x])
    h = tf.cond(n > 2, lambda: h * w[0, 0], lambda: tf.square(h) + w[1, 1])
    _trained(tf, tf.reduce_mean(tf.square(h - 0.3)), tf.train.GradientDescentOptimizer(0.1))
    return {"x:0": VECTORS[:2, :3], "n:0": np.int32(4)}


def _lengthening(tf: Any) -> Feeds:
    """A loop variable that gets longer, as shape invariants allow."""
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    w = tf.get_variable("w", [3, 3])
    shapes = (tf.TensorShape([]), tf.TensorShape([2, 3]), tf.TensorShape([None, 3]))

    def body(i: Any, h: Any, kept: Any) -> Any:
        h = tf.tanh(tf.matmul(h, w))
        return i + 1, h, tf.concat([kept, h], 0)

    _, _, kept = tf.while_loop(lambda i, *_: i < 3, body, (0, x, x), shape_invariants=shapes)
    _trained(tf, tf.reduce_mean(tf.square(kept - 0.3)), tf.train.GradientDescentOptimizer(0.5))
    return {"x:0": VECTORS[:2, :3]}


def _cases(tf: Any) -> Feeds:
    """switch_case and case, one after the other, and a cond in a loop."""
    x, n = tf.placeholder(tf.float32, [2, 3], name="x"), tf.placeholder(tf.int32, [], name="n")
    w = tf.get_variable("w", [3])
    h = tf.switch_case(n, [lambda: x * w, lambda: tf.square(x) + w, lambda: tf.tanh(x * w) * w])
    h = tf.case([(n > 2, lambda: h * w), (n > 0, lambda: tf.sin(h) * w)], default=lambda: h + w)

    def body(i: Any, h: Any) -> Any:
        return i + 1, tf.cond(tf.reduce_sum(h) > 0.0, lambda: tf.tanh(h) * w, lambda: tf.square(h) * w[0])

    _, h = tf.while_loop(lambda i, _: i < 4, body, (0, h), maximum_iterations=3)
    _trained(tf, tf.reduce_mean(tf.square(h - 0.3)), tf.train.GradientDescentOptimizer(0.5))
    return {"x:0": VECTORS[:2, :3], "n:0": np.int32(1)}


FUNCTIONS: dict[str, Callable[[Any], Feeds]] = {
    "an LSTM by dynamic_rnn": _dynamic_lstm,
    "an LSTM by while_loop": _written_lstm,
    "a loop and a branch": _loop,
    "loops and branches in a loop": _nested,
    "map_fn, scan and foldl": _higher,
    "an array that grows": _growing,
    "random numbers in a loop": _random_steps,
}


class _Run:
    """A graph in a session: its losses and variables, step by step."""

    def __init__(self, tf: Any, prefix: str = "", build: Any = None) -> None:
        self.tf = tf
        self.graph = tf.Graph()
        with self.graph.as_default():
            saver = tf.train.import_meta_graph(prefix + ".meta") if build is None else None
            self.feeds = build(tf) if build is not None else {}
            self.variables = tf.global_variables()
            self.session = tf.Session()
            if saver is None:
                self.session.run(tf.global_variables_initializer())
            else:
                saver.restore(self.session, prefix)

    def values(self) -> dict[str, np.ndarray]:
        return {v.name: np.asarray(x) for v, x in zip(self.variables, self.session.run(self.variables), strict=True)}

    def train(self, feeds: Feeds, steps: int) -> list[Any]:
        with self.graph.as_default():
            (loss,) = self.tf.get_collection("loss")
            trains = self.tf.get_collection("train_op")
        losses = []
        for _ in range(steps):
            losses.append(self.session.run(loss, feeds))
            for train in trains:  # one after the other: what two of them read and write in one run is a race there
                self.session.run(train, feeds)
        return losses

    def saved(self, folder: Path) -> str:
        """Saves graph and values in TensorFlow's format; returns the prefix of the files."""
        with self.graph.as_default():
            saver = self.tf.train.Saver(write_version=self.tf.train.SaverDef.V2)
            return saver.save(self.session, str(folder / "model"))


def _across(first: Any, second: Any, build: Callable[[Any], Feeds], folder: Path) -> None:
    made = _Run(first, build=build)
    made.train(made.feeds, 1)
    start = made.values()
    continued = _Run(second, made.saved(folder))
    assert [v.name for v in continued.variables] == [v.name for v in made.variables]
    wanted, found = made.train(made.feeds, 3), continued.train(made.feeds, 3)
    assert_same(wanted, found, rtol=1e-3, atol=1e-5)
    assert_same(made.values(), continued.values(), rtol=5e-3, atol=1e-4)
    assert any(not np.allclose(start[name], value) for name, value in continued.values().items())


@pytest.mark.parametrize("case", PLAIN)
def test_from_tensorflow(case: str, tmp_path: Path) -> None:
    _across(real_tf(), our_tf(), PLAIN[case], tmp_path)


@pytest.mark.parametrize("case", [*PLAIN, *FUNCTIONS, "a gradient of its own"])
def test_to_tensorflow(case: str, tmp_path: Path) -> None:
    builds = {**PLAIN, **FUNCTIONS, "a gradient of its own": _own_gradient}
    _across(our_tf(), real_tf(), builds[case], tmp_path)


@pytest.mark.parametrize("case", ["an LSTM by dynamic_rnn", "an LSTM by while_loop"])
def test_from_tensorflow_with_old_control_flow(case: str, tmp_path: Path) -> None:
    _across(real_tf(), our_tf(), FUNCTIONS[case], tmp_path)


@pytest.mark.parametrize("case", [*sorted({*FUNCTIONS} - {"a loop and a branch"}), "sequences that grow", "cases"])
def test_from_tensorflow_with_functions(case: str, tmp_path: Path) -> None:
    real = real_tf()

    def build(tf: Any) -> Feeds:
        real.enable_control_flow_v2()
        try:
            return {**FUNCTIONS, "sequences that grow": _lengthening, "cases": _cases}[case](tf)
        finally:
            real.disable_control_flow_v2()

    _across(real, our_tf(), build, tmp_path)


def test_a_new_optimizer_over_imported_nodes(tmp_path: Path) -> None:
    """Only the forward nodes of the file are used; the gradients are recorded here."""
    real, ours = real_tf(), our_tf()
    made = _Run(real, build=_convolutions)
    copied = _Run(ours, made.saved(tmp_path))
    for run in (made, copied):
        with run.graph.as_default():
            (loss,) = run.tf.get_collection("loss")
            del run.tf.get_collection_ref("train_op")[:]
            run.tf.train.GradientDescentOptimizer(0.1).minimize(loss, name="again")
    assert_same(made.train(made.feeds, 3), copied.train(made.feeds, 3), rtol=1e-4)
    assert_same(made.values(), copied.values(), rtol=1e-3, atol=2e-5)


def test_inference_of_branches_and_loops_runs_in_tensorflow() -> None:
    """tf.cond, tf.while_loop, dynamic_rnn, map_fn and TensorArray, recorded here, are functions there."""
    real, ours = real_tf(), our_tf()
    x = VECTORS[:3, 0]
    with ours.Graph().as_default() as graph, ours.Session() as session:
        p = ours.placeholder(ours.float32, [3], name="p")
        v = ours.get_variable("v", [3], use_resource=True)
        branch = ours.cond(p[0] > 0.0, lambda: ours.cond(p[1] > 0.0, lambda: p * v, lambda: p - 1.0), lambda: p + v)
        _, loop = ours.while_loop(
            lambda i, a: i < 5, lambda i, a: (i + 1, ours.cond(a[0] > 3.0, lambda: a * 0.5, lambda: a + v)), [0, p]
        )
        rows = ours.reshape(p, [1, 3, 1]) * ours.ones([2, 1, 4])
        outputs, state = ours.nn.dynamic_rnn(
            ours.nn.rnn_cell.GRUCell(2), rows, dtype=ours.float32, sequence_length=[2, 3]
        )
        array = ours.TensorArray(ours.float32, 3)
        _, array = ours.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a.write(i, p[i] * 2)), [0, array])
        fetched = [branch, loop, outputs, state, array.stack(), ours.map_fn(lambda a: a * a, p), ours.gather(p, [2, 0])]
        names = [tensor.name for tensor in fetched]
        session.run(ours.global_variables_initializer())
        values = {variable.name: session.run(variable) for variable in ours.global_variables()}
        wanted = [session.run(names, {"p:0": sign * x}) for sign in (1.0, -1.0)]
        meta = ours.train.export_meta_graph().SerializeToString()
    with real.Graph().as_default(), real.Session() as session:
        real.train.import_meta_graph(message_type(real, "MetaGraphDef").FromString(meta))
        session.run(real.global_variables_initializer())
        for variable in real.global_variables():
            variable.load(values[variable.name], session)
        assert_same([session.run(names, {"p:0": sign * x}) for sign in (1.0, -1.0)], wanted, rtol=1e-5, atol=1e-6)
    with ours.Graph().as_default() as back:
        ours.import_graph_def(graph.as_graph_def(), name="")
    assert back.as_graph_def() == graph.as_graph_def()


@pytest.mark.parametrize("case", ["convolutions with batch norm", "a queue", "loops and branches in a loop"])
def test_frozen_training_graphs_run_in_tensorflow(case: str) -> None:
    real, ours = real_tf(), our_tf()
    made = _Run(ours, build={**PLAIN, **FUNCTIONS}[case])
    with made.graph.as_default() as graph:
        (loss,) = ours.get_collection("loss")
        wanted = made.session.run(loss, made.feeds)
        frozen = ours.graph_util.convert_variables_to_constants(made.session, graph.as_graph_def(), [loss.op.name])
        frozen = ours.graph_util.remove_training_nodes(frozen, [loss.op.name])
    assert not any(node.op.startswith("Variable") or node.op == "VarHandleOp" for node in frozen.node)
    with real.Graph().as_default(), real.Session() as session:
        real.import_graph_def(message_type(real, "GraphDef").FromString(frozen.SerializeToString()), name="")
        assert_same(session.run(loss.name, made.feeds), wanted, rtol=1e-4, atol=1e-6)


def test_parts_of_a_graph_with_a_gradient_of_a_loop_are_read_back() -> None:
    """What is written for TensorFlow does not stand in the way of scopes, sub-graphs, and of a second export."""
    tf = our_tf()

    def value(name: str, feeds: Any = None) -> Any:
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return session.run(name, feeds)

    with tf.Graph().as_default() as graph:
        with tf.variable_scope("a"):
            w = tf.get_variable("w", [3], initializer=tf.constant_initializer(0.3))
            _, h = tf.while_loop(lambda i, _: i < 3, lambda i, h: (i + 1, tf.tanh(h * w)), (0, tf.ones([2, 3])))
            tf.identity(tf.gradients(h, w)[0], name="g")
        wanted = value("a/g:0")
        meta = tf.train.export_meta_graph(export_scope="a", graph=graph)
        whole = graph.as_graph_def()
        part = tf.graph_util.extract_sub_graph(whole, ["a/g"])
    with tf.Graph().as_default():
        tf.train.import_meta_graph(meta, import_scope="b")
        assert_same(value("b/g:0"), wanted)
    with tf.Graph().as_default():
        tf.import_graph_def(part, name="c")
        assert_same(value("c/a/g:0", {"c/a/w/read:0": np.full(3, 0.3, np.float32)}), wanted)
    with tf.Graph().as_default() as back:
        tf.import_graph_def(whole, name="")
        assert back.as_graph_def() == whole


def test_second_derivatives_are_refused_by_name() -> None:
    real, ours = real_tf(), our_tf()
    with ours.Graph().as_default() as graph:
        x = ours.constant([0.3, 0.4])
        (slope,) = ours.gradients(ours.tanh(x), x)
        second = ours.gradients(slope, x)[0]
        content = graph.as_graph_def().SerializeToString()
    with real.Graph().as_default(), real.Session() as session:
        real.import_graph_def(message_type(real, "GraphDef").FromString(content), name="")
        session.run(slope.name)
        with pytest.raises(real.errors.InvalidArgumentError, match="a second derivative of scopedjax"):
            session.run(second.name)
