"""`Session.run`: fetches, feeds, the order of effects, several sessions, against real TensorFlow."""

from __future__ import annotations

import collections
import threading
import warnings

import numpy as np
import pytest

import scopedjax
from tests.oracle import assert_same, both, check_both, check_both_raise

Pair = collections.namedtuple("Pair", "first second")


def graph_of_three(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.Variable([[1.0], [2.0]], name="w")
    y = tf.matmul(x, w, name="y")
    return x, w, y


FED = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)


@pytest.mark.parametrize(
    "structure",
    [
        lambda x, w, y: y,
        lambda x, w, y: [y, x],
        lambda x, w, y: (y, [x, (w,)]),
        lambda x, w, y: {"a": y, "b": {"c": [w, w]}},
        lambda x, w, y: Pair(y, w),
        lambda x, w, y: collections.OrderedDict([("z", y), ("a", x)]),
        lambda x, w, y: "y:0",
        lambda x, w, y: ["y", "w:0"],
        lambda x, w, y: [y.op, w.initializer],
        lambda x, w, y: [],
        lambda x, w, y: ([], {}, [y]),
    ],
    ids=range(11),
)
def test_fetches_of_any_nesting(structure):
    def body(tf):
        x, w, y = graph_of_three(tf)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            result = sess.run(structure(x, w, y), {x: FED})
        return type(result).__name__, result

    check_both(body)


def test_what_is_fed_and_fetched_comes_back_as_it_is():
    def body(tf):
        number, vector, text = (tf.placeholder(t) for t in (tf.float32, tf.int32, tf.string))
        array = np.array([1, 2], np.int32)
        with tf.Session() as sess:
            results = sess.run([number, [vector, number * 2.0], text, number], {number: 3.0, vector: array, text: "a"})
            kept = results[1][0] is array
            results.append(sess.run(text, {text: [b"a", "b"]}))
        return kept, results, [(type(r).__name__, getattr(r, "dtype", None)) for r in results]

    check_both(body)


@pytest.mark.parametrize("which", ["read", "read_value", "assign_add", "initialized_value"])
def test_a_variable_without_a_value_is_not_read(which):
    def body(tf):
        v = tf.Variable(1.0, name="v")
        node = {
            "read": lambda: v.value().op,
            "read_value": lambda: v.read_value().op,
            "assign_add": lambda: v.assign_add(1.0).op,
            "initialized_value": lambda: v.initialized_value().op,
        }[which]()
        return tf.Session().run(node)

    theirs, ours = both(body)
    assert_same(theirs, ours, phrase="Attempting to use uninitialized value v")


@pytest.mark.parametrize("fetch", [None, [None], 1, "nothing", "nothing:0", "y:7", "y:0:0", object, {"a": None}, 3.5])
def test_what_cannot_be_fetched(fetch):
    def body(tf):
        graph_of_three(tf)
        return tf.Session().run(fetch)

    check_both_raise(body)


def test_a_tensor_of_another_graph_cannot_be_fetched():
    def body(tf):
        with tf.Graph().as_default():
            foreign = tf.constant(1.0, name="foreign")
        graph_of_three(tf)
        return tf.Session().run(foreign)

    check_both_raise(body)


@pytest.mark.parametrize(
    "feed",
    [
        {"x:0": FED},
        {"x:0": FED.tolist()},
        {"x:0": FED.astype(np.float64)},
        {"x:0": [[1, 2]]},
        {"y:0": [[5.0]]},
        {"w:0": [[0.5], [0.25]], "x:0": FED},
        {"w/read:0": [[3.0], [3.0]], "x:0": FED},
        {"x:0": np.ones([0, 2], np.float32)},
        {"x:0": np.float32([[1, 2]]).T.reshape(1, 2)},
    ],
    ids=range(9),
)
def test_feeds(feed):
    def body(tf):
        x, w, y = graph_of_three(tf)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run([y, y * 2.0], feed)

    check_both(body)


def test_a_variable_is_a_feed_key():
    def body(tf):
        x, w, y = graph_of_three(tf)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run(w, {w: [[7.0], [8.0]]}), sess.run(w)

    check_both(body)


@pytest.mark.parametrize(
    "feed",
    [
        {"x:0": [1.0, 2.0]},
        {"x:0": [[1.0, 2.0, 3.0]]},
        {"q:0": 1.0},
        {3: 1.0},
        {"x": FED},
    ],
    ids=range(5),
)
def test_what_cannot_be_fed(feed):
    def body(tf):
        x, w, y = graph_of_three(tf)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run(y, feed)

    check_both_raise(body)


