"""The collections of variables and what initializes and checks them, against real TensorFlow."""

from __future__ import annotations

from tests.oracle import check_both, check_both_raise, graph_nodes


def variables(tf):
    a = tf.Variable(1.0, name="a")
    b = tf.get_variable("s/b", [2], trainable=False)
    c = tf.get_local_variable("c", [], initializer=tf.zeros_initializer())
    d = tf.Variable(2, collections=[tf.GraphKeys.MODEL_VARIABLES, tf.GraphKeys.GLOBAL_VARIABLES], name="d")
    e = tf.Variable(3.0, collections=[tf.GraphKeys.MOVING_AVERAGE_VARIABLES], name="e")
    return a, b, c, d, e


def test_lists_of_variables():
    def body(tf):
        variables(tf)
        lists = [
            tf.global_variables(), tf.all_variables(), tf.trainable_variables(), tf.local_variables(),
            tf.model_variables(), tf.moving_average_variables(), tf.global_variables("s"), tf.trainable_variables("a"),
        ]  # fmt: skip
        return [[v.name for v in found] for found in lists]

    check_both(body)


def test_initializers_of_lists_record_tensorflows_nodes():
    def body(tf):
        made = variables(tf)
        ops = [
            tf.global_variables_initializer(), tf.local_variables_initializer(), tf.variables_initializer(made[:2]),
            tf.variables_initializer([], name="nothing"), tf.initialize_all_variables(),
            tf.initialize_variables(made[:1]), tf.initialize_local_variables(), tf.variables_initializer(None, "none"),
        ]  # fmt: skip
        return [(o.name, o.type, sorted(c.name for c in o.control_inputs)) for o in ops], graph_nodes(
            tf.get_default_graph()
        )

    check_both(body)


def test_reports():
    def body(tf):
        a, b, *_ = variables(tf)
        reports = [
            tf.report_uninitialized_variables(), tf.report_uninitialized_variables([a, b], name="two"),
            tf.report_uninitialized_variables([]), tf.is_variable_initialized(a),
        ]  # fmt: skip
        with tf.Session() as sess:
            before = sess.run(reports)
            sess.run(a.initializer)
            middle = sess.run(reports)
            sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
            return before, middle, sess.run(reports), graph_nodes(tf.get_default_graph())

    check_both(body)


def test_reports_without_variables():
    def body(tf):
        tf.report_uninitialized_variables()
        return graph_nodes(tf.get_default_graph()), tf.assert_variables_initialized()

    check_both(body)


def test_asserting_that_all_are_initialized():
    def body(tf):
        tf.Variable(1.0, name="v")
        check = tf.assert_variables_initialized()
        nodes = graph_nodes(tf.get_default_graph())
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(check)
        return nodes

    check_both(body)


def test_asserting_fails():
    def body(tf):
        tf.Variable(1.0, name="v")
        tf.Session().run(tf.assert_variables_initialized())

    check_both_raise(body, match="Attempting to use uninitialized value v")


def test_a_variable_may_start_from_another():
    def body(tf):
        a = tf.Variable(tf.random_uniform([3], seed=1), name="a")
        b = tf.Variable(a.initialized_value() * 2.0 + 1.0, name="b")
        with tf.Session() as sess:
            sess.run(a.initializer)
            sess.run(b.initializer)
            return sess.run([a, b])

    check_both(body)


def test_resource_variables_are_accepted_and_give_the_same_values():
    def body(tf):
        tf.enable_resource_variables()
        try:
            with tf.variable_scope("s", use_resource=True) as scope:
                v = tf.get_variable("v", [2], initializer=tf.ones_initializer(), use_resource=True)
            w = tf.Variable([1.0, 2.0], use_resource=True, name="w")
            steps = [w.assign_add([1.0, 1.0]), w.assign([5.0, 6.0], read_value=False), w.assign_sub([1.0, 1.0])]
            initialized = [v.is_initialized(), w.is_initialized()]
            with tf.Session() as sess:
                before = sess.run(initialized)
                sess.run(tf.global_variables_initializer())
                values = [sess.run(s) for s in steps]
                rows = sess.run([w.sparse_read([1, 0]), w.gather_nd([[1]]), w.read_value(), v + w])
                sess.run(w[0].assign(9.0))
                return before, sess.run(initialized), values, rows, sess.run(w), v.name, w.name, scope.use_resource
        finally:
            tf.disable_resource_variables()

    check_both(body)
