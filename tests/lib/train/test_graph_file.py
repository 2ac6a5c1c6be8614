"""The kept bytes of a `.meta` file: the same as made anew, and made anew when anything has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scopedjax._src.graph import protos


def _read(path: Any) -> Any:
    return protos.parsed(path.read_bytes(), "MetaGraphDef")


CHANGES: dict[str, Callable[[Any, Any], Any]] = {
    "a node": lambda tf, v: tf.constant(1.0, name="new"),
    "a variable": lambda tf, v: tf.Variable(1.0, name="new"),
    "a collection": lambda tf, v: tf.add_to_collection("names", "text"),
    "an item": lambda tf, v: tf.get_collection_ref("numbers").append(4),
    "another item": lambda tf, v: tf.get_collection_ref("numbers").__setitem__(0, 3),
    "one item less": lambda tf, v: tf.get_collection_ref("trainable_variables").clear(),
    "an attribute": lambda tf, v: v.op._set_attr("note", protos.AttrValue(s=b"changed")),
    "a second saver": lambda tf, v: tf.add_to_collection(tf.GraphKeys.SAVERS, tf.train.Saver(name="second")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_written(tf: Any, tmp_path: Any, change: str) -> None:
    v = tf.Variable([1.0, 2.0], name="v")
    tf.add_to_collection("numbers", 1)
    saver = tf.train.Saver(max_to_keep=None)
    with tf.Session() as sess:
        sess.run(v.initializer)
        files = [tmp_path / f"model-{step}.meta" for step in range(4)]
        for step in (0, 1):
            saver.save(sess, str(tmp_path / "model"), step)
        assert files[0].read_bytes() == files[1].read_bytes()
        assert _read(files[0]) == saver.export_meta_graph()
        CHANGES[change](tf, v)
        saver.save(sess, str(tmp_path / "model"), 2)
        assert _read(files[2]) == saver.export_meta_graph()
        assert _read(files[2]) != _read(files[1])
        saver.save(sess, str(tmp_path / "model"), 3)
        assert files[3].read_bytes() == files[2].read_bytes()


def test_options_and_graphs_have_their_own(tf: Any, tmp_path: Any) -> None:
    saver = None
    for number in range(2):
        with tf.Graph().as_default(), tf.Session() as sess:
            v = tf.Variable([1.0] * (number + 1), name="v")
            made = tf.train.Saver()
            saver = saver or made
            sess.run(v.initializer)
            for stripped in (False, True):
                path = saver.save(sess, str(tmp_path / f"model{number}{stripped}"), strip_default_attrs=stripped)
                expected = saver.export_meta_graph(strip_default_attrs=stripped)
                assert _read(tmp_path / f"model{number}{stripped}.meta") == expected
                assert path is not None


def test_debug_info_is_written(tf: Any, tmp_path: Any) -> None:
    v = tf.Variable([1.0], name="v")
    with tf.Session() as sess:
        sess.run(v.initializer)
        tf.train.Saver().save(sess, str(tmp_path / "model"), save_debug_info=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint", "model", "model.debug", "model.meta"]