@pytest.mark.parametrize("value", ["text", [["a", "b"]], [[1.0], [2.0, 3.0]], None])
def test_values_that_are_no_numbers(value):
    def body(tf):
        x, w, y = graph_of_three(tf)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run(y, {x: value})

    check_both_raise(body, match="")


def test_a_tensor_cannot_be_a_fed_value():
    def body(tf):
        x, w, y = graph_of_three(tf)
        return tf.Session().run(y, {x: tf.ones([1, 2])})

    check_both_raise(body, match="The value of a feed cannot be a tf.Tensor object")


def test_an_integer_out_of_range_cannot_be_fed():
    def body(tf):
        x = tf.placeholder(tf.int32, [])
        return tf.Session().run(x + 1, {x: 2**40})

    check_both_raise(body, match="")


def test_an_unfed_placeholder_is_named():
    def body(tf):
        x, w, y = graph_of_three(tf)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sess.run(y)

    check_both_raise(body, match="You must feed a value for placeholder tensor 'x' with dtype float")


def test_an_uninitialized_variable_is_named():
    def body(tf):
        x, w, y = graph_of_three(tf)
        return tf.Session().run(y, {x: FED})

    check_both_raise(body, match="Attempting to use uninitialized value w")


@pytest.mark.parametrize(
    "feed",
    [
        lambda a, b, c: {(a, b): (1, 2)},
        lambda a, b, c: {((a, b), c): [[1, 2], 3]},
        lambda a, b, c: {(a, b): {"x": 1, "y": 2}, c: 5},
        lambda a, b, c: {(a, b): (1,)},
        lambda a, b, c: {(a, b): np.array([1, 2])},
        lambda a, b, c: {(a, b): (1, 2), a: 3},
        lambda a, b, c: {("a:0", b): (1, 2), a: 3},
        lambda a, b, c: {"a:0": 4, b: 1, a: 3},
        lambda a, b, c: {a: 3, b: 1, "a:0": 4},
    ],
)
def test_keys_that_are_structures_and_keys_that_meet(feed):
    def body(tf):
        a, b, c = (tf.placeholder_with_default(0.0, [], n) for n in "abc")
        with tf.Session() as sess:
            return sess.run([a, b, c, a + b * 10 + c * 100], feed(a, b, c))

    assert_same(*both(body))


def test_the_state_of_a_cell_is_fed_whole():
    def body(tf):
        with tf.variable_scope("net", initializer=tf.constant_initializer(0.1)):
            cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(2) for _ in range(2)])
            start = cell.zero_state(1, tf.float32)
            out, last = cell(tf.ones([1, 3]), start)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            state = sess.run(start)
            for _ in range(3):
                result, state = sess.run([out, last], {start: state})
        return result

    check_both(body)


# TensorFlow's half-made session complains again when it is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_is_no_config_is_refused():
    check_both_raise(lambda tf: tf.Session(config={"allow_soft_placement": True}), match="must be a tf.ConfigProto")


def test_a_closed_session_refuses():
    def body(tf):
        x, w, y = graph_of_three(tf)
        sess = tf.Session()
        sess.close()
        return sess.run(y, {x: FED})

    check_both_raise(body)


def test_an_error_names_the_line_that_made_the_node():
    tf = scopedjax
    x = tf.placeholder(tf.float32, [None], name="input")
    y = x + 1.0
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"test_session\.py:\d+"):
        tf.Session().run(y)


def test_two_sessions_have_variables_of_their_own():
    def body(tf):
        v = tf.Variable(1.0)
        add = v.assign_add(1.0)
        a, b = tf.Session(), tf.Session()
        for sess in (a, b):
            sess.run(v.initializer)
        a.run(add)
        a.run(add)
        return a.run(v), b.run(v)

    check_both(body)


def test_only_what_is_needed_runs():
    def body(tf):
        v = tf.Variable(0.0)
        v.assign_add(1.0)
        unfed = tf.placeholder(tf.float32, [])
        other = unfed * 2.0
        del other
        with tf.Session() as sess:
            sess.run(v.initializer)
            return sess.run([v, tf.constant(3.0)])

    check_both(body)


def test_control_dependencies_order_reads_and_writes():
    def body(tf):
        v = tf.Variable(1.0)
        with tf.control_dependencies([v.assign(2.0)]):
            second = v.assign_add(10.0)
        with tf.control_dependencies([second]):
            after = tf.identity(v)
            also = v.read_value()
        with tf.Session() as sess:
            sess.run(v.initializer)
            result = sess.run([after, also])
            return result, sess.run(v)

    check_both(body)


