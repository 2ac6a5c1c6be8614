"""`tf.Variable` and what assigns to it, against real TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle import assert_same, both, check_both, check_both_raise, graph_nodes

DTYPES = [
    "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
    "uint64", "complex64", "complex128", "bool",
]  # fmt: skip


def described(v):
    return v.name, v.dtype.name, v.shape, v.trainable, v.op.type, v.initializer.name, v.value().name, v.device


def started(tf):
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    return sess


# ------------------------------------------------------------------------------------------------- making


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_is_held_and_assigned(dtype):
    def body(tf):
        v = tf.Variable(tf.cast([[1, 0], [3, 1]], dtype), name="v")
        w = tf.Variable(np.array([1, 0]), dtype=dtype)
        with started(tf) as sess:
            first = sess.run([v, w])
            changed = sess.run(v.assign(tf.cast([[0, 1], [1, 1]], dtype)))
            return described(v), described(w), first, changed, sess.run(v), graph_nodes(tf.get_default_graph())

    check_both(body)


def test_strings():
    def body(tf):
        v = tf.Variable(["a", "bc"], name="s")
        w = tf.get_variable("w", [2], tf.string)
        u = tf.get_variable("u", initializer=tf.constant([b"\x00\xff"]))
        with started(tf) as sess:
            return (
                sess.run([v, w, u]), sess.run(v.assign([b"x", b"y"])), sess.run(tf.scatter_update(v, [1], ["zz"])),
                sess.run([v, v[0], tf.identity(v)]), described(v),
            )  # fmt: skip

    check_both(body)


@pytest.mark.parametrize(
    "make",
    [
        lambda tf: tf.Variable(1.0),
        lambda tf: tf.Variable(1),
        lambda tf: tf.Variable(True),
        lambda tf: tf.Variable("text"),
        lambda tf: tf.Variable([1, 2]),
        lambda tf: tf.Variable([[1.0], [2.0]], name="a/b"),
        lambda tf: tf.Variable(np.float64(3)),
        lambda tf: tf.Variable(np.arange(3)),
        lambda tf: tf.Variable(1, dtype=tf.float64),
        lambda tf: tf.Variable(lambda: 2.0),
        lambda tf: tf.Variable(lambda: tf.zeros([2, 3]), name="z"),
        lambda tf: tf.Variable(lambda: [1, 2], dtype=tf.int64, name="z"),
        lambda tf: tf.Variable(lambda: tf.random_uniform([4], seed=3), name="z"),
        lambda tf: tf.Variable(tf.random_normal([3, 2], seed=1), name="r"),
        lambda tf: tf.Variable(tf.zeros([2]), trainable=False),
        lambda tf: tf.Variable(0, trainable=False, collections=["mine", tf.GraphKeys.LOCAL_VARIABLES]),
        lambda tf: tf.Variable(0, collections=["mine"]),
        lambda tf: tf.Variable(0, collections=[]),
        lambda tf: tf.Variable(0, collections=("mine",)),
        lambda tf: tf.Variable(0.0, constraint=lambda x: x),
        lambda tf: tf.Variable(0.0, caching_device="/cpu:0"),
        lambda tf: tf.Variable(0.0, expected_shape=[]),
        lambda tf: tf.Variable(tf.placeholder_with_default([1.0], [None]), validate_shape=False),
        lambda tf: tf.Variable([1.0, 2.0], validate_shape=False),
        lambda tf: tf.Variable([1.0, 2.0], shape=[2]),
        lambda tf: tf.Variable(0.0, trainable=True, synchronization=tf.VariableSynchronization.ON_READ),
        lambda tf: tf.Variable(0.0, synchronization=tf.VariableSynchronization.ON_READ),
        lambda tf: tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN),
        lambda tf: tf.Variable(tf.Variable(2.0) * 3.0),
        lambda tf: tf.Variable(tf.Variable(2.0, name="first").initialized_value() * 3.0, name="second"),
        lambda tf: tf.Variable(tf.Variable([2.0])),
        lambda tf: tf.Variable(np.zeros([0, 3], np.float32)),
    ],
    ids=range(32),
)
def test_forms_of_the_constructor(make):
    def body(tf):
        v = make(tf)
        graph = tf.get_default_graph()
        keys = sorted(k for k in graph.get_all_collection_keys())
        collections = {k: [x.name for x in graph.get_collection(k)] for k in keys if k != "cond_context"}
        all_of_them = tf.global_variables() + tf.local_variables() + [v]
        with tf.Session() as sess:
            sess.run([x.initializer for x in all_of_them])
            return described(v), collections, sess.run(v), sess.run(v.initial_value), v.constraint is None

    check_both(body)


def test_nodes_of_variables():
    def body(tf):
        tf.Variable(1.0)
        tf.Variable(1.0)
        with tf.name_scope("scope"):
            tf.Variable([1.0, 2.0], name="v")
            tf.Variable(lambda: tf.zeros([2]), name="w")
            tf.Variable(tf.random_normal([2], seed=1), name="v")
        tf.Variable(np.zeros(3), name="x/y")
        with tf.variable_scope("vs"):
            tf.Variable(3, name="V")
            tf.Variable(4, name="v")
        with tf.control_dependencies([tf.constant(0, name="before")]):
            v = tf.Variable(5, name="free")
        nodes = [(o.name, o.type, [i.name for i in o.inputs], [c.name for c in o.control_inputs])
                 for o in tf.get_default_graph().get_operations()]  # fmt: skip
        return nodes, v.initializer.colocation_groups(), v.value().op.colocation_groups()

    check_both(body)


@pytest.mark.parametrize(
    "make",
    [
        lambda tf: tf.Variable(),
        lambda tf: tf.Variable(None),
        lambda tf: tf.Variable(tf.placeholder(tf.float32)),
        lambda tf: tf.Variable(tf.placeholder(tf.float32, [None])),
        lambda tf: tf.Variable(0.0, collections="mine"),
        lambda tf: tf.Variable(0.0, constraint=3),
        lambda tf: tf.Variable("text", dtype=tf.float32),
        (lambda tf: tf.Variable(tf.constant(1), dtype=tf.float32), "Tensor conversion requested dtype float32"),
        lambda tf: tf.Variable([1.0, 2.0], shape=[3]),
        (lambda tf: tf.Variable(0.0, name="not allowed!"), "'not allowed!' is not a valid root scope name"),
        (lambda tf: tf.Variable(object()), "Consider casting elements to a supported type"),
        lambda tf: tf.Variable(1.0).assign("x"),
        lambda tf: tf.Variable([1.0]).assign([1.0, 2.0]),
        lambda tf: tf.Variable([1.0]).assign_add([1.0, 2.0]),
        lambda tf: tf.Variable(1).assign(2.5),
        lambda tf: tf.Variable(1.0).assign(tf.constant(1)),
        lambda tf: tf.Variable(1.0).scatter_add(3.0),
        lambda tf: tf.Variable(1.0).load(2.0),
        lambda tf: tf.Variable(1.0).eval(),
        lambda tf: tf.Session().run(tf.Variable(1.0, name="empty")),
        lambda tf: tf.Variable(1.0) + tf.Variable(1),
        lambda tf: tf.convert_to_tensor(tf.Variable(1.0), tf.int32),
    ],
    ids=range(22),
)
def test_errors(make):
    make, phrase = make if isinstance(make, tuple) else (make, None)
    check_both_raise(make, match=phrase)


@pytest.mark.parametrize(
    ("make", "phrase"),
    [
        (lambda tf: tf.Variable(), "initial_value must be specified"),
        (lambda tf: tf.Variable(tf.placeholder(tf.float32)), "initial_value must have a shape specified"),
        (lambda tf: tf.Variable(0.0, collections="mine"), "must be a list, tuple, or set"),
        (lambda tf: tf.Variable(0.0, constraint=3), "`constraint` argument must be a callable"),
        (lambda tf: tf.Session().run(tf.Variable(1.0, name="empty")), "Attempting to use uninitialized value empty"),
        (lambda tf: tf.Variable(1.0).load(2.0), "Either session argument should be provided"),
    ],
)
def test_what_errors_say(make, phrase):
    check_both_raise(make, match=phrase)


# ---------------------------------------------------------------------------------------------- assigning


@pytest.mark.parametrize("how", ["assign", "assign_add", "assign_sub"])
def test_assigning(how):
    def body(tf):
        v = tf.Variable([1.0, 2.0], name="v")
        method, function = getattr(v, how)([3.0, 4.0]), getattr(tf, how)(v, [5.0, 6.0], name="f")
        op = getattr(v, how)([1.0, 1.0], read_value=False)
        named = getattr(v, how)([1.0, 1.0], use_locking=True, name="named")
        with started(tf) as sess:
            values = [sess.run(method), sess.run(function), sess.run(op), sess.run(named), sess.run(v)]
        return values, type(op).__name__, method.dtype, method.shape, graph_nodes(tf.get_default_graph())

    check_both(body)


ROWS = [[10.0, 20.0], [30.0, 40.0]]


@pytest.mark.parametrize("how", ["update", "add", "sub", "mul", "div", "min", "max"])
@pytest.mark.parametrize(
    ("indices", "updates"),
    [
        ([0, 2], ROWS),
        ([1, 1], ROWS),
        (1, ROWS[0]),
        ([[0], [2]], [[ROWS[0]], [ROWS[1]]]),
        ([], np.zeros([0, 2])),
        ([0, 2], 5.0),
    ],
)
def test_scatter_functions(how, indices, updates):
    def body(tf):
        v = tf.Variable([[1.0, 2.0], [3.0, 40.0], [50.0, 6.0]], name="v")
        result = getattr(tf, f"scatter_{how}")(v, np.array(indices, np.int32), np.float32(updates))
        with started(tf) as sess:
            return sess.run(result), sess.run(v), graph_nodes(tf.get_default_graph()), result.dtype, result.shape

    theirs, ours = both(body)
    assert_same(theirs, ours, phrase=False)


@pytest.mark.parametrize("how", ["update", "add", "sub", "mul", "div", "min", "max"])
def test_scatter_methods(how):
    def body(tf):
        v = tf.Variable([[1.0, 2.0], [3.0, 40.0], [50.0, 6.0]], name="v")
        result = getattr(v, f"scatter_{how}")(tf.IndexedSlices(tf.constant(ROWS), tf.constant([2, 0])))
        with started(tf) as sess:
            return sess.run(result), sess.run(v), graph_nodes(tf.get_default_graph())

    check_both(body)


@pytest.mark.parametrize("how", ["update", "add", "sub"])
def test_scatter_nd(how):
    def body(tf):
        v = tf.Variable(np.arange(12, dtype=np.float32).reshape(3, 4), name="v")
        first = getattr(tf, f"scatter_nd_{how}")(v, [[0, 1], [2, 3]], [10.0, 20.0])
        second = getattr(tf, f"scatter_nd_{how}")(v, [[1]], [[1.0, 2.0, 3.0, 4.0]])
        third = getattr(v, f"scatter_nd_{how}")([[0, 0]], [7.0])
        with started(tf) as sess:
            return [sess.run(x) for x in (first, second, third, v)], graph_nodes(tf.get_default_graph())

    check_both(body)


@pytest.mark.parametrize(
    ("shape", "indices"), [([5], [0, 3]), ([2, 4], [[0, 3], [1, 2]]), ([2, 2, 3], [[[0, 2], [1, 2]], [[0, 1], [1, 0]]])]
)
def test_batch_scatter_update(shape, indices):
    def body(tf):
        v = tf.Variable(np.zeros(shape, np.float32))
        updates = np.arange(np.size(indices), dtype=np.float32).reshape(np.shape(indices)) + 1
        result = tf.batch_scatter_update(v, indices, updates)
        with started(tf) as sess:
            return sess.run(result), sess.run(v)

    check_both(body)


def test_batch_scatter_update_records_tensorflows_nodes():
    def body(tf):
        v = tf.Variable(np.zeros([2, 4], np.float32))
        tf.batch_scatter_update(v, tf.constant([[0, 3], [1, 2]]), np.ones([2, 2], np.float32))
        return graph_nodes(tf.get_default_graph())

    check_both(body)


@pytest.mark.parametrize(
    "make",
    [
        lambda tf, v: tf.scatter_update(v, [3], [[1.0, 2.0]]),
        lambda tf, v: tf.scatter_add(v, [-1], [[1.0, 2.0]]),
        lambda tf, v: tf.scatter_update(v, [0], [[1.0, 2.0, 3.0]]),
        lambda tf, v: tf.scatter_update(v, [0, 1], [[1.0, 2.0]]),
        lambda tf, v: tf.scatter_update(v, [0.5], [[1.0, 2.0]]),
        lambda tf, v: tf.scatter_nd_update(v, [[0, 0, 0]], [1.0]),
        lambda tf, v: tf.scatter_nd_update(v, [[7]], [[1.0, 2.0]]),
    ],
    ids=range(7),
)
def test_scatter_errors(make):
    def body(tf):
        v = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="v")
        result = make(tf, v)
        with started(tf) as sess:
            return sess.run(result)

    theirs, ours = both(body)
    assert_same(theirs, ours, phrase=False)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_count_up_to(dtype):
    def body(tf):
        v = tf.Variable(tf.cast(0, dtype), name="v")
        step = tf.count_up_to(v, 3)
        with started(tf) as sess:
            return [sess.run(step) for _ in range(3)], sess.run(v), graph_nodes(tf.get_default_graph())

    check_both(body)


def test_count_up_to_ends():
    def body(tf):
        step = tf.Variable(0).count_up_to(1)
        with started(tf) as sess:
            sess.run(step)
            sess.run(step)

    check_both_raise(body, match="Reached limit of 1")


def test_assigning_another_shape():
    def body(tf):
        v = tf.Variable([1.0, 2.0], validate_shape=False, name="v")
        change = tf.assign(v, [[1.0], [2.0], [3.0]], validate_shape=False)
        with started(tf) as sess:
            return sess.run(v), sess.run(change), sess.run(v), v.shape, change.shape, sess.run(tf.shape(v))

    check_both(body)


def test_order_of_assignments():
    def body(tf):
        v = tf.Variable(1.0)
        a = v.assign(v * 3.0)
        with tf.control_dependencies([a]):
            b = v.assign_add(4.0)
            with tf.control_dependencies([b]):
                c, old = v.read_value(), tf.identity(v)
        with started(tf) as sess:
            return sess.run([c, b]), sess.run(v), sess.run(tf.group(a, b)), sess.run(v), sess.run(c), old.dtype

    check_both(body)


def test_chained_references():
    def body(tf):
        v = tf.Variable(1.0)
        w = tf.assign_add(tf.assign(v, 5.0), 2.0)
        with started(tf) as sess:
            return sess.run(w), sess.run(v), w.dtype, sess.run(w + 1.0)

    check_both(body)


# ---------------------------------------------------------------------------------------------- reading


def test_load_and_eval():
    def body(tf):
        v = tf.Variable([1.0, 2.0], name="v")
        before = len(tf.get_default_graph().get_operations())
        with started(tf) as sess:
            v.load([3.0, 4.0], sess)
            first = v.eval(sess)
            v.load(np.array([5, 6]))
            return first, v.eval(), len(tf.get_default_graph().get_operations()) - before

    theirs, ours = both(body)
    assert_same(theirs, ours)


def test_ways_to_read():
    def body(tf):
        v = tf.Variable(np.arange(12, dtype=np.float32).reshape(3, 4), name="v")
        reads = [
            v.value(),
            v.read_value(),
            v.initialized_value(),
            v.initial_value,
        ]
        reads += [v[0], v[1:, ::2], v[..., -1], v[tf.newaxis, 0], v[tf.constant(1)], v[tf.constant(0) : 2]]
        with started(tf) as sess:
            return sess.run(reads), [r.dtype for r in reads], [r.shape for r in reads]

    check_both(body)


def test_slice_assignment():
    def body(tf):
        v = tf.Variable(np.zeros([3, 4], np.float32), name="v")
        a = v[0].assign([1.0, 2.0, 3.0, 4.0])
        b = v[1:, ::2].assign([[7.0, 8.0], [9.0, 10.0]])
        with started(tf) as sess:
            return sess.run(a), sess.run(b), sess.run(v), graph_nodes(tf.get_default_graph())

    check_both(body)


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_operators(dtype):
    def body(tf):
        v, w = (
            tf.Variable([[6, 2], [3, 4]], dtype=dtype, name="v"),
            tf.Variable([[1, 2], [5, 3]], dtype=dtype, name="w"),
        )
        results = [
            v + 1, 1 + v, v - w, 2 - v, v * w, 2 * v, v / w, 2 / v, v // w, 7 // v, v % w, 7 % v, v**2, 2**v,
            -v, abs(v), v < w, v <= 3, v > w, v >= 3, v @ w, v + w, v.value() @ v,
        ]  # fmt: skip
        with started(tf) as sess:
            return sess.run(results), [r.dtype for r in results], graph_nodes(tf.get_default_graph())

    check_both(body)


def test_logical_operators():
    def body(tf):
        v, w = tf.Variable([True, False]), tf.Variable([True, True])
        results = [v & w, v | w, v ^ w, ~v, v & True]
        with started(tf) as sess:
            return sess.run(results)

    check_both(body)


def test_comparing_and_hashing_variables():
    def body(tf):
        tf.disable_tensor_equality()
        v, w = tf.Variable(1.0), tf.Variable(1.0)
        return (
            v == v,
            v == w,
            v != w,
            len({v, w, v}),
            {v: 1}[v],
            v.ref() == v.ref(),
            v.ref() == w.ref(),
            v.ref().deref() is v,
        )

    check_both(body)


def test_text_of_a_variable():
    def body(tf):
        v = tf.Variable([1.0], name="v")
        return repr(v), str(v), str(v.op.type), v.graph is tf.get_default_graph()

    check_both(body)


def test_set_shape():
    def body(tf):
        v = tf.Variable(tf.placeholder_with_default([1.0], None), validate_shape=False)
        v.set_shape([1])
        return v.shape, v.value().shape, v.get_shape()

    check_both(body)


def test_proto_round_trip():
    def body(tf):
        with tf.name_scope("s"):
            v = tf.Variable([1.0], name="v", trainable=False)
        proto = v.to_proto()
        again = tf.Variable.from_proto(proto)
        with started(tf) as sess:
            return str(proto), described(again), sess.run(again), v.to_proto("s").variable_name, v.to_proto("other")

    check_both(body)


def test_initialized_value_before_and_after():
    def body(tf):
        v = tf.Variable(2.0, name="v")
        value = v.initialized_value()
        with tf.Session() as sess:
            first = sess.run(value)
            sess.run(v.assign(7.0))
            return first, sess.run(value), sess.run(tf.is_variable_initialized(v))

    check_both(body)


# ----------------------------------------------------------------------------------- made through creators


def test_creator_scopes():
    def body(tf):
        seen = []

        def outer(next_creator, **kwargs):
            seen.append(("outer", kwargs["name"], sorted(kwargs)))
            return next_creator(**kwargs)

        def inner(next_creator, **kwargs):
            seen.append(("inner", kwargs["name"], kwargs["trainable"]))
            kwargs["name"] = "renamed_" + str(kwargs["name"])
            return next_creator(**kwargs)

        with tf.variable_creator_scope(outer), tf.variable_creator_scope(inner):
            a = tf.Variable(1.0, name="a")
            b = tf.get_variable("b", [2])
        c = tf.Variable(1.0, name="c")
        return [s[:2] for s in seen], [x.name for x in (a, b, c)], [x.name for x in tf.global_variables()]

    check_both(body)


def test_a_creator_may_return_something_else():
    def body(tf):
        with tf.variable_creator_scope(lambda next_creator, **kwargs: ("mine", kwargs["name"])):
            return tf.Variable(1.0, name="a")

    check_both(body)


def test_a_variable_is_true_and_cannot_be_iterated_over():
    def body(tf):
        v = tf.Variable([1.0])
        try:
            list(v)
        except TypeError:
            return bool(v)

    check_both(body)
