"""`tf.train.Saver` against TensorFlow's: one body, both namespaces, each in a folder of its own."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import oracle

pytestmark = pytest.mark.oracle

DTYPES = "float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex64 complex128"


def in_folder(body: Callable[..., Any], *args: Any) -> Callable[[Any], Any]:
    """`body(tf, folder, *args)` in a new folder that is the current one; the folder's name leaves its results."""

    def run(tf: Any) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            folder, before = os.path.realpath(folder), os.getcwd()
            os.chdir(folder)
            try:
                return _without(folder, body(tf, folder, *args))
            finally:
                os.chdir(before)

    return run


def _without(folder: str, value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(folder, "FOLDER")
    if isinstance(value, (list, tuple)):
        return type(value)(_without(folder, v) for v in value)
    if isinstance(value, dict):
        return {k: _without(folder, v) for k, v in value.items()}
    return value


def checkpoints(folder: str) -> list[str]:
    """The checkpoints, graphs and state files in a folder, however many files each is made of."""
    names = (name.partition(".data-")[0].removesuffix(".index") for name in os.listdir(folder))
    return sorted({name for name in names if not name.startswith(".")})


def _variables(tf: Any) -> list[Any]:
    return [
        tf.get_variable("v1", [3], initializer=tf.constant_initializer(1.0)),
        tf.Variable([[1, 2], [3, 4]], name="scope/v2"),
        tf.Variable(["Fruit", "orange", "ü", ""], name="text"),
    ]


# ------------------------------------------------------------------------------------------------------- the values


@pytest.mark.parametrize("dtype", DTYPES.split())
def test_every_dtype(dtype: str) -> None:
    def body(tf: Any, folder: str) -> Any:
        values = [np.array(0), np.array([1, 0, 1]), np.zeros([2, 0, 3]), np.arange(6).reshape(2, 3) % 2]
        kind = getattr(tf, dtype)
        cast = [v.astype(bool) if dtype == "bool" else v for v in values]
        variables = [tf.Variable(tf.constant(v.tolist(), kind, v.shape), name=f"v{i}") for i, v in enumerate(cast)]
        saver = tf.train.Saver()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            path = saver.save(sess, folder + "/model")
        with tf.Session() as sess:
            saver.restore(sess, path)
            return (
                sess.run(variables),
                tf.train.list_variables(path),
                [tf.train.load_checkpoint(path).get_variable_to_dtype_map()[f"v{i}"] for i in range(len(values))],
            )

    oracle.check_both(in_folder(body))


def test_values_names_and_files() -> None:
    def body(tf: Any, folder: str) -> Any:
        variables = _variables(tf)
        saver = tf.train.Saver()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            first = saver.save(sess, folder + "/model")
            sess.run([variables[0].assign_add([1.0, 2.0, 3.0]), variables[1].assign(variables[1] * 2)])
            second = saver.save(sess, folder + "/model", global_step=7)
            saver.restore(sess, first)
            restored = sess.run(variables)
            saver.restore(sess, second)
            return first, second, restored, sess.run(variables), checkpoints(folder), Path("checkpoint").read_text()

    oracle.check_both(in_folder(body))


@pytest.mark.parametrize("choice", ["list", "dict", "set", "tuple", "scope"])
def test_parts_of_the_variables(choice: str) -> None:
    def body(tf: Any, folder: str) -> Any:
        v1, v2, text = _variables(tf)
        chosen = {
            "list": [v1, text],
            "dict": {"vv1": v1, "a/b/c": text},
            "set": {v1, v2},
            "tuple": (v2,),
            "scope": tf.global_variables("scope/"),
        }[choice]
        saver = tf.train.Saver(chosen)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            path = saver.save(sess, folder + "/model")
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run([v1.assign(v1 * 0), v2.assign(v2 * 0), text.assign(["", "", "", ""])])
            saver.restore(sess, path)
            return tf.train.list_variables(path), sess.run([v1, v2, text])

    oracle.check_both(in_folder(body))


def test_partitioned_saved_whole_restored_whole() -> None:
    """A partitioned variable's checkpoint restores into an unpartitioned one, into other slices, and back."""

    def body(tf: Any, folder: str) -> Any:
        values = np.arange(10, dtype=np.float32).reshape(5, 2)

        def build(parts: int) -> Any:
            splitter = tf.fixed_size_partitioner(parts) if parts else None
            return tf.get_variable(
                "emb", [5, 2], initializer=tf.random_uniform_initializer(seed=1), partitioner=splitter
            )  # fmt: skip

        results = []
        with tf.Graph().as_default(), tf.Session() as sess:
            emb = build(0)
            sess.run(emb.assign(values))
            path = tf.train.Saver().save(sess, folder + "/model")
        for parts in (2, 3, 1, 0, 5):
            with tf.Graph().as_default(), tf.Session() as sess:
                emb = build(parts)
                saver = tf.train.Saver()
                saver.restore(sess, path)
                path = saver.save(sess, f"{folder}/model{parts}")
                results += [sess.run(tf.convert_to_tensor(emb)), tf.train.list_variables(path)]
        return results

    oracle.check_both(in_folder(body))


def test_reshape() -> None:
    def body(tf: Any, folder: str) -> Any:
        with tf.Graph().as_default(), tf.Session() as sess:
            v = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="v")
            sess.run(v.initializer)
            path = tf.train.Saver().save(sess, folder + "/model")
        v = tf.get_variable("v", [4, 1])
        with tf.Session() as sess:
            tf.train.Saver(reshape=True).restore(sess, path)
            return sess.run(v)

    oracle.check_both(in_folder(body))