def test_a_fetched_variable_has_its_value_at_the_end_of_the_run():
    def body(tf):
        v = tf.Variable(1.0)
        step = v.assign_add(1.0)
        with tf.Session() as sess:
            sess.run(v.initializer)
            return [sess.run([v, step.op]), sess.run([step, v])]

    ours = check_both(lambda tf: body(tf)[1])
    assert ours == [np.float32(3.0), np.float32(3.0)]


def test_arrays_that_a_run_returns_are_the_callers_own():
    tf = scopedjax
    v = tf.Variable(np.zeros(4, np.float32))
    with tf.Session() as sess:
        sess.run(v.initializer)
        got = sess.run(v)
        got += 5.0
        assert sess.run(v).tolist() == [0.0] * 4
        step = v.assign_add(np.ones(4, np.float32))
        before = sess.run(v)
        for _ in range(3):
            sess.run(step.op)
        assert before.tolist() == [0.0] * 4


def test_a_fed_array_may_be_changed_after_the_run():
    tf = scopedjax
    x = tf.placeholder(tf.float32, [100_000])
    v = tf.Variable(np.zeros(100_000, np.float32))
    keep = v.assign(x).op
    fed = np.ones(100_000, np.float32)
    with tf.Session() as sess:
        sess.run(v.initializer)
        for i in range(20):
            fed[:] = i
            sess.run(keep, {x: fed})
            fed[:] = -1.0
            assert sess.run(v).min() == i


def test_two_variables_never_share_a_buffer():
    def body(tf):
        a, b = tf.Variable([1.0, 2.0]), tf.Variable([0.0, 0.0])
        copy = b.assign(a)
        swap_a = a.assign_add([10.0, 10.0])
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(copy)
            for _ in range(3):
                sess.run(swap_a)
            first = sess.run([a, b])
            sess.run(copy)
            sess.run(b.assign_add([1.0, 1.0]))
            return first, sess.run([a, b])

    check_both(body)


def test_threads_share_a_session():
    tf = scopedjax
    v = tf.Variable(np.zeros(50, np.float32))
    step, total = v.assign_add(np.ones(50, np.float32)).op, tf.reduce_sum(v)
    with tf.Session() as sess:
        sess.run(v.initializer)
        errors = []

        def work():
            try:
                for _ in range(100):
                    sess.run(step)
                    sess.run(total)
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not errors
        assert sess.run(v).tolist() == [400.0] * 50


def test_a_loop_that_grows_the_graph_warns_once():
    tf = scopedjax
    x = tf.constant(1.0)
    with tf.Session() as sess, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(60):
            sess.run(x + 1.0)
    ours = [w for w in caught if "The graph grows" in str(w.message)]
    assert len(ours) == 1
    assert ours[0].filename == __file__


def test_finalized_graph():
    def body(tf):
        graph = tf.get_default_graph()
        graph.finalize()
        return tf.constant(1.0)

    check_both_raise(body)


def test_shapes_that_depend_on_fed_values():
    def body(tf):
        n = tf.placeholder(tf.int32, [])
        z = tf.zeros([n, 2]) + 1.0
        x = tf.placeholder(tf.float32, [None, 3])
        flat = tf.reshape(x, [tf.shape(x)[0] * 3])
        r = tf.range(n)
        sess = tf.Session()
        return [sess.run([z, r], {n: k}) for k in (1, 3, 0)], sess.run(flat, {x: np.ones([2, 3])})

    check_both(body)


def test_shapes_that_depend_on_computed_values():
    def body(tf):
        x = tf.placeholder(tf.float32, [None])
        big = tf.boolean_mask(x, x > 1.0)
        count = tf.size(big)
        doubled = tf.fill([count], 2.0) * big
        grad = tf.gradients(tf.reduce_sum(big * big), x)[0]
        sess = tf.Session()
        return [sess.run([big, count, doubled, grad], {x: v}) for v in ([1.0, 2.0, 3.0], [0.0], [5.0])]

    check_both(body)


def test_cond_runs_one_branch():
    def body(tf):
        v = tf.Variable(0.0)
        p = tf.placeholder(tf.bool, [])
        taken = tf.cond(p, lambda: v.assign_add(1.0), lambda: v.assign_sub(10.0))
        with tf.Session() as sess:
            sess.run(v.initializer)
            return [(sess.run(taken, {p: k}), sess.run(v)) for k in (True, True, False)]

    check_both(body)


