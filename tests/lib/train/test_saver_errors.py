"""What a Saver refuses: TensorFlow's types and words; and a restore that fails changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import oracle
from tests.lib.train.test_saver import checkpoints, in_folder

Case = tuple[Callable[[Any, Any], Any], str]


def _variable(tf: Any, name: str = "v", shape: Any = (3,), **options: Any) -> Any:
    return tf.get_variable(name, list(shape), initializer=tf.zeros_initializer(), **options)


def _parts(tf: Any, name: str) -> Any:
    return list(_variable(tf, name, (5, 3), partitioner=tf.fixed_size_partitioner(2)))


def _saver_def(tf: Any, **names: str) -> Any:
    proto = type(tf.train.Saver([tf.Variable(1.0)]).saver_def)
    return proto(**names)


MAKING: dict[str, Case] = {
    "nothing": (lambda tf, train: train.Saver(), "No variables to save"),
    "empty list": (lambda tf, train: train.Saver([]), "No variables to save"),
    "empty dict": (lambda tf, train: train.Saver({}), "No variables to save"),
    "tensor": (lambda tf, train: train.Saver([tf.constant(1.0)]), "Variable to save is not a Variable"),
    "value": (lambda tf, train: train.Saver([_variable(tf).value()]), "Variable to save is not a Variable"),
    "named tensor": (
        lambda tf, train: train.Saver({"a": tf.constant(1.0)}),
        "names_to_saveables must be a dict mapping string names to Tensors/Variables. Not a variable:",
    ),
    "number for a name": (
        lambda tf, train: train.Saver({1: _variable(tf)}),
        "names_to_saveables must be a dict mapping string names to trackable operations. Name is not a string: 1",
    ),
    "one variable": (
        lambda tf, train: train.Saver(_variable(tf)),
        "Variables to save should be passed in a dict or a list. Got",
    ),
    "same twice": (
        lambda tf, train: train.Saver([(v := _variable(tf)), v]),
        "At least two variables have the same name: v",
    ),
    "two names": (
        lambda tf, train: train.Saver({"a": (v := _variable(tf)), "b": v}),
        "The same saveable will be restored with two names: b",
    ),
    "slice twice": (
        lambda tf, train: train.Saver(_parts(tf, "p") * 2),
        "The same saveable will be restored with two names: p",
    ),
    "slices of two": (
        lambda tf, train: train.Saver({"a": [_parts(tf, "p")[0], _parts(tf, "q")[0]]}),
        "Slices must all be from the same tensor: p != q",
    ),
    "no slices": (
        lambda tf, train: train.Saver({"a": [_variable(tf, "a"), _variable(tf, "b")]}),
        "Slices must all be slices:",
    ),
    "slices and a variable": (
        lambda tf, train: train.Saver([tf.Variable([1.0], name="p"), *_parts(tf, "p")]),
        "At least two variables have the same name: p",
    ),
    "deferred list": (
        lambda tf, train: train.Saver([_variable(tf)], defer_build=True),
        "If `var_list` is provided then build cannot be deferred.",
    ),
    "no SaverDef": (lambda tf, train: train.Saver(saver_def=3), "saver_def must be a saver_pb2.SaverDef: 3"),
    "empty SaverDef": (
        lambda tf, train: train.Saver(saver_def=_saver_def(tf)),
        "saver_def must specify the save_tensor_name:",
    ),
    "half a SaverDef": (
        lambda tf, train: train.Saver(saver_def=_saver_def(tf, save_tensor_name="a")),
        "saver_def must specify the restore_op_name:",
    ),
    "later and then none": (lambda tf, train: train.Saver(defer_build=True).build(), "No variables to save"),
}


@pytest.mark.oracle
@pytest.mark.parametrize("case", MAKING)
def test_making(case: str) -> None:
    make, words = MAKING[case]
    oracle.check_both_raise(lambda tf: make(tf, tf.train), match=words)


def test_builder_is_refused_by_name(tf: Any) -> None:
    with pytest.raises(tf.errors.UnimplementedError, match=r"Saver\(builder=object\)"):
        tf.train.Saver([tf.Variable(1.0)], builder=object())


SAVING: dict[str, Case] = {
    "no session": (lambda saver, sess: saver.save(None, "m"), "'sess' must be a Session; None"),
    "something else": (lambda saver, sess: saver.save(3, "m"), "'sess' must be a Session; 3"),
    "no path": (lambda saver, sess: saver.save(sess, None), "Expected binary or unicode string, got None"),
    "empty path": (lambda saver, sess: saver.save(sess, ""), "no path specified"),
    "state file elsewhere": (
        lambda saver, sess: saver.save(sess, "m", latest_filename="a/b"),
        "'latest_filename' must not contain path components",
    ),
    "path of the state file": (
        lambda saver, sess: saver.save(sess, "sub/checkpoint"),
        "'latest_filename' collides with 'save_path': 'checkpoint' and 'sub/checkpoint'",
    ),
    "step is a name of nothing": (lambda saver, sess: saver.save(sess, "m", "nothing"), "not in the graph"),
    "two missing folders": (
        lambda saver, sess: saver.save(sess, "q/r/m"),
        "Parent directory of q/r/m doesn't exist, can't save.",
    ),
    "closed": (lambda saver, sess: (sess.close(), saver.save(sess, "m")), "Attempted to use a closed Session."),
}


@pytest.mark.oracle
@pytest.mark.parametrize("case", SAVING)
def test_saving(case: str) -> None:
    save, words = SAVING[case]

    def body(tf: Any, folder: str) -> Any:
        v = _variable(tf)
        saver = tf.train.Saver()
        sess = tf.Session()
        sess.run(v.initializer)
        return save(saver, sess)

    oracle.check_both_raise(in_folder(body), match=words)


@pytest.mark.oracle
def test_saving_an_uninitialized_variable() -> None:
    def body(tf: Any, folder: str) -> Any:
        first, _ = _variable(tf, "first"), _variable(tf, "second")
        saver = tf.train.Saver()
        with tf.Session() as sess:
            sess.run(first.initializer)
            return saver.save(sess, folder + "/model")

    oracle.check_both_raise(in_folder(body), match="Attempting to use uninitialized value second")


def test_a_failed_save_leaves_what_was_there(tf: Any, tmp_path: Any) -> None:
    v, w = _variable(tf, "v"), _variable(tf, "w")
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, str(tmp_path / "model"))
        before = {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
        with tf.Session() as other:
            other.run(v.assign([9.0, 9.0, 9.0]))
            with pytest.raises(tf.errors.FailedPreconditionError):
                saver.save(other, str(tmp_path / "model"))
        with pytest.raises(ValueError, match="can't save"):
            saver.save(sess, str(tmp_path / "a" / "b" / "model"))
    assert {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == before
    assert tf.train.load_variable(str(tmp_path / "model"), "v").tolist() == [0.0, 0.0, 0.0]
    assert saver.last_checkpoints == [str(tmp_path / "model")]
    assert w.name == "w:0"


@pytest.mark.oracle
def test_before_build() -> None:
    def body(tf: Any, folder: str) -> Any:
        v = _variable(tf)
        saver = tf.train.Saver(defer_build=True)
        with tf.Session() as sess:
            sess.run(v.initializer)
            return saver.save(sess, folder + "/model")

    oracle.check_both_raise(in_folder(body), match="`build()` should be called before save if defer_build==True")


# ------------------------------------------------------------------------------------------------------------ restoring


def _restoring(tf: Any, folder: str, build: Callable[[Any], Any], restore: Callable[..., Any], **options: Any) -> Any:
    """Saves `v` [3] and `w` [2]; restores it into what `build` makes; returns the values after the error."""
    with tf.Graph().as_default(), tf.Session() as sess:
        a, b = (tf.get_variable(n, [s], initializer=tf.ones_initializer()) for n, s in (("v", 3), ("w", 2)))
        sess.run([a.initializer, b.initializer])
        path = tf.train.Saver().save(sess, folder + "/model")
    build(tf)
    saver = tf.train.Saver(**options)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return restore(tf, saver, sess, path)


RESTORING: dict[str, tuple[Callable[[Any], Any], Callable[..., Any], dict[str, Any], str]] = {
    "None": (_variable, lambda tf, s, sess, p: s.restore(sess, None), {}, "Can't load save_path when it is None."),
    "nothing there": (
        _variable,
        lambda tf, s, sess, p: s.restore(sess, "nothing"),
        {},
        "The passed save_path is not a valid checkpoint: nothing",
    ),
    "folder": (
        _variable,
        lambda tf, s, sess, p: s.restore(sess, os.path.dirname(p)),
        {},
        "perhaps your file is in a different file format",
    ),
    "foreign file": (
        _variable,
        lambda tf, s, sess, p: (Path("foreign").write_text("hello" * 100), s.restore(sess, "foreign")),
        {},
        "perhaps your file is in a different file format",
    ),
    "closed": (
        _variable,
        lambda tf, s, sess, p: (sess.close(), s.restore(sess, p)),
        {},
        "Attempted to use a closed Session.",
    ),
    "missing": (
        lambda tf: (_variable(tf), _variable(tf, "new")),
        lambda tf, s, sess, p: s.restore(sess, p),
        {},
        "Key new not found in checkpoint",
    ),
    "missing, explained": (
        lambda tf: _variable(tf, "new"),
        lambda tf, s, sess, p: s.restore(sess, p),
        {},
        "Restoring from checkpoint failed. This is most likely due to a Variable name or other graph key that is "
        "missing from the checkpoint.",
    ),
    "shape": (
        lambda tf: (_variable(tf, "w", (2,)), _variable(tf, "v", (2, 3))),
        lambda tf, s, sess, p: s.restore(sess, p),
        {},
        "Assign requires shapes of both tensors to match. lhs shape= [2,3] rhs shape= [3]",
    ),
    "scalar": (
        lambda tf: _variable(tf, "v", ()),
        lambda tf, s, sess, p: s.restore(sess, p),
        {},
        "Assign requires shapes of both tensors to match. lhs shape= [] rhs shape= [3]",
    ),
    "shape, explained": (
        lambda tf: _variable(tf, "v", (4,)),
        lambda tf, s, sess, p: s.restore(sess, p),
        {},
        "Restoring from checkpoint failed. This is most likely due to a mismatch between the current graph and the "
        "graph from the checkpoint.",
    ),
    "double": (
        lambda tf: _variable(tf, dtype=tf.float64),
        lambda tf, s, sess, p: s.restore(sess, p),
        {},
        "tensor_name = v; expected dtype double does not equal original dtype float",
    ),
    "integer": (
        lambda tf: _variable(tf, dtype=tf.int32),
        lambda tf, s, sess, p: s.restore(sess, p),
        {},
        "tensor_name = v; expected dtype int32 does not equal original dtype float",
    ),
    "slices of another shape": (
        lambda tf: _variable(tf, "v", (4, 2), partitioner=tf.fixed_size_partitioner(2)),
        lambda tf, s, sess, p: s.restore(sess, p),
        {},
        "tensor_name = v; shape in shape_and_slice spec [4,2] does not match the shape stored in checkpoint: [3]",
    ),
    "reshape": (
        lambda tf: _variable(tf, "v", (4,)),
        lambda tf, s, sess, p: s.restore(sess, p),
        {"reshape": True},
        "Input to reshape is a tensor with 3 values, but the requested shape has 4",
    ),
}


@pytest.mark.oracle
@pytest.mark.parametrize("case", RESTORING)
def test_restoring(case: str) -> None:
    build, restore, options, words = RESTORING[case]

    def body(tf: Any, folder: str) -> Any:
        return _restoring(tf, folder, build, restore, **options)

    oracle.check_both_raise(in_folder(body), match=words)


@pytest.mark.parametrize("case", ["missing", "shape", "double"])
def test_a_failed_restore_changes_nothing(tf: Any, tmp_path: Any, case: str) -> None:
    build, _, _, words = RESTORING[case]

    def restore(tf: Any, saver: Any, sess: Any, path: str) -> Any:
        with pytest.raises(tf.errors.OpError) as caught:
            saver.restore(sess, path)
        assert words in str(caught.value)
        assert caught.value.op is not None and caught.value.op.name.startswith("save/")
        return sess.run(tf.global_variables())

    assert all(not np.any(value) for value in _restoring(tf, str(tmp_path), build, restore))


def test_a_damaged_checkpoint(tf: Any, tmp_path: Any) -> None:
    v, w = (tf.get_variable(n, [70000], initializer=tf.zeros_initializer()) for n in "vw")
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = saver.save(sess, str(tmp_path / "model"))
        largest = max((p for p in (tmp_path / "model").rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
        content = largest.read_bytes()
        sess.run([v.assign(v + 1.0), w.assign(w + 1.0)])
        for damaged in (content[: len(content) // 2], content[:100] + b"\1" + content[101:], b""):
            largest.write_bytes(damaged)
            with pytest.raises(tf.errors.DataLossError):
                saver.restore(sess, path)
            assert sess.run([v, w])[0].min() == 1.0
        largest.write_bytes(content)
        saver.restore(sess, path)
        assert sess.run(v).max() == 0.0
    assert checkpoints(str(tmp_path)) == ["checkpoint", "model", "model.meta"]


def test_where_the_state_file_cannot_be_written(tf: Any, tmp_path: Any) -> None:
    """A folder in the state file's place: the error names it, the checkpoint itself is whole."""
    v = tf.Variable([1.0])
    (tmp_path / "checkpoint" / "full").mkdir(parents=True)
    with tf.Session() as sess:
        sess.run(v.initializer)
        with pytest.raises(tf.errors.OpError, match="checkpoint"):
            tf.train.Saver().save(sess, str(tmp_path / "model"))
    assert tf.train.load_variable(str(tmp_path / "model"), "Variable").tolist() == [1.0]