def test_a_variable_of_unknown_shape() -> None:
    def body(tf: Any, folder: str) -> Any:
        x = tf.placeholder(tf.float32)
        v = tf.Variable(x, validate_shape=False, name="v")
        saver = tf.train.Saver()
        with tf.Session() as sess:
            sess.run(v.initializer, {x: [[1.0, 2.0, 3.0]]})
            path = saver.save(sess, folder + "/model")
            sess.run(v.initializer, {x: 5.0})
            saver.restore(sess, path)
            return sess.run(v)

    oracle.check_both(in_folder(body))


def test_restoring_initializes() -> None:
    def body(tf: Any, folder: str) -> Any:
        variables = _variables(tf)
        saver = tf.train.Saver(variables[:2])
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            path = saver.save(sess, folder + "/model")
        with tf.Session() as sess:
            before = sess.run(tf.report_uninitialized_variables())
            saver.restore(sess, path)
            return before, sess.run(tf.report_uninitialized_variables())

    oracle.check_both(in_folder(body))


def test_optimizer_slots_go_on() -> None:
    """Training goes on from a checkpoint as if it had not stopped, slots and step included."""

    def body(tf: Any, folder: str) -> Any:
        w = tf.get_variable("w", initializer=[1.0, -2.0])
        step = tf.train.get_or_create_global_step()
        loss = tf.reduce_sum(tf.square(w - [3.0, 1.0]))
        train = tf.train.AdamOptimizer(0.1).minimize(loss, global_step=step)
        saver = tf.train.Saver()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(3):
                sess.run(train)
            path = saver.save(sess, folder + "/model", global_step=step)
            for _ in range(3):
                sess.run(train)
            straight = sess.run([w, step])
        with tf.Session() as sess:
            saver.restore(sess, tf.train.latest_checkpoint(folder))
            for _ in range(3):
                sess.run(train)
            again = sess.run([w, step])
        return path, straight, again, tf.train.list_variables(path)

    oracle.check_both(in_folder(body))


# ------------------------------------------------------------------------------------------- names, state, limits

STEPS: dict[str, Callable[[Any], Any]] = {
    "int": lambda tf: 7,
    "numpy": lambda tf: np.int64(8),
    "zero": lambda tf: 0,
    "negative": lambda tf: -3,
    "variable": lambda tf: tf.train.get_global_step(),
    "name": lambda tf: "global_step:0",
    "large": lambda tf: 123456789012,
}


@pytest.mark.parametrize("pad", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_step_in_the_name(step: str, pad: bool) -> None:
    def body(tf: Any, folder: str) -> Any:
        counter = tf.train.create_global_step()
        saver = tf.train.Saver(pad_step_number=pad)
        with tf.Session() as sess:
            sess.run(counter.assign(41))
            return saver.save(sess, folder + "/model", STEPS[step](tf)), checkpoints(folder), saver.last_checkpoints

    oracle.check_both(in_folder(body))


@pytest.mark.parametrize("keep", [1, 2, 5, 0, None])
def test_how_many_are_kept(keep: int | None) -> None:
    def body(tf: Any, folder: str) -> Any:
        v = tf.Variable(1.0)
        saver = tf.train.Saver(max_to_keep=keep)
        seen = []
        with tf.Session() as sess:
            sess.run(v.initializer)
            for step in (1, 2, 3, 2, 4, 5, 6, 7):
                saver.save(sess, folder + "/model", step)
                seen.append((checkpoints(folder), saver.last_checkpoints, Path("checkpoint").read_text()))
        return seen

    oracle.check_both(in_folder(body))


@pytest.mark.parametrize("hours", [10000.0, 1e-9, 0.01])
def test_some_are_kept_for_good(hours: float, monkeypatch: pytest.MonkeyPatch) -> None:
    def body(tf: Any, folder: str) -> Any:
        now = [1000.0]
        monkeypatch.setattr(time, "time", lambda: now[0])
        v = tf.Variable(1.0)
        saver = tf.train.Saver(max_to_keep=1, keep_checkpoint_every_n_hours=hours)
        with tf.Session() as sess:
            sess.run(v.initializer)
            for step in range(12):
                now[0] += 11.0
                saver.save(sess, folder + "/model", step, write_meta_graph=False)
        monkeypatch.undo()
        return checkpoints(folder)

    oracle.check_both(in_folder(body))


@pytest.mark.parametrize("how", ["set", "with time", "recover", "recover some"])
def test_taking_over_checkpoints(how: str) -> None:
    def body(tf: Any, folder: str) -> Any:
        v = tf.Variable(1.0)
        saver = tf.train.Saver(max_to_keep=2)
        with tf.Session() as sess:
            sess.run(v.initializer)
            paths = [saver.save(sess, folder + "/model", step) for step in (1, 2)]
            saver = tf.train.Saver(max_to_keep=2)
            if how == "set":
                saver.set_last_checkpoints(paths)
            elif how == "with time":
                saver.set_last_checkpoints_with_time([(path, 5.0) for path in paths])
            else:
                saver.recover_last_checkpoints(paths if how == "recover" else [paths[1], folder + "/gone"])
            taken = saver.last_checkpoints
            saver.save(sess, folder + "/model", 3)
            saver.save(sess, folder + "/model", 4)
            return taken, saver.last_checkpoints, checkpoints(folder)

    oracle.check_both(in_folder(body))


OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no state": ({}, {"write_state": False}),
    "no graph": ({}, {"write_meta_graph": False}),
    "other suffix": ({}, {"meta_graph_suffix": "graph"}),
    "other state file": ({}, {"latest_filename": "newest"}),
    "relative paths": ({"save_relative_paths": True}, {}),
    "stripped": ({}, {"strip_default_attrs": True}),
    "all at once": (
        {"save_relative_paths": True, "max_to_keep": 1},
        {"latest_filename": "n", "meta_graph_suffix": "m"},
    ),
}


