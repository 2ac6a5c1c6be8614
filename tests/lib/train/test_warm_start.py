"""`tf.train.warm_start` against TensorFlow: which variables start warm, and vocabularies that changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, real_tf

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of real TensorFlow, and two vocabularies."""
    tf, path = real_tf(), tmp_path_factory.mktemp("warm")
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("emb", initializer=np.arange(8, dtype=np.float32).reshape(4, 2))
        tf.get_variable("wide", initializer=np.arange(8, dtype=np.float32).reshape(2, 4))
        tf.get_variable("b", initializer=np.array([5.0, 6.0], np.float32), trainable=False)
        tf.get_variable("layer/w", initializer=np.array([7.0, 8.0], np.float32))
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(path / "model"))
    (path / "old.txt").write_text("the\ncat\ndog\nsat\n")
    (path / "new.txt").write_text("dog\na\nthe\n")
    return path


def _program(folder: Path, what: Any, partitions: int = 1, **options: Any) -> Any:
    def body(tf: Any) -> Any:
        partitioner = tf.fixed_size_partitioner(partitions) if partitions > 1 else None
        emb = tf.get_variable("emb", [4, 2], initializer=tf.ones_initializer(), partitioner=partitioner)
        w = tf.get_variable("layer/w", [2], initializer=tf.zeros_initializer())
        b = tf.get_variable("b", [2], initializer=tf.zeros_initializer(), trainable=False)
        given = [w] if what == "variables" else what
        extra = {}
        if "vocab" in options:
            extra["var_name_to_vocab_info"] = {
                "emb": tf.train.VocabInfo(
                    str(folder / "new.txt"), 3, 1, str(folder / "old.txt"), backup_initializer=options["vocab"](tf)
                )
            }
        if "former" in options:
            extra["var_name_to_prev_var_name"] = options["former"]
        tf.train.warm_start(str(folder / "model"), given, **extra)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return session.run([tf.convert_to_tensor(emb), w, b])

    return body


@pytest.mark.parametrize("what", [".*", "layer", ["layer/w", "b"], "variables"])
@pytest.mark.parametrize("partitions", [1, 2])
def test_which_variables(folder: Path, what: Any, partitions: int) -> None:
    check_both(_program(folder, what, partitions))


@pytest.mark.parametrize("partitions", [1, 2])
@pytest.mark.parametrize("backup", [lambda tf: None, lambda tf: tf.ones_initializer()])
def test_rows_of_words(folder: Path, backup: Any, partitions: int) -> None:
    check_both(_program(folder, ".*", partitions, vocab=backup))
    check_both(_program(folder, None, partitions, vocab=backup))


def test_columns_of_words(folder: Path) -> None:
    def body(tf: Any) -> Any:
        wide = tf.get_variable("wide", [2, 3], initializer=tf.ones_initializer())
        info = tf.train.VocabInfo(str(folder / "new.txt"), 3, 0, str(folder / "old.txt"), axis=1)
        tf.train.warm_start(str(folder / "model"), var_name_to_vocab_info={"wide": info})
        with tf.Session() as session:
            session.run(wide.initializer)
            return session.run(wide)

    check_both(body)


def test_former_names(folder: Path) -> None:
    def body(tf: Any) -> Any:
        v = tf.get_variable("fresh", [2], initializer=tf.zeros_initializer())
        tf.train.warm_start(str(folder / "model"), var_name_to_prev_var_name={"fresh": "layer/w"})
        with tf.Session() as session:
            session.run(v.initializer)
            return session.run(v)

    check_both(body)


def test_errors(folder: Path) -> None:
    check_both_raise(_program(folder, 5))
    check_both_raise(_program(folder, [5]))
    check_both_raise(_program(folder, ".*", former={"nothing": "b"}), match="You provided the following variables in")
    check_both_raise(lambda tf: tf.train.VocabInfo("a", 1, 1, "b", axis=2))
    check_both(lambda tf: repr(tf.train.VocabInfo("a", 3, 0, "b")))
