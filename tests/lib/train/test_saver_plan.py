"""What `Saver` does directly is what its nodes would do; what it cannot do directly, the nodes do."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from scopedjax._src.lib.train.saveables import SaveableObject, SaveSpec
from scopedjax._src.lib.train.saver_plan import restore_plan, save_plan


def test_a_thousand_variables_compile_nothing(tf: Any, tmp_path: Any) -> None:
    variables = [tf.Variable(np.full(3, i, np.float32), name="v") for i in range(1000)]
    saver = tf.train.Saver()
    with tf.Session() as sess:
        for i, variable in enumerate(variables):
            sess.state.load(variable.op.name, np.full(3, i, np.float32))
        path = saver.save(sess, str(tmp_path / "model"))
        assert not sess._plans
        sess.state.values.clear()
        saver.restore(sess, path)
        assert not sess._plans
        assert [int(np.asarray(sess.state.values[v.op.name])[0]) for v in variables] == list(range(1000))


def test_plans_are_kept(tf: Any) -> None:
    tf.Variable(1.0)
    graph, saver = tf.get_default_graph(), tf.train.Saver()
    assert save_plan(graph, saver.saver_def) is save_plan(graph, saver.saver_def)
    assert restore_plan(graph, saver.saver_def) is restore_plan(graph, saver.saver_def)


class _Halved(SaveableObject):
    """Keeps twice the value of a variable in the checkpoint: saving and restoring it takes nodes of its own."""

    def __init__(self, variable: Any) -> None:
        self._variable = variable
        doubled = variable * 2.0
        more = SaveSpec(lambda: doubled + 1.0, "", "more", doubled.dtype, "")
        super().__init__(doubled.op, [SaveSpec(doubled, "", "doubled"), more], "halved")

    def restore(self, restored_tensors: Any, restored_shapes: Any) -> Any:
        return self._variable.assign(restored_tensors[0] / 2.0)


def test_objects_that_are_no_variables(tf: Any, tmp_path: Any) -> None:
    variable, other = tf.Variable([1.0, 2.0], name="v"), tf.Variable([5.0, 6.0], name="other")
    tf.get_collection_ref(tf.GraphKeys.GLOBAL_VARIABLES).remove(other)
    tf.add_to_collection(tf.GraphKeys.SAVEABLE_OBJECTS, _Halved(other))
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run([variable.initializer, other.initializer])
        path = saver.save(sess, str(tmp_path / "model"))
        sess.run([variable.assign([0.0, 0.0]), other.assign([0.0, 0.0])])
        saver.restore(sess, path)
        assert sess.run(variable).tolist() == [1.0, 2.0]
        assert sess.run(other).tolist() == [5.0, 6.0]
    assert tf.train.list_variables(path) == [("doubled", [2]), ("more", [2]), ("v", [2])]
    assert tf.train.load_variable(path, "more").tolist() == [11.0, 13.0]


def test_names_that_are_no_constants(tf: Any, tmp_path: Any) -> None:
    """A saver whose nodes take their names from elsewhere is run as it stands."""
    from scopedjax._src.graph import protos
    from scopedjax._src.ops.apply import apply_op

    variable = tf.Variable([1.0, 2.0], name="v")
    path = tf.placeholder_with_default("model", shape=(), name="path")
    names = tf.placeholder_with_default(np.array([b"computed"], object), shape=[1], name="names")
    slices = tf.constant([""])
    save = apply_op("SaveV2", path, names, slices, [variable._ref()])
    with tf.control_dependencies([save]):
        saved = tf.identity(path, name="saved")
    value = apply_op("RestoreV2", path, names, slices, dtypes=(tf.float32,))[0]
    restored = tf.group(variable.assign(value), name="restored")
    saver_def = protos.SaverDef(
        filename_tensor_name=path.name, save_tensor_name=saved.name, restore_op_name=restored.name, version=2
    )
    saver = tf.train.Saver(saver_def=saver_def)
    assert save_plan(tf.get_default_graph(), saver_def) is None
    with tf.Session() as sess:
        sess.run(variable.initializer)
        saver.save(sess, str(tmp_path / "model"))
        sess.run(variable.assign([3.0, 4.0]))
        saver.restore(sess, str(tmp_path / "model"))
        assert sess.run(variable).tolist() == [1.0, 2.0]
    assert tf.train.list_variables(str(tmp_path / "model")) == [("computed", [2])]


def test_saving_while_other_threads_train(tf: Any, tmp_path: Any) -> None:
    """Each checkpoint is one moment: both variables change in one run, so they are equal in every checkpoint."""
    a, b = (tf.Variable(tf.zeros([2000]), name=name) for name in "ab")
    step = tf.group(a.assign_add(tf.ones([2000])), b.assign_add(tf.ones([2000])))
    saver = tf.train.Saver(max_to_keep=None)
    stop = threading.Event()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step)

        def train() -> None:
            while not stop.is_set():
                sess.run(step)

        threads = [threading.Thread(target=train) for _ in range(2)]
        for thread in threads:
            thread.start()
        paths = [saver.save(sess, str(tmp_path / "model"), i, write_meta_graph=False) for i in range(10)]
        stop.set()
        for thread in threads:
            thread.join()
        last = sess.run(a)[0]
    values = [(tf.train.load_variable(path, "a"), tf.train.load_variable(path, "b")) for path in paths]
    assert all(np.all(x == x[0]) and np.array_equal(x, y) for x, y in values)
    counts = [float(x[0]) for x, _ in values]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] <= last


def test_restoring_into_a_session_that_trains_on(tf: Any, tmp_path: Any) -> None:
    """Restored values are the session's own: training on changes neither the checkpoint nor another session."""
    v = tf.Variable(np.arange(70000, dtype=np.float32), name="v")
    step = v.assign_add(tf.ones_like(v))
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(v.initializer)
        path = saver.save(sess, str(tmp_path / "model"))
    with tf.Session() as first, tf.Session() as second:
        saver.restore(first, path)
        saver.restore(second, path)
        for _ in range(3):
            first.run(step)
        assert np.array_equal(first.run(v), np.arange(70000) + 3)
        assert np.array_equal(second.run(v), np.arange(70000))
    assert np.array_equal(tf.train.load_variable(path, "v"), np.arange(70000))
