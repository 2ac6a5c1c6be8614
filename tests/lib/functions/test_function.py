"""`tf.function` in graphs against real TensorFlow: values, gradients, traces, names, errors."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import scopedjax as sj
from tests import oracle
from tests.oracle import check_both, check_both_raise

X = np.array([1.0, 2.0, 3.0], np.float32)


def _plain(tf: Any, f: Any) -> Any:
    return tf.function(f, autograph=False)


def _run(tf: Any, fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(fetches, feeds)


def _setting(tf: Any) -> tuple[Any, Any]:
    x = tf.placeholder(tf.float32, [None], name="x")
    return x, tf.Variable(1.5, use_resource=True, name="rv")


def _with_print(tf: Any, a: Any, rv: Any) -> Any:
    return tf.py_func(lambda z: z * 2, [a], tf.float32) + tf.Print(a * a, [a]) * rv


def _custom(tf: Any, a: Any, rv: Any) -> Any:
    @tf.custom_gradient
    def twice(z: Any) -> Any:
        return z * 2.0, lambda d: d * z * 100.0

    return twice(a * rv) * a


def _growing(tf: Any, a: Any, rv: Any) -> Any:
    return tf.while_loop(lambda i, b: i < 3, lambda i, b: (i + 1, b * rv * 2.0), [0, a])[1]


def _nested(tf: Any, a: Any, rv: Any) -> Any:
    inner = _plain(tf, lambda b: b * rv)
    return inner(a) * inner(a * 2.0)


BODIES = {
    "arithmetic": lambda tf, a, rv: a * a * rv + 1.0,
    "print and Python": _with_print,
    "custom gradient": _custom,
    "cond": lambda tf, a, rv: tf.cond(tf.reduce_sum(a) > rv, lambda: a * rv, lambda: a * 2.0),
    "while": _growing,
    "nested": _nested,
    "map_fn": lambda tf, a, rv: tf.map_fn(lambda e: e * rv + tf.reduce_sum(a), a),
    "dropout": lambda tf, a, rv: tf.nn.dropout(a, rate=0.5, seed=3) * rv,
    "second derivative inside": lambda tf, a, rv: tf.gradients(a * a * a * rv, a)[0],
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", BODIES)
def test_values_and_gradients(name: str) -> None:
    def body(tf: Any) -> Any:
        x, rv = _setting(tf)
        y = _plain(tf, lambda a: BODIES[name](tf, a, rv))(x)
        return _run(tf, [y, tf.gradients(y, [x, rv])], {x: X})

    check_both(body)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["arithmetic", "nested", "while", "cond"])
def test_second_derivatives(name: str) -> None:
    def body(tf: Any) -> Any:
        x, rv = _setting(tf)
        y = _plain(tf, lambda a: BODIES[name](tf, a * a, rv))(x)
        (g,) = tf.gradients(y, x)
        return _run(tf, [g, tf.gradients(g, [x, rv])], {x: X})

    theirs, ours = oracle.both(body)
    if isinstance(theirs, oracle.Raised):  # of loops TensorFlow has none
        ours = None
        theirs = None
    oracle.assert_same(theirs, ours)


@pytest.mark.oracle
def test_where_a_call_stands() -> None:
    def body(tf: Any) -> Any:
        x, rv = _setting(tf)
        f = _plain(tf, lambda a: a * rv * 2.0)
        chosen = tf.cond(tf.size(x) > 2, lambda: f(x), lambda: x)
        turned = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, f(a)), [0, x])[1]
        results = [chosen, turned, *tf.gradients(chosen, [x, rv]), *tf.gradients(turned, [x, rv])]
        fed = f(x)
        return _run(tf, results, {x: X}), _run(tf, fed + 1.0, {fed: X})

    check_both(body)


@pytest.mark.oracle
def test_two_calls_of_one_tensor() -> None:
    def body(tf: Any) -> Any:
        x, _ = _setting(tf)
        f = _plain(tf, lambda a, b: tf.gradients(tf.cond(a[0] > 0, lambda: a * b * b, lambda: a), [a, b]))
        return _run(tf, f(x, x), {x: X})

    check_both(body)


@pytest.mark.oracle
def test_effects_in_order() -> None:
    def body(tf: Any) -> Any:
        _, rv = _setting(tf)

        def steps() -> Any:
            a = rv + 0.0
            rv.assign(10.0)
            b = rv + 0.0
            rv.assign_add(5.0)
            return a, b, rv + 0.0

        results = _plain(tf, steps)()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run(results), sess.run(results[0]), sess.run(rv)

    check_both(body)


def test_a_call_that_returns_nothing_is_run_itself() -> None:
    """TensorFlow 1.15 gives the node; 2.21 gives None, so that nothing could run it."""
    with sj.Graph().as_default():
        v = sj.Variable(1.0, use_resource=True)
        step = sj.function(lambda: (v.assign_add(2.0), None)[1])()
        assert step.type == "StatefulPartitionedCall"
        with sj.Session() as sess:
            sess.run(v.initializer)
            assert sess.run(step) is None
            assert sess.run(v) == 3.0


@pytest.mark.oracle
def test_random_streams() -> None:
    """Each call has streams of its own, which begin alike."""

    def body(tf: Any) -> Any:
        tf.set_random_seed(7)
        f = _plain(tf, lambda: (tf.random_uniform([2]), tf.random_normal([1], seed=3)))
        fetches = [tf.random_uniform([2]), f(), tf.random_uniform([2]), f()]
        with tf.Session() as sess:
            return [sess.run(fetches) for _ in range(2)]

    check_both(body)


@pytest.mark.oracle
def test_data_dependent_shapes() -> None:
    def body(tf: Any) -> Any:
        x, _ = _setting(tf)
        n = tf.placeholder(tf.int32, [])
        y = _plain(tf, lambda a, k: tf.reshape(tf.tile(a, [k]), [k, -1]))(x, n)
        u = _plain(tf, lambda a: tf.unique(a)[0] * 2.0)(x)
        return _run(tf, [y, tf.gradients(y, x)[0], u], {x: X, n: 2})

    check_both(body)


@pytest.mark.oracle
def test_sparse_tensors_and_slices() -> None:
    def body(tf: Any) -> Any:
        f = _plain(tf, lambda p: (tf.sparse.to_dense(p), tf.SparseTensor(p.indices, p.values * 2.0, p.dense_shape)))
        table = tf.Variable(np.arange(6.0, dtype=np.float32).reshape(3, 2), use_resource=True)
        loss = _plain(tf, lambda i: tf.reduce_sum(tf.nn.embedding_lookup(table, i) ** 2))([0, 2])
        grad = tf.gradients(loss, table)[0]
        step = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, var_list=[table])
        dense, sparse = f(tf.SparseTensor([[0], [2]], [1.0, 2.0], [3]))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run([step])
            sess.run([step])
            return type(grad).__name__, sess.run(table), sess.run(dense), list(sess.run(sparse))

    check_both(body)


@pytest.mark.oracle
@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("optimizer", ["GradientDescentOptimizer", "AdamOptimizer", "MomentumOptimizer"])
def test_training(inside: bool, optimizer: str) -> None:
    def body(tf: Any) -> Any:
        x, rv = _setting(tf)
        more = {"momentum": 0.9} if optimizer == "MomentumOptimizer" else {}
        opt = getattr(tf.train, optimizer)(0.1, **more)

        def loss(a: Any) -> Any:
            return tf.reduce_mean((a * rv - 3.0) ** 2)

        def step(a: Any) -> Any:
            found = loss(a)
            with tf.control_dependencies([opt.minimize(found, var_list=[rv])]):
                return tf.identity(found)

        if inside:
            fetches = _plain(tf, step)(x)
        else:
            value = _plain(tf, loss)(x)
            fetches = [value, opt.minimize(value, var_list=[rv])]
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            found = [sess.run(fetches, {x: X}) for _ in range(4)]
        return [f if inside else f[0] for f in found], sorted(v.op.name for v in tf.global_variables())

    check_both(body)


# ----------------------------------------------------------------------------------------------------------- tracing


@pytest.mark.oracle
def test_structures_names_and_shapes() -> None:
    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        w = tf.get_variable("w", [3, 2], initializer=tf.ones_initializer())
        rw = tf.get_variable("rw", [2], initializer=tf.ones_initializer(), use_resource=True)
        c = tf.constant(2.0, name="c")

        @tf.function
        def f(a: Any, k: Any, flag: bool = True) -> Any:
            return {"y": tf.matmul(a, w) * c + rw, "z": (k * 2, None, 3)}

        calls = [f(x, 5), f(x, k=6), f(tf.zeros([4, 3]), tf.constant(1.5)), f(tf.placeholder(tf.float32, [7, 3]), 5)]
        with tf.name_scope("s"):
            calls.append(f(x, 5))
        shown = [(r["y"].name, r["y"].shape.as_list(), r["z"][0].dtype.name, r["z"][1]) for r in calls]
        taken = [[t.name for t in r["y"].op.inputs] for r in calls]
        trace = f.get_concrete_function(tf.TensorSpec([None, 3], tf.float32), 5)
        nodes = sorted((o.name, o.type, [t.name for t in o.inputs]) for o in trace.graph.get_operations())
        (again,) = [trace(x)["y"]]
        gradients = tf.gradients(calls[0]["y"], [w, x, rw])
        described = (
            [t.name for t in trace.captured_inputs], sorted(trace.structured_outputs), trace.name[:14],
            [t.op.name for t in trace.inputs], [v.name for v in trace.variables],
        )  # fmt: skip
        types = [o.type for o in tf.get_default_graph().get_operations() if "Call" in o.type]
        feeds = {x: np.ones((2, 3), np.float32)}
        found = _run(tf, [calls[0]["y"], calls[0]["z"][2], again, gradients], feeds)
        return shown, taken, nodes, described, types, [g.op.type for g in gradients], found

    check_both(body)


@pytest.mark.oracle
def test_when_it_is_traced_again() -> None:
    def body(tf: Any) -> Any:
        count = [0]

        def counted(a: Any, n: Any = 1) -> Any:
            count[0] += 1
            return a * n

        f = _plain(tf, counted)
        found = []
        for args, kwargs in [
            ((tf.ones([2]),), {}), ((tf.ones([2]),), {}), ((tf.ones([3]),), {}), ((tf.ones([3]), 1), {}),
            ((tf.ones([3]), 2), {}), ((tf.ones([3]), 2.0), {}), ((tf.ones([3]),), {"n": 2}),
            ((np.ones(3, np.float32),), {}), ((1.0,), {}), ((1.0,), {}), ((tf.placeholder(tf.float32, [None, 3]),), {}),
            ((tf.ones([5, 3]),), {}), ((tf.placeholder(tf.float32),), {}), ((tf.ones([5]), True), {}),
        ]:  # fmt: skip
            f(*args, **kwargs)
            found.append(count[0])
        with tf.Graph().as_default():
            f(tf.ones([2]))
        found.append(count[0])
        g = tf.function(counted, reduce_retracing=True)
        for n in (2, 3, 4, 5):
            g(tf.ones([n]))
            found.append(count[0])
        return found, f.experimental_get_tracing_count()

    check_both(body)


@pytest.mark.oracle
def test_input_signature() -> None:
    def body(tf: Any) -> Any:
        specs = [tf.TensorSpec([None], tf.float32), tf.TensorSpec([], tf.float32, name="bee")]
        f = tf.function(lambda a, b: a + b, input_signature=specs)
        y, z = f(tf.ones([3]), 2.0), f(a=tf.ones([2]), b=1.0)
        names = [o.name for o in f.get_concrete_function().graph.get_operations()]
        return names, y.shape.as_list(), _run(tf, [y, z]), [s.name for s in f.input_signature]

    check_both(body)


CALLS = {
    "shape": lambda tf, f: f(tf.ones([3, 3]), 2.0),
    "dtype": lambda tf, f: f(tf.ones([3], tf.int32), 2.0),
    "few": lambda tf, f: f(tf.ones([3])),
    "many": lambda tf, f: f(tf.ones([3]), 1.0, 2.0),
}


@pytest.mark.oracle
@pytest.mark.parametrize("case", CALLS)
def test_calls_that_do_not_fit_the_signature(case: str) -> None:
    def body(tf: Any) -> Any:
        specs = [tf.TensorSpec([None], tf.float32), tf.TensorSpec([], tf.float32)]
        CALLS[case](tf, tf.function(lambda a, b: a + b, input_signature=specs))

    words = {
        "shape": "Can not cast TensorSpec(shape=(3, 3), dtype=tf.float32, name=None)",
        "dtype": "Can not cast TensorSpec(shape=(3,), dtype=tf.int32, name=None)",
        "few": "missing a required argument: 'b'",
        "many": "too many positional arguments",
    }
    check_both_raise(body, match="Binding inputs to tf.function failed due to `" + words[case])


WRONG = {
    "few": (lambda tf, x: _plain(tf, lambda a, b: a)(x), "missing a required argument: 'b'"),
    "keyword": (lambda tf, x: _plain(tf, lambda a: a)(x, c=1), "got an unexpected keyword argument 'c'"),
    "unhashable": (lambda tf, x: _plain(tf, lambda a, b: a)(x, {1, 2}), "Could not generate a generic TraceType for"),
    "signature": (
        lambda tf, x: tf.function(lambda a: a, input_signature=x),
        "input_signature must be either a tuple or a list",
    ),
    "specs": (
        lambda tf, x: tf.function(lambda a: a, input_signature=[3]),
        "input_signature must be a possibly nested sequence of TensorSpec objects, got invalid args [3]",
    ),
    "object": (lambda tf, x: _plain(tf, lambda: object())(), "found return value of type object"),
    "operation": (lambda tf, x: _plain(tf, lambda: tf.no_op())(), "found return value of type Operation"),
    "reference": (
        lambda tf, x: _plain(tf, lambda: tf.assign(tf.get_collection("refs")[0], 1.0))(),
        "In op 'Assign', input types ([tf.float32, tf.float32]) are not compatible with expected types",
    ),
    "truth": (lambda tf, x: _plain(tf, lambda a: a if a[0] > 0 else -a)(x), "as a Python `bool` is not allowed"),
    "variable each time": (
        lambda tf, x: _plain(tf, lambda a: a * tf.Variable(1.0))(x),
        "tf.function only supports singleton tf.Variables created on the first call",
    ),
    "trace, shape": (
        lambda tf, x: _plain(tf, lambda a: a).get_concrete_function(tf.TensorSpec([None]))(tf.ones([4, 4])),
        "is not compatible with the shape this function was traced with. Expected shape (?,), but got shape (4, 4)",
    ),
    "trace, few": (
        lambda tf, x: _plain(tf, lambda a: a).get_concrete_function(tf.TensorSpec([None]))(),
        "missing required arguments: a",
    ),
    "trace, many": (
        lambda tf, x: _plain(tf, lambda a: a).get_concrete_function(tf.TensorSpec([None]))(1.0, 2.0),
        "takes 1 positional arguments, got 2",
    ),
}


@pytest.mark.oracle
@pytest.mark.parametrize("case", WRONG)
def test_errors(case: str) -> None:
    make, words = WRONG[case]

    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [None], name="x")
        tf.add_to_collection("refs", tf.Variable(0.0))
        make(tf, x)

    check_both_raise(body, match=words)


def test_tensors_that_leave_their_function() -> None:
    kept: list[Any] = []
    with sj.Graph().as_default():
        x = sj.ones([2])
        sj.function(lambda a: (kept.append(a * 2.0), a)[1])(x)
        with pytest.raises(ValueError, match="is out of scope and cannot be used here"):
            sj.function(lambda a: a + kept[0])(x)
        with pytest.raises(ValueError, match="must be from the same graph"):
            _ = kept[0] + 1.0 + x
    with sj.Graph().as_default(), pytest.raises(ValueError, match="must be from the same graph"):
        sj.function(lambda: x * 2.0)()


@pytest.mark.oracle
def test_arguments_of_all_kinds() -> None:
    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [None], name="x")
        rv = tf.Variable(4.0, use_resource=True)

        @tf.function
        def f(a: Any, *rest: Any, **named: Any) -> Any:
            return a + sum(rest) + named.get("z", 0.0)

        names = [
            o.name for o in f.get_concrete_function(x, x, x, z=x).graph.get_operations() if o.type == "Placeholder"
        ]
        results = [
            f(x, x, x, z=x),
            _plain(tf, lambda a, s: a * (2 if s == "two" else 3))(x, "two"),
            _plain(tf, lambda a: a["p"][0] + a["q"][1])({"p": (x,), "q": [x, 2.0 * x]}),
            _plain(tf, lambda v: v * 2.0)(rv),
            _plain(tf, lambda: rv)(),
            _plain(tf, lambda a: a + 1.0)(np.ones(3, np.float32)),
            _plain(tf, lambda a: [a, (a, {"k": a})])(x),
        ]
        return names, _run(tf, results, {x: X})

    check_both(body)


# --------------------------------------------------------------------------------------------------------- variables


@pytest.mark.oracle
def test_variables_of_the_first_call() -> None:
    def body(tf: Any) -> Any:
        class Layer:
            def __init__(self) -> None:
                self.v: Any = None
                self.traced = 0

            @tf.function
            def __call__(self, a: Any) -> Any:
                self.traced += 1
                if self.v is None:
                    self.v = tf.Variable(tf.ones([2]) * 3.0, name="inner")
                self.v.assign_add([1.0, 1.0])
                return a * self.v

        x = tf.placeholder(tf.float32, [])
        one, other = Layer(), Layer()
        y, z, w = one(x), one(x), other(x * 2.0)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            found = [sess.run(y, {x: 2.0}), sess.run(w, {x: 2.0}), sess.run(one.v)]
        names = [v.name for v in tf.global_variables()], [v.name for v in tf.trainable_variables()]
        return found, names, one.traced, z.shape.as_list(), one.v.trainable

    check_both(body)


@pytest.mark.oracle
def test_get_variable_and_layers() -> None:
    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [None, 3], name="x")

        @tf.function
        def f(a: Any) -> Any:
            with tf.variable_scope("vs", reuse=tf.AUTO_REUSE):
                scaled = a * tf.get_variable("g", [3], initializer=tf.ones_initializer())
            return tf.layers.dense(scaled, 2, name="d", reuse=tf.AUTO_REUSE, kernel_initializer=tf.ones_initializer())

        y, z = f(x), f(tf.ones([1, 2, 3]))
        graph = tf.get_default_graph()
        nodes = sorted(o.name for o in graph.get_operations() if o.name.startswith(("vs", "d/")))
        names = sorted(v.name for v in tf.global_variables()), tf.trainable_variables()
        return nodes, names, _run(tf, [y, z], {x: np.ones((2, 3), np.float32)})

    check_both(body)


def test_methods_do_not_keep_their_objects() -> None:
    class Model:
        @sj.function
        def double(self, a: Any) -> Any:
            return a * 2.0

    with sj.Graph().as_default():
        model = Model()
        gone = weakref.ref(model)
        assert model.double is model.double
        model.double(sj.ones([2]))
        assert isinstance(Model.double, type(model.double))
        del model
        gc.collect()
        assert gone() is None


# ------------------------------------------------------------------------------------------------------------- speed


def test_a_call_is_part_of_one_program() -> None:
    """A run with a call in it is one stage, as without, and compiles once."""
    from scopedjax._src.lower.plan import make_plan

    with sj.Graph().as_default():
        x = sj.placeholder(sj.float32, [None, 4])
        w = sj.Variable(np.ones((4, 4), np.float32), use_resource=True)
        f = sj.function(lambda a: sj.nn.relu(sj.matmul(a, w)))
        loss = sj.function(lambda a: sj.reduce_mean(f(f(a)) * a))(x)
        step = sj.train.GradientDescentOptimizer(0.1).minimize(loss, var_list=[w])
        plan = make_plan([loss], [step], [x])
        assert [stage.device for stage in plan.stages] == [True]


# ------------------------------------------------------------------------------------------------- a whole programme


@pytest.mark.oracle
def test_a_programme() -> None:
    """As scripts of 1.14 and 1.15 had it: the layers of a model under tf.function, the loop with a session."""

    def body(tf: Any) -> Any:
        rng = np.random.RandomState(0)
        points = rng.randn(64, 8).astype(np.float32)
        labels = (points.sum(1) > 0).astype(np.int64)

        class Model(tf.Module):
            def __init__(self) -> None:
                super().__init__(name="model")
                init = tf.random_normal_initializer(stddev=0.3, seed=1)
                self.w1 = tf.Variable(lambda: init([8, 16]), name="w1", use_resource=True)
                self.b1 = tf.Variable(tf.zeros([16]), name="b1", use_resource=True)
                self.w2 = tf.Variable(lambda: init([16, 2]), name="w2", use_resource=True)

            @tf.function
            def logits(self, x: Any) -> Any:
                hidden = tf.nn.relu(tf.matmul(x, self.w1) + self.b1)
                return tf.matmul(hidden, self.w2)

        @tf.function(input_signature=[tf.TensorSpec([None, 8], tf.float32), tf.TensorSpec([None], tf.int64)])
        def loss_and_accuracy(x: Any, y: Any) -> Any:
            found = model.logits(x)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=found))
            right = tf.equal(tf.argmax(found, 1), y)
            return loss, tf.reduce_mean(tf.cast(right, tf.float32))

        model = Model()
        x, y = tf.placeholder(tf.float32, [None, 8]), tf.placeholder(tf.int64, [None])
        loss, accuracy = loss_and_accuracy(x, y)
        train = tf.train.AdamOptimizer(0.05).minimize(loss, global_step=tf.train.get_or_create_global_step())
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            losses = [sess.run([loss, train], {x: points[i : i + 16], y: labels[i : i + 16]})[0]
                      for _ in range(3) for i in range(0, 64, 16)]  # fmt: skip
            return losses, sess.run(accuracy, {x: points, y: labels}), sess.run(tf.train.get_global_step())

    check_both(body, rtol=1e-4)
