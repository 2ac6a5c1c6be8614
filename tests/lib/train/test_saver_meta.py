"""Graphs with savers that go to and fro: a `.meta` file of TensorFlow works here, one of ours works in TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import oracle
from tests.lib.train.test_saver import in_folder

pytestmark = pytest.mark.oracle


def _train(tf: Any) -> tuple[Any, Any]:
    """A small model with slots, a step, partitioned and text variables; returns (node that trains, loss)."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.get_variable("layer/w", [3, 2], initializer=tf.ones_initializer())
    emb = tf.get_variable("emb", [5, 2], initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(2))
    tf.Variable(["Orange", "apple"], name="labels", trainable=False)
    y = tf.matmul(x, w) + tf.reduce_sum(tf.convert_to_tensor(emb))
    loss = tf.reduce_mean(tf.square(y), name="loss")
    step = tf.train.get_or_create_global_step()
    train = tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss, global_step=step, name="train")
    tf.add_to_collection("losses", loss)
    return train, loss


def _fed() -> dict[str, Any]:
    return {"x:0": np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)}


def _make_meta(tf: Any, path: str, **options: Any) -> None:
    with tf.Graph().as_default():
        _train(tf)
        tf.global_variables_initializer()
        tf.train.Saver(**options).export_meta_graph(path)


def _run_imported(tf: Any, path: str, scope: str | None = None) -> Any:
    """Trains an imported graph, saves, trains on, restores, trains on again."""
    prefix = f"{scope}/" if scope else ""
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(path, import_scope=scope)
        sess.run(f"{prefix}init")
        fed = {prefix + name: value for name, value in _fed().items()}
        train = [sess.run([f"{prefix}train", f"{prefix}loss:0"], fed)[1] for _ in range(3)]
        saved = saver.save(sess, "trained", write_meta_graph=False)
        on = [sess.run([f"{prefix}train", f"{prefix}loss:0"], fed)[1] for _ in range(2)]
        saver.restore(sess, saved)
        again = [sess.run([f"{prefix}train", f"{prefix}loss:0"], fed)[1] for _ in range(2)]
        values = sess.run({v.name: v for v in tf.global_variables()})
        collected = [sess.run(t, fed) for t in tf.get_collection("losses", scope=scope)]
        return train, on, again, values, collected, tf.train.list_variables(saved), saver.saver_def.max_to_keep


OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "named": {"name": "keeper", "max_to_keep": 3},
    "sharded": {"sharded": True},
    "reshape": {"reshape": True},
}


@pytest.mark.parametrize("scope", [None, "inner"])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("maker", ["TensorFlow", "scopedjax"])
def test_meta_graph_of_either_runs_in_both(maker: str, options: str, scope: str | None, tmp_path: Path) -> None:
    path = str(tmp_path / "graph.meta")
    _make_meta(oracle.real_tf() if maker == "TensorFlow" else oracle.our_tf(), path, **OPTIONS[options])
    oracle.check_both(in_folder(lambda tf, folder: _run_imported(tf, path, scope)))


def test_the_two_meta_graphs_are_equal(tmp_path: Path) -> None:
    def body(tf: Any) -> Any:
        path = str(tmp_path / f"{tf.__name__}.meta")
        _make_meta(tf, path)
        with tf.Graph().as_default():
            saver = tf.train.import_meta_graph(path)
            meta = tf.train.export_meta_graph(saver_def=saver.saver_def)
        nodes = [
            (n.name, n.op, [i for i in n.input if not i.lstrip("^").startswith("gradients/")], n.device)
            for n in meta.graph_def.node
            if not n.name.startswith("gradients/")  # each has its own nodes there
        ]
        kinds = {key: value.WhichOneof("kind") for key, value in meta.collection_def.items()}
        return nodes, str(meta.saver_def), kinds

    oracle.check_both(body)


def test_import_without_a_saver() -> None:
    """A MetaGraphDef without SaverDef gives a Saver of all variables, or None where there are none."""

    def body(tf: Any, folder: str) -> Any:
        with tf.Graph().as_default():
            empty = tf.train.import_meta_graph(tf.train.export_meta_graph())
        with tf.Graph().as_default():
            tf.Variable([1.0, 2.0], name="v")
            meta = tf.train.export_meta_graph()
        with tf.Graph().as_default(), tf.Session() as sess:
            saver = tf.train.import_meta_graph(meta)
            sess.run(tf.global_variables_initializer())
            path = saver.save(sess, folder + "/model")
            return empty, str(saver.saver_def), tf.train.list_variables(path)

    oracle.check_both(in_folder(body))


def test_a_part_of_a_graph() -> None:
    """Exported below a scope, imported below another; values restored by the names that the part has alone."""

    def body(tf: Any, folder: str) -> Any:
        with tf.Graph().as_default():
            with tf.variable_scope("model"):
                w = tf.get_variable("w", [2], initializer=tf.constant_initializer(3.0))
                tf.multiply(w, 2.0, name="y")
            tf.Variable(1.0, name="other")
            with tf.Session() as sess:
                sess.run(tf.global_variables_initializer())
                path = tf.train.Saver({"w": w}).save(sess, folder + "/part", write_meta_graph=False)
            tf.train.export_meta_graph(folder + "/part.meta", export_scope="model")
        with tf.Graph().as_default(), tf.Session() as sess:
            tf.train.import_meta_graph(folder + "/part.meta", import_scope="copy")
            variables = tf.global_variables()
            saver = tf.train.Saver({v.op.name.partition("/")[2]: v for v in variables})
            saver.restore(sess, path)
            return [v.name for v in variables], sess.run("copy/y:0")

    oracle.check_both(in_folder(body))


def test_savers_in_a_collection() -> None:
    """A saver in `GraphKeys.SAVERS` comes back with the graph (Estimator and Scaffold keep theirs there)."""

    def body(tf: Any, folder: str) -> Any:
        with tf.Graph().as_default():
            tf.Variable([1.0, 2.0], name="v")
            tf.add_to_collection(tf.GraphKeys.SAVERS, tf.train.Saver(name="kept", max_to_keep=7))
            meta = tf.train.export_meta_graph()
        results = []
        for scope in (None, "inner"):
            with tf.Graph().as_default(), tf.Session() as sess:
                tf.train.import_meta_graph(meta, import_scope=scope)
                (saver,) = tf.get_collection(tf.GraphKeys.SAVERS)
                sess.run(tf.global_variables_initializer())
                path = saver.save(sess, f"{folder}/model{scope}", write_meta_graph=False)
                saver.restore(sess, path)
                results += [str(saver.saver_def), tf.train.list_variables(path)]
        return results

    oracle.check_both(in_folder(body))


def test_clear_extraneous_savers() -> None:
    def body(tf: Any, folder: str) -> Any:
        tf.Variable([1.0, 2.0], name="v")
        saver, other = tf.train.Saver(), tf.train.Saver(name="other")
        tf.add_to_collection(tf.GraphKeys.SAVERS, other)
        meta = saver.export_meta_graph(clear_extraneous_savers=True)
        kept = meta.collection_def[tf.GraphKeys.SAVERS].bytes_list.value
        return [n.name for n in meta.graph_def.node], len(kept), other.saver_def.save_tensor_name

    oracle.check_both(in_folder(body))