def test_cond_with_gradients_and_captures():
    def body(tf):
        x = tf.placeholder(tf.float32, [None])
        w = tf.Variable([2.0, 3.0])
        y = tf.cond(tf.reduce_sum(x) > 0, lambda: tf.reduce_sum(x * w), lambda: tf.reduce_sum(tf.square(w) - x))
        grads = tf.gradients(y, [x, w])
        with tf.Session() as sess:
            sess.run(w.initializer)
            return [sess.run([y, *grads], {x: v}) for v in ([1.0, 2.0], [-1.0, -2.0])]

    check_both(body)


def test_nested_cond():
    def body(tf):
        x = tf.placeholder(tf.float32, [])
        y = tf.cond(
            x > 0.0,
            lambda: tf.cond(x > 10.0, lambda: x * 100.0, lambda: x * 10.0),
            lambda: tf.cond(x < -10.0, lambda: x * 2.0, lambda: x),
        )
        g = tf.gradients(y, x)[0]
        sess = tf.Session()
        return [sess.run([y, g], {x: v}) for v in (11.0, 1.0, -1.0, -11.0)]

    check_both(body)


def test_inside_a_branch_nothing_can_be_fetched():
    def body(tf):
        kept = []
        x = tf.placeholder(tf.float32, [])
        tf.cond(x > 0.0, lambda: kept.append(x * 2.0) or kept[0], lambda: x)
        return tf.Session().run(kept[0], {x: 1.0})

    for raised in both(body):
        assert "ValueError" in raised.types
        assert "has been marked as not fetchable" in raised.message


def test_strings_live_in_variables_and_constants():
    def body(tf):
        fruit = tf.Variable("Orange")
        names = tf.Variable(["a", "b"])
        flags = tf.Variable([[False, True], [False, False]])
        change = names.assign(["c", "d"])
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            first = sess.run([fruit, names, flags])
            return first, sess.run(change), sess.run(names)

    check_both(body)


def test_interactive_session_and_eval():
    def body(tf):
        sess = tf.InteractiveSession()
        v = tf.Variable(2.0)
        v.initializer.run()
        result = [(v * 3.0).eval(), v.eval(), tf.get_default_session() is sess]
        sess.close()
        return result

    check_both(body)


def test_eval_without_a_session():
    check_both_raise(lambda tf: tf.constant(1.0).eval())
    check_both_raise(lambda tf: tf.no_op().run())


def test_make_callable():
    def body(tf):
        x = tf.placeholder(tf.float32, [])
        sess = tf.Session()
        call = sess.make_callable([x * 2.0, x + 1.0], [x])
        return call(3.0), call(4.0)

    check_both(body)


def test_fetches_keep_their_dtypes():
    def body(tf):
        dtypes = [tf.float16, tf.float32, tf.float64, tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.bool]
        dtypes += [tf.complex64, tf.complex128]
        tensors = [tf.cast(tf.constant([1, 0]), d) for d in dtypes]
        return [(r.dtype.name, r) for r in tf.Session().run(tensors)]

    check_both(body)


def test_config_and_options_are_accepted():
    def body(tf):
        config = tf.ConfigProto(allow_soft_placement=True, intra_op_parallelism_threads=1, device_count={"GPU": 0})
        config.gpu_options.allow_growth = True
        sess = tf.Session(config=config)
        metadata = tf.RunMetadata()
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        value = sess.run(tf.constant(1.0) + 1.0, options=options, run_metadata=metadata)
        return value, len(metadata.step_stats.dev_stats) > 0

    check_both(body)


def test_initial_values_run_before_use():
    def body(tf):
        a = tf.Variable([1.0, 2.0], name="a")
        b = tf.Variable(a * 2.0, name="b")
        c = tf.Variable(a.initialized_value() + 1.0, name="c")
        sess = tf.Session()
        sess.run([b.initializer, c.initializer])
        first = sess.run([b, c])
        sess.run(tf.global_variables_initializer())
        return first, sess.run([a, b, c])

    check_both(body)


def test_deferred_growth_of_a_graph_between_runs():
    def body(tf):
        v = tf.Variable(1.0)
        sess = tf.Session()
        sess.run(v.initializer)
        first = sess.run(v * 2.0)
        w = tf.Variable(5.0)
        sess.run(w.initializer)
        return first, sess.run([v, w, v + w])

    check_both(body)
