"""The nodes of a saver against TensorFlow's: names, types, inputs, control inputs, devices, shapes, groups."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests import oracle

pytestmark = pytest.mark.oracle


def _describe(tf: Any) -> list[Any]:
    found = []
    for op in tf.get_default_graph().get_operations():
        own = f"loc:@{op.name}".encode()
        found.append(
            {
                "name": op.name,
                "type": op.type,
                "inputs": [t.name for t in op.inputs],
                "controls": [c.name for c in op.control_inputs],
                "device": op.device,
                "shapes": [t.shape for t in op.outputs],
                "groups": [g for g in op.colocation_groups() if g != own],
                "value": tf.make_ndarray(op.get_attr("value")).tolist() if op.type == "Const" else None,
            }
        )
    return found


def _variables(tf: Any) -> list[Any]:
    zeros = tf.zeros_initializer()
    return [tf.get_variable("b", [3], initializer=zeros), tf.get_variable("a", [2, 3], tf.int32, initializer=zeros)]


def _many(tf: Any) -> Any:
    """Variables whose names sort in another way than they are made."""
    for name in ("c/w", "B", "a_1", "a", "c", "x"):
        with tf.variable_scope("" if "/" not in name else "deep"):
            tf.get_variable(name, [2], initializer=tf.zeros_initializer())
    tf.Variable("Orange", name="fruit")


def _on_devices(tf: Any) -> Any:
    with tf.device("/cpu:0"):
        b = tf.get_variable("b", [3], initializer=tf.zeros_initializer())
    with tf.device("/gpu:1"):
        tf.get_variable("g", [3], initializer=tf.zeros_initializer())
    return [b, tf.get_variable("a", [2, 3], initializer=tf.zeros_initializer())]


def _partitioned(tf: Any) -> list[Any]:
    zeros = tf.zeros_initializer()
    parts = tf.get_variable("a", [5, 3], initializer=zeros, partitioner=tf.fixed_size_partitioner(2))
    return [tf.get_variable("b", [3], initializer=zeros), parts]


def _unknown_shape(tf: Any) -> list[Any]:
    return [tf.Variable(tf.placeholder(tf.float32, [None, 2]), validate_shape=False, name="u")]


CASES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], dict[str, Any]]] = {
    "all": (_variables, lambda made: None, {}),
    "order": (_many, lambda made: None, {}),
    "list": (_variables, lambda made: made, {}),
    "reversed list": (_variables, lambda made: made[::-1], {}),
    "dict": (_variables, lambda made: {"y": made[1], "x": made[0]}, {}),
    "tensor": (_variables, lambda made: [made[0]._ref()], {}),
    "name": (_variables, lambda made: None, {"name": "mine", "filename": "here"}),
    "reshape": (_variables, lambda made: None, {"reshape": True}),
    "in order": (_variables, lambda made: None, {"restore_sequentially": True}),
    "V1": (_variables, lambda made: None, {"write_version": 1}),
    "sharded": (_on_devices, lambda made: None, {"sharded": True}),
    "sharded reshape": (_on_devices, lambda made: None, {"sharded": True, "reshape": True}),
    "devices": (_on_devices, lambda made: None, {}),
    "one shard": (_variables, lambda made: None, {"sharded": True}),
    "slices": (_partitioned, lambda made: None, {}),
    "slices reshape": (_partitioned, lambda made: None, {"reshape": True}),
    "partitioned": (_partitioned, lambda made: [made[1]], {}),
    "partitioned dict": (_partitioned, lambda made: {"q": made[1]}, {}),
    "list of slices": (_partitioned, lambda made: {"q": list(made[1])}, {}),
    "one slice": (_partitioned, lambda made: [list(made[1])[0]], {}),
    "one slice dict": (_partitioned, lambda made: {"q": list(made[1])[0]}, {}),
    "unknown shape": (_unknown_shape, lambda made: None, {}),
    "unknown shape reshape": (_unknown_shape, lambda made: None, {"reshape": True}),
    "limits": (_variables, lambda made: None, {"max_to_keep": None, "keep_checkpoint_every_n_hours": 2.5}),
}


@pytest.mark.parametrize("case", CASES)
def test_nodes(case: str) -> None:
    make, choose, options = CASES[case]

    def body(tf: Any) -> Any:
        saver = tf.train.Saver(choose(make(tf)), **options)
        return _describe(tf), str(saver.saver_def), str(saver.as_saver_def())

    oracle.check_both(body)


def test_two_savers_and_scopes() -> None:
    def body(tf: Any) -> Any:
        made = _variables(tf)
        tf.train.Saver()
        with tf.name_scope("outer"), tf.device("/cpu:0"), tf.control_dependencies([tf.no_op(name="first")]):
            saver = tf.train.Saver(made[:1])
        return _describe(tf), str(saver.saver_def)

    oracle.check_both(body)


def test_later_build() -> None:
    def body(tf: Any) -> Any:
        saver = tf.train.Saver(defer_build=True)
        before = saver.saver_def is None, len(tf.get_default_graph().get_operations())
        _variables(tf)
        saver.build()
        saver.build()
        return before, _describe(tf), str(saver.saver_def)

    oracle.check_both(body)


# -------------------------------------------------------------------------------------------- the nodes themselves run


def _values(tf: Any, sess: Any) -> list[Any]:
    return sess.run([v for v in tf.global_variables()])


@pytest.mark.parametrize("case", ["all", "dict", "sharded", "one shard", "slices", "partitioned dict", "V1", "reshape"])
def test_nodes_run(case: str) -> None:
    """`sess.run("save/restore_all", {"save/Const:0": path})`, as freeze_graph does."""
    make, choose, options = CASES[case]

    def body(tf: Any) -> Any:
        with tf.device("/cpu:0") if case != "sharded" else tf.name_scope(""):
            made = make(tf)
        saver = tf.train.Saver(choose(made), **options)
        names = saver.saver_def
        path = os.path.join(tempfile.mkdtemp(), "model")
        steps = [tf.assign_add(v, tf.ones_like(v)) for v in tf.global_variables()]
        config = tf.ConfigProto(allow_soft_placement=True)
        with tf.Session(config=config) as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(steps)
            saved = sess.run(names.save_tensor_name, {names.filename_tensor_name: path})
            sess.run(steps)
            before = _values(tf, sess)
            sess.run(names.restore_op_name, {names.filename_tensor_name: path})
            listed = sorted(tf.train.list_variables(path))
            return saved.decode() == path, before, _values(tf, sess), listed

    oracle.check_both(body)


def test_sharded_leaves_no_parts(tf: Any, tmp_path: Any) -> None:
    _on_devices(tf)
    parts = tf.get_variable("p", [5, 3], partitioner=tf.fixed_size_partitioner(2))
    saver = tf.train.Saver(sharded=True)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        by_nodes, direct = str(tmp_path / "nodes"), str(tmp_path / "direct")
        sess.run("save/Identity:0", {"save/Const:0": by_nodes})
        assert saver.save(sess, direct) == direct
        whole = np.concatenate(sess.run(list(parts)))
    assert sorted(os.listdir(tmp_path)) == ["checkpoint", "direct", "direct.meta", "nodes"]
    for path in (by_nodes, direct):
        assert sorted(tf.train.list_variables(path)) == [("a", [2, 3]), ("b", [3]), ("g", [3]), ("p", [5, 3])]
        assert np.array_equal(tf.train.load_variable(path, "p"), whole)


def test_slices_on_two_devices(tf: Any, tmp_path: Any) -> None:
    """Each shard has one slice only: the parts hold slices, the merged checkpoint the tensor."""
    with tf.device(lambda op: "/device:GPU:0" if op.name == "p/part_1" else "/device:CPU:0"):
        parts = tf.get_variable("p", [5, 3], partitioner=tf.fixed_size_partitioner(2))
    assert [part.device for part in parts] == ["/device:CPU:0", "/device:GPU:0"]
    tf.train.Saver(sharded=True)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run("save/Identity:0", {"save/Const:0": str(tmp_path / "model")})
        before = sess.run(list(parts))
        sess.run(tf.global_variables_initializer())
        sess.run("save/restore_all", {"save/Const:0": str(tmp_path / "model")})
        after = sess.run(list(parts))
    assert [a.tolist() for a in before] == [a.tolist() for a in after]
    assert tf.train.list_variables(str(tmp_path / "model")) == [("p", [5, 3])]
