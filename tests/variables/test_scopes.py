"""`tf.variable_scope`, `tf.get_variable` and `tf.make_template`, against real TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle import assert_same, both, check_both, graph_nodes


def names(tf):
    """Names of variables and nodes; TF 2 calls a regularizer once more, outside its scope, which TF 1 does not."""
    graph = tf.get_default_graph()
    return {
        "global": [v.name for v in tf.global_variables()],
        "trainable": [v.name for v in tf.trainable_variables()],
        "local": [v.name for v in tf.local_variables()],
        "losses": [t.name for t in graph.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)],
        "nodes": [n for n in graph_nodes(graph) if n[1] != "L2Loss" or "/Regularizer/" in n[0]],
    }


# Each of these is a small program; what it returns, the names of all variables and all nodes must be TensorFlow's.


def sharing(tf):
    with tf.variable_scope("a") as scope:
        v = tf.get_variable("v", [2])
        scope.reuse_variables()
        again = tf.get_variable("v", [2])
    with tf.variable_scope("a", reuse=True):
        third = tf.get_variable("v")
    with tf.variable_scope(scope, reuse=True):
        fourth = tf.get_variable("v", [2])
    return v is again is third is fourth, scope.reuse, scope.name, scope.original_name_scope


def auto_reuse(tf):
    made = []
    for _ in range(3):
        with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
            made.append(tf.get_variable("v", [2]))
            with tf.variable_scope("b"):
                made.append(tf.get_variable("v", [2]))
                made.append(tf.add(made[-1], 1.0))
    return [m.name for m in made]


def reuse_is_inherited(tf):
    seen = []
    with tf.variable_scope("a"):
        tf.get_variable("v", [])
        with tf.variable_scope("b"):
            tf.get_variable("v", [])
    with tf.variable_scope("a", reuse=True):
        with tf.variable_scope("b", reuse=False) as inner:
            seen += [inner.reuse, tf.get_variable("v", []).name]
        with tf.variable_scope("b", reuse=None) as inner:
            seen += [inner.reuse, tf.get_variable("v", []).name]
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE), tf.variable_scope("b", reuse=False) as inner:
        seen.append(inner.reuse is tf.AUTO_REUSE)
    return seen


def default_names(tf):
    seen = []
    for _ in range(3):
        with tf.variable_scope(None, default_name="layer") as scope:
            seen.append((scope.name, scope.original_name_scope, tf.get_variable("w", []).name))
    with tf.variable_scope("outer"):
        for _ in range(2):
            with tf.variable_scope(None, "layer") as scope:
                seen.append((scope.name, scope.original_name_scope, tf.get_variable("w", []).name))
    with tf.variable_scope("layer_1"):
        seen.append(tf.get_variable("u", []).name)
    with tf.variable_scope("outer", reuse=True):
        with tf.variable_scope(None, "layer") as scope:
            seen.append((scope.name, tf.get_variable("w", []).name))
    with tf.variable_scope("outer"):
        with tf.variable_scope(None, "layer") as scope:
            seen.append(scope.name)
    return seen


def name_scopes(tf):
    seen = []
    with tf.name_scope("ns"):
        seen.append(tf.get_variable("v", []).name)
        with tf.variable_scope("vs") as scope:
            seen += [tf.get_variable("w", []).name, tf.constant(1, name="c").name, tf.Variable(1.0, name="x").name]
            with tf.name_scope("inner"):
                seen += [tf.get_variable("u", []).name, tf.constant(1).name]
            seen += [scope.name, scope.original_name_scope]
    with tf.variable_scope("vs"):
        seen += [tf.get_variable("z", []).name, tf.constant(1, name="c").name]
    with tf.variable_scope(scope):
        seen.append(tf.constant(1, name="d").name)
    with tf.variable_scope(scope, auxiliary_name_scope=False) as again:
        with tf.name_scope(again.original_name_scope):
            seen.append(tf.constant(1, name="e").name)
        seen.append(tf.constant(1, name="f").name)
    with tf.variable_scope("vs", auxiliary_name_scope=False) as again:
        seen += [again.original_name_scope, tf.get_variable("q", []).name, tf.constant(1, name="g").name]
    with tf.variable_scope(None, "vs", auxiliary_name_scope=False) as again:
        seen += [again.name, again.original_name_scope, tf.get_variable("q", []).name]
    return seen


def re_entering(tf):
    seen = []
    with tf.variable_scope("a") as a:
        with tf.variable_scope("b") as b:
            tf.get_variable("v", [])
        with tf.variable_scope(a):
            seen.append(tf.get_variable("w", []).name)
    with tf.variable_scope("other"):
        with tf.variable_scope(b) as again:
            seen += [again.name, again.original_name_scope, tf.get_variable("u", []).name, tf.constant(1).name]
        with tf.variable_scope(b, reuse=True) as again:
            seen += [again.reuse, tf.get_variable("u").name]
            with tf.variable_scope("below") as below:
                seen += [below.name, below.reuse]
        seen.append(tf.get_variable_scope().name)
    seen.append(tf.get_variable_scope().name)
    with tf.variable_scope(tf.get_variable_scope(), reuse=tf.AUTO_REUSE) as root:
        seen += [root.name, root.original_name_scope, tf.get_variable("r", []).name, tf.constant(1).name]
    return seen


def counters_of_subscopes(tf):
    seen = []
    with tf.variable_scope("a") as a:
        for _ in range(2):
            with tf.variable_scope(None, "x") as x:
                seen.append(x.name)
    with tf.variable_scope(a):
        with tf.variable_scope(None, "x") as x:
            seen.append(x.name)
    with tf.variable_scope("a"):
        with tf.variable_scope(None, "x") as x:
            seen.append(x.name)
    with tf.variable_scope("a/x"):
        pass
    with tf.variable_scope(None, "a") as again:
        seen.append(again.name)
    with tf.variable_scope(None, "a/x") as again:
        seen.append(again.name)
    return seen


def inherited_options(tf):
    def getter(getter, name, *args, **kwargs):
        return getter(name, *args, **kwargs)

    constraint = abs
    with tf.variable_scope(
        "a", initializer=tf.ones_initializer(), regularizer=tf.nn.l2_loss, dtype=tf.float64, custom_getter=getter,
        constraint=constraint, caching_device="/cpu:0", use_resource=False,
    ) as a:  # fmt: skip
        v = tf.get_variable("v", [2])
        with tf.variable_scope("b") as b:
            w = tf.get_variable("w", [3])
            u = tf.get_variable("u", [3], tf.float32, tf.zeros_initializer(), regularizer=tf.no_regularizer)
        with tf.variable_scope("c", dtype=tf.float16, initializer=tf.constant_initializer(4)):
            x = tf.get_variable("x", [])
    a.set_dtype(tf.int32), a.set_initializer(None), a.set_regularizer(None), a.set_custom_getter(None)
    a.set_caching_device(None), a.set_partitioner(None), a.set_use_resource(False)
    with tf.variable_scope(a):
        y = tf.get_variable("y", [2])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = sess.run([v, w, u, x, y])
    same = [getattr(b, k) is getattr(a, k) for k in ("constraint", "caching_device")]
    return values, b.dtype, v.constraint is constraint, same, b.regularizer is tf.nn.l2_loss, a.custom_getter


def nested_custom_getters(tf):
    seen = []

    def outer(getter, name, *args, **kwargs):
        seen.append(("outer", name, sorted(kwargs)))
        return getter(name + "_o", *args, **kwargs)

    def inner(getter, name, *args, **kwargs):
        seen.append(("inner", name))
        return getter(name + "_i", *args, **kwargs) * 2.0

    def own(getter, name, shape=None, **kwargs):
        seen.append(("own", name, shape))
        return getter(name, shape=[3], **kwargs)

    with tf.variable_scope("a", custom_getter=outer):
        with tf.variable_scope("b", custom_getter=inner):
            v = tf.get_variable("v", [2])
            w = tf.get_variable("w", [2], custom_getter=own)
        u = tf.get_variable("u", [1])
    return seen, [x.name for x in (v, w, u)], w.shape


def initializers_of_all_forms(tf):
    made = [
        tf.get_variable("a", initializer=3.0),
        tf.get_variable("b", initializer=[1, 2]),
        tf.get_variable("c", initializer=tf.constant([1.0, 2.0])),
        tf.get_variable("d", initializer=np.arange(3)),
        tf.get_variable("e", [2], initializer=tf.ones_initializer),
        tf.get_variable("f", [2], initializer=lambda shape, dtype=None, partition_info=None: tf.fill(shape, 5.0)),
        tf.get_variable("g", initializer=lambda: tf.constant([7.0])),
        tf.get_variable("h", [2], tf.int32),
        tf.get_variable("i", [2], tf.bool),
        tf.get_variable("j", [], tf.string),
        tf.get_variable("k", [2, 3], initializer=tf.glorot_uniform_initializer(seed=2)),
        tf.get_variable("l", tf.TensorShape([2]), initializer=tf.constant_initializer([1, 2])),
        tf.get_variable("m", 3, initializer=tf.zeros_initializer()),
        tf.get_variable("n", [2], trainable=False, initializer=tf.ones_initializer(tf.int32), dtype=tf.int32),
        tf.get_variable("o", [1], collections=["mine"], initializer=tf.zeros_initializer()),
        tf.get_variable("p", initializer="text"),
        tf.get_variable("q", initializer=True),
        tf.get_variable("r", dtype=tf.float32, initializer=3.0),
        tf.get_local_variable("s", [2]),
        tf.get_local_variable("t", [2], collections=["more"], initializer=tf.ones_initializer()),
        tf.get_variable("u/v", [2], initializer=tf.ones_initializer()),
    ]
    with tf.Session() as sess:
        sess.run([v.initializer for v in made])
        seeded = [v for v in made if v.op.name != "s"]
        return [(v.name, v.dtype, v.shape, v.trainable) for v in made], sess.run(seeded)


def regularizers(tf):
    scale = tf.nn.l2_loss
    with tf.variable_scope("a", regularizer=scale):
        tf.get_variable("v", [2])
        tf.get_variable("w", [2], regularizer=lambda v: None)
        tf.get_variable("u", [2], regularizer=lambda v: tf.nn.l2_loss(v, name="mine"))
    with tf.variable_scope("a", reuse=True, regularizer=scale):
        tf.get_variable("v", [2])
    return [t.op.type for t in tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)]


def collections_of_a_scope(tf):
    with tf.variable_scope("a") as a:
        tf.get_variable("v", [])
        with tf.variable_scope("b") as b:
            tf.get_variable("v", [], trainable=False)
            tf.get_local_variable("l", [])
    with tf.variable_scope("ab"):
        tf.get_variable("v", [])
    scopes = [a.global_variables(), b.trainable_variables(), b.local_variables(), a.get_collection("variables")]
    plain = [
        tf.trainable_variables("a"),
        tf.global_variables("a/"),
        tf.get_collection("variables", ".*b"),
        tf.model_variables("a"),
    ]
    return [[v.name for v in found] for found in scopes + plain]


def partitioned(tf):
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(2)):
        v = tf.get_variable("v", [5, 2], initializer=tf.random_uniform_initializer(seed=4))
        with tf.variable_scope("q"):
            w = tf.get_variable("w", [4], initializer=tf.ones_initializer())
    u = tf.get_variable(
        "u", [4, 3], partitioner=tf.fixed_size_partitioner(3, axis=1), initializer=tf.zeros_initializer()
    )
    x = tf.get_variable("x", initializer=tf.constant([1.0, 2.0, 3.0]), partitioner=tf.fixed_size_partitioner(2))
    y = tf.get_variable("y", [3], partitioner=tf.fixed_size_partitioner(1), initializer=tf.ones_initializer())
    with tf.variable_scope("p", reuse=True, partitioner=tf.fixed_size_partitioner(2)):
        again = tf.get_variable("v", [5, 2])
    total = tf.identity(v) + 1.0
    looked = tf.nn.embedding_lookup(x, [2, 0]) if hasattr(tf.nn, "embedding_lookup") else None
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = sess.run([v.as_tensor(), w.as_tensor(), u.as_tensor(), x.as_tensor(), total, looked])
        sess.run(u.assign(tf.ones([4, 3])))
        values.append(sess.run(u.as_tensor()))
    slices = [(p.name, p.shape, p._get_save_slice_info().spec) for whole in (v, w, u, x) for p in whole]
    return again is v, v.name, v.shape, v.dtype, len(v), slices, values, type(y).__name__


def templates(tf):
    def scaled(x, factor=1.0):
        w = tf.get_variable("w", [], initializer=tf.ones_initializer())
        b = tf.get_variable("b", [], trainable=False, initializer=tf.zeros_initializer())
        return x * w * factor + b

    first = tf.make_template("t", scaled)
    second = tf.make_template("t", scaled, factor=2.0)
    now = tf.make_template("now", scaled, create_scope_now_=True)
    outputs = [second(1.0), first(1.0), first(2.0), second(2.0)]
    with tf.variable_scope("outer"):
        outputs += [now(3.0), tf.make_template("t", scaled)(1.0)]
    unique = tf.make_template("t", scaled, unique_name_="only")
    outputs += [unique(1.0), unique(2.0)]
    nested = tf.make_template("n", lambda x: first(x) + tf.make_template("inner", scaled)(x))
    outputs += [nested(1.0)]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = sess.run(outputs)
    described = [
        (t.variable_scope_name, [v.name for v in t.trainable_variables], [v.name for v in t.global_variables])
        for t in (first, second, now, unique)
    ]
    return [o.name for o in outputs], values, described


def templates_with_getters(tf):
    def getter(getter, name, *args, **kwargs):
        return tf.identity(getter(name, *args, **kwargs), name="got")

    t = tf.make_template("t", lambda: tf.get_variable("w", [2]), custom_getter_=getter)
    return t().name, t().name


def threads_and_op_scopes(tf):
    with tf.variable_op_scope([tf.constant(1)], None, "default") as scope:
        v = tf.get_variable("v", [])
    return scope.name, v.name


def other_graphs(tf):
    seen = []
    with tf.variable_scope("a"):
        tf.get_variable("v", [])
        with tf.Graph().as_default():
            seen += [tf.get_variable_scope().name, tf.get_variable("v", []).name]
            with tf.variable_scope("b"):
                seen.append(tf.get_variable("v", []).name)
        seen.append(tf.get_variable("w", []).name)
    return seen


PROGRAMS = [
    sharing, auto_reuse, reuse_is_inherited, default_names, name_scopes, re_entering, counters_of_subscopes,
    inherited_options, nested_custom_getters, initializers_of_all_forms, regularizers, collections_of_a_scope,
    partitioned, templates, templates_with_getters, threads_and_op_scopes, other_graphs,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=[p.__name__ for p in PROGRAMS])
def test_programs(program):
    check_both(lambda tf: (program(tf), names(tf)))


# ------------------------------------------------------------------------------------------------- errors


def in_scope(tf, *inside, **options):
    with tf.variable_scope("a", **options):
        return [f() for f in inside]


def made(tf, name="v", shape=(2,), **options):
    return lambda: tf.get_variable(name, shape, **options)


def strange_template(tf):
    t = tf.make_template("t", lambda: tf.Variable(1.0))
    t()
    t()


def growing_template(tf):
    wanted = iter("ab")
    t = tf.make_template("t", lambda: tf.get_variable(next(wanted), []))
    t()
    t()


def two_templates_of_one_name(tf):
    for _ in range(2):
        tf.make_template("t", lambda: tf.get_variable("w", []), unique_name_="same")()


def fixed(n, axis=0):
    return lambda shape, dtype: [n if i == axis else 1 for i in range(len(shape.as_list()))]


ERRORS = [
    (lambda tf: in_scope(tf, made(tf), made(tf)), "already exists, disallowed"),
    (lambda tf: in_scope(tf, made(tf), reuse=True), "does not exist, or was not created with tf.get_variable()"),
    (
        lambda tf: (in_scope(tf, made(tf)), in_scope(tf, made(tf, shape=[3]), reuse=True)),
        "Trying to share variable a/v, but specified shape (3,) and found shape (2,)",
    ),
    (
        lambda tf: (in_scope(tf, made(tf)), in_scope(tf, made(tf, dtype=tf.int32), reuse=True)),
        "Trying to share variable a/v, but specified dtype int32 and found dtype float32_ref",
    ),
    (
        lambda tf: (in_scope(tf, made(tf)), in_scope(tf, made(tf, shape=[2, 2]), reuse=tf.AUTO_REUSE)),
        "Trying to share variable",
    ),
    (lambda tf: tf.get_variable("v"), None),
    (lambda tf: tf.get_variable("v", [None]), None),
    (lambda tf: tf.get_variable("v", initializer=tf.zeros_initializer()), "It should be a callable with no arguments"),
    (
        lambda tf: tf.get_variable("v", [2], initializer=[1.0, 2.0]),
        "If initializer is a constant, do not specify shape",
    ),
    (lambda tf: tf.get_variable("v", dtype=tf.int32, initializer=tf.constant([1.0])), "don't match"),
    (lambda tf: tf.get_variable("v", [2], tf.complex64), None),
    (lambda tf: tf.get_variable("v", [2], initializer=3.0), None),
    (lambda tf: tf.get_variable("v", [2], initializer=lambda: 3.0), None),
    (lambda tf: tf.get_variable("v", [2], custom_getter=3), None),
    (lambda tf: tf.get_variable("v", [2], partitioner=3), None),
    (lambda tf: tf.get_variable("v", [2], partitioner=lambda shape, dtype: 2), None),
    (lambda tf: tf.get_variable("v", [2, 2], partitioner=lambda shape, dtype: [2]), None),
    (lambda tf: tf.get_variable("v", [2, 2], partitioner=lambda shape, dtype: [2, 2]), None),
    (lambda tf: tf.get_variable("v", [2, 2], partitioner=lambda shape, dtype: [0, 1]), None),
    (lambda tf: (tf.get_variable("v", [4], partitioner=fixed(2)), tf.get_variable("v", [4])), None),
    (
        lambda tf: (tf.get_variable("v", [4]), tf.get_variable("v", [4], partitioner=fixed(2))),
        "an unpartitioned version",
    ),
    (
        lambda tf: (tf.get_variable("v", [4], partitioner=fixed(2)), tf.get_variable("v", [4], partitioner=fixed(2))),
        None,
    ),
    (lambda tf: tf.get_variable("", [2]).name, None),
    (lambda tf: tf.get_variable("no good", [2]), "'no good' is not a valid root scope name"),
    (lambda tf: tf.get_variable(3, [2]), False),
    (lambda tf: tf.get_variable("v", [2], constraint=3), "callable"),
    (lambda tf: tf.get_variable("v", [2], collections="mine"), None),
    (lambda tf: tf.variable_scope(None), "If default_name is None then name_or_scope is required"),
    (lambda tf: tf.variable_scope(3).__enter__(), "name_or_scope must be a string or VariableScope"),
    (lambda tf: tf.get_variable("r", dtype=tf.float64, initializer=3.0), "don't match"),
    (lambda tf: tf.variable_scope("a", reuse=3), "The reuse parameter must be True or False or None"),
    (lambda tf: tf.variable_scope("a", auxiliary_name_scope=3), None),
    (
        lambda tf: tf.variable_scope(None, "a", reuse=True).__enter__(),
        "reuse=True cannot be used without a name_or_scope",
    ),
    (lambda tf: tf.variable_scope("a b").__enter__(), "'a b' is not a valid root scope name"),
    (lambda tf: tf.variable_scope("").__enter__().name, None),
    (strange_template, None),
    (growing_template, None),
    (two_templates_of_one_name, None),
    (lambda tf: tf.make_template("", lambda: 1)(), None),
    (lambda tf: tf.make_template("t", 3)(), None),
    (lambda tf: tf.make_template("t", lambda: 1 / 0)(), None),
]


@pytest.mark.parametrize(("program", "phrase"), ERRORS, ids=range(len(ERRORS)))
def test_errors(program, phrase):
    theirs, ours = both(program)
    assert_same(theirs, ours, phrase=phrase)
