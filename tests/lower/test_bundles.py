"""Many tiny variables in one array: whatever touches them sees ordinary variables."""

from __future__ import annotations

import jax
import numpy as np

import scopedjax
from scopedjax._src.lower.bundles import Slot, Variables
from tests.oracle import check_both


def test_many_tiny_variables_behave_as_in_tensorflow(tmp_path):
    def body(tf):
        variables = [tf.Variable(tf.fill([i % 5 + 1], float(i)), name=f"v{i}") for i in range(50)]
        counter = tf.Variable(0, name="counter")
        first, last = variables[0], variables[-1]
        loss = tf.add_n([tf.reduce_sum(tf.square(v)) for v in variables])
        train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, var_list=variables[:40], global_step=counter)
        saver = tf.train.Saver()
        seen = []
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            seen.append(sess.run(variables))
            for _ in range(3):
                sess.run(train)
            seen.append(sess.run([loss, counter, *variables]))
            path = saver.save(sess, str(tmp_path / f"{tf.__name__}-model"))
            sess.run(first.assign([7.0]))
            seen.append(sess.run([first, last]))
            last.load(np.full(last.shape.as_list(), 3.0, np.float32), sess)
            seen.append(sess.run([last, loss]))
            saver.restore(sess, path)
            seen.append(sess.run([first, last, loss]))
            sess.run(train)
            seen.append(sess.run([loss, *variables]))
            sess.run(tf.global_variables_initializer())
            seen.append(sess.run([loss, *variables]))
            sess.run(train)
            seen.append(sess.run([loss, counter]))
        return seen

    check_both(body, rtol=2e-5)


def test_the_session_keeps_them_in_one_array_and_a_second_run_compiles_nothing():
    tf = scopedjax
    variables = [tf.Variable(tf.zeros([3])) for _ in range(40)]
    step = tf.group(*[v.assign_add([1.0, 2.0, 3.0]).op for v in variables])
    with tf.Session() as sess:
        init = tf.global_variables_initializer()
        sess.run(init)
        held = [sess.state.values[v.op.name] for v in variables]
        assert all(isinstance(s, Slot) for s in held)
        assert len({s.bundle for s in held}) == 1
        programs = []
        for _ in range(3):
            sess.run(init)
            sess.run(step)
            programs.append([sum(len(d.programs) for d in e._stages) for e in sess._plans.values()])
        assert programs == [[1, 1]] * 3
        assert sess.run(variables[7]).tolist() == [1.0, 2.0, 3.0]


def test_restoring_by_turns_with_several_savers_and_training_between(tmp_path):
    """The places of restored values are kept from one restore to the next, as long as they are right."""

    def body(tf):
        tiny = [tf.Variable(tf.fill([i % 5 + 1], float(i)), name=f"tiny{i}") for i in range(40)]
        small = [tf.Variable(tf.fill([20, 10], float(i)), name=f"small{i}") for i in range(3)]
        large = tf.Variable(tf.random_uniform([150, 150], seed=1), name="large")
        text = tf.Variable([b"a", b"b"], name="text", trainable=False)
        free = tf.Variable([1.0, 2.0], validate_shape=False, name="free", trainable=False)
        variables = [*tiny, *small, large, text, free]
        loss = tf.add_n([tf.reduce_sum(tf.square(v)) for v in variables[:-2]])
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        grow = tf.assign(free, tf.concat([free, [3.0]], 0), validate_shape=False)
        whole, part = tf.train.Saver(), tf.train.Saver(variables[5:])
        seen = []
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            paths = []
            for step in range(3):
                sess.run([train, grow, text.assign([b"x" * step, b"y"]).op])
                paths.append(whole.save(sess, str(tmp_path / f"{tf.__name__}-model"), step))
            for saver, path in ((whole, 0), (whole, 1), (whole, 1), (part, 0), (part, 0), (whole, 2), (part, 1)):
                saver.restore(sess, paths[path])
                seen.append(sess.run(variables))
                if path == 1:
                    sess.run(train)
                    seen.append(sess.run([loss, *tiny]))
        with tf.Session() as sess:
            for path in paths:
                whole.restore(sess, path)
                seen.append(sess.run(variables))
        return seen

    check_both(body, rtol=2e-5)


def test_a_tiny_variable_that_changes_its_shape(recwarn):
    def body(tf):
        fixed = [tf.Variable(tf.fill([3], float(i)), name=f"fixed{i}") for i in range(40)]
        free = tf.Variable([1.0, 2.0], validate_shape=False, name="free")
        values = tf.placeholder(tf.float32, [None])
        grow = tf.assign(free, tf.concat([free, values], 0), validate_shape=False)
        cut = tf.assign(free, free[:2] + 1.0, validate_shape=False)
        other = fixed[3].assign_add([1.0, 1.0, 1.0])
        init = tf.global_variables_initializer()
        seen = []
        with tf.Session() as sess:
            for _ in range(2):
                sess.run(init)
                for fed in ([], [5.0], [6.0, 7.0], []):
                    seen.append(sess.run([grow, other], {values: fed}))
                    seen.append(sess.run([free, *fixed]))
                seen.append(sess.run([cut, other]))
                seen.append(sess.run([free, *fixed]))
        return seen

    check_both(body)
    assert not [w for w in recwarn if "donated" in str(w.message)]


def test_restored_values_move_to_the_device_when_first_read_and_are_not_looked_for_again(tmp_path, monkeypatch):
    tf = scopedjax
    read = [tf.get_variable(f"read{i}", initializer=np.float32(i)) for i in range(3)]
    tf.get_variable("never_read", initializer=np.float32(5))
    total, saver = tf.add_n(read), tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = saver.save(sess, str(tmp_path / "model"))
    moves = []
    monkeypatch.setattr(Variables, "move", lambda *a, real=Variables.move: (moves.append(1), real(*a)))
    with tf.Session() as sess:
        for expected in (1, 2):
            saver.restore(sess, path)
            for _ in range(3):
                assert sess.run(total) == 3
            assert len(moves) == expected
        values = sess.state.values
        assert values.waiting == {"never_read"}
        assert all(isinstance(values[v.op.name], jax.Array) for v in read)
        assert sess.run("never_read:0") == 5