@pytest.mark.parametrize("where", ["absolute", "relative", "bare", "dot"])
@pytest.mark.parametrize("option", OPTIONS)
def test_options_of_save(option: str, where: str) -> None:
    def body(tf: Any, folder: str) -> Any:
        _variables(tf)
        made, given = OPTIONS[option]
        saver = tf.train.Saver(**made)
        base = {"absolute": folder + "/sub/model", "relative": "sub/model", "bare": "model", "dot": "./model"}[where]
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            paths = [saver.save(sess, base, step, **given) for step in (1, 2)]
        parent = os.path.dirname(os.path.join(folder, base))
        states = {name: Path(parent, name).read_text() for name in ("checkpoint", "newest", "n")
                  if os.path.isfile(os.path.join(parent, name))}  # fmt: skip
        newest = tf.train.latest_checkpoint(os.path.dirname(base) or ".", given.get("latest_filename"))
        return paths, checkpoints(parent), states, newest, saver.last_checkpoints

    oracle.check_both(in_folder(body))


def test_allow_empty() -> None:
    def body(tf: Any, folder: str) -> Any:
        saver = tf.train.Saver(allow_empty=True)
        with tf.Session() as sess:
            result = saver.save(sess, folder + "/model")
            saver.restore(sess, folder + "/nothing")
            saver.restore(sess, None)
        return result, saver.saver_def, saver.last_checkpoints, checkpoints(folder)

    oracle.check_both(in_folder(body))


def test_protos() -> None:
    def body(tf: Any, folder: str) -> Any:
        with tf.name_scope("scope"):
            saver = tf.train.Saver([tf.Variable(1.0, name="v")], max_to_keep=3, sharded=True)
        inside, outside = saver.to_proto("scope"), saver.to_proto("other")
        written = str(inside)
        again = tf.train.Saver.from_proto(inside, import_scope="scope")
        return str(saver.to_proto()), written, outside, str(again.saver_def), str(again.as_saver_def())

    oracle.check_both(in_folder(body))


def test_a_saver_on_another_session_of_the_graph() -> None:
    def body(tf: Any, folder: str) -> Any:
        v = tf.Variable([1.0, 2.0])
        saver = tf.train.Saver()
        with tf.Session() as one, tf.Session() as two:
            one.run(v.initializer)
            two.run(v.initializer)
            two.run(v.assign([5.0, 6.0]))
            path = saver.save(two, folder + "/two")
            saver.restore(one, path)
            return one.run(v), two.run(v)

    oracle.check_both(in_folder(body))


def test_a_saver_on_a_session_of_another_graph() -> None:
    """As in TensorFlow, a saver finds its nodes by name in the graph of the session."""

    def body(tf: Any, folder: str) -> Any:
        def build() -> tuple[Any, Any]:
            return tf.Variable([1.0, 2.0], name="v"), tf.train.Saver()

        _, saver = build()
        with tf.Graph().as_default(), tf.Session() as sess:
            v, _ = build()
            sess.run(v.assign([5.0, 6.0]))
            path = saver.save(sess, folder + "/model", write_meta_graph=False)
            sess.run(v.initializer)
            saver.restore(sess, path)
            return sess.run(v)

    oracle.check_both(in_folder(body))


def test_finalized_graph() -> None:
    def body(tf: Any, folder: str) -> Any:
        v = tf.Variable([1.0, 2.0])
        saver = tf.train.Saver()
        init = tf.global_variables_initializer()
        tf.get_default_graph().finalize()
        with tf.Session() as sess:
            sess.run(init)
            saver.restore(sess, saver.save(sess, folder + "/model"))
            return sess.run(v), len(tf.get_default_graph().get_operations())

    oracle.check_both(in_folder(body))
