"""Checkpoints that TensorFlow 1.15 wrote are read equal to the bit (see tests/golden/checkpoints_of_tf1.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopedjax._src.bridge.tensorbundle.checkpoint_file import open_file
from tests.golden import checkpoints_of_tf1
from tests.oracle import golden, our_tf

KINDS = sorted(checkpoints_of_tf1.KINDS)


def _written(folder: Path, kind: str) -> tuple[str, dict[str, np.ndarray]]:
    recorded: dict[str, np.ndarray] = golden("checkpoints_of_tf1.npz")
    lead = f"{kind}/file/"
    for key, data in recorded.items():
        if key.startswith(lead):
            (folder / key.removeprefix(lead)).write_bytes(data.tobytes())
    values = {k.removeprefix("value/"): v for k, v in recorded.items() if k.startswith("value/")}
    values = {name: v.astype(object) if v.dtype.kind == "S" else v for name, v in values.items()}
    return str(folder / str(recorded[f"{kind}/path"])), values


def _assert_same(found: np.ndarray, wanted: np.ndarray) -> None:
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    assert found.tolist() == wanted.tolist() if wanted.dtype == object else found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_equal_to_the_bit(tmp_path: Path, kind: str) -> None:
    path, values = _written(tmp_path, kind)
    with open_file(path) as file:
        assert file.format == f"TensorFlow {kind[:2]}"
        assert file.names == sorted(values)
        assert file.info("parts/rows").shape == (7, 2) and len(file.info("parts/rows").slices) == 3
        for name, found in file.read_many().items():
            _assert_same(np.asarray(found), values[name])
            _assert_same(np.asarray(file.read(name)), values[name])


@pytest.mark.parametrize("kind", KINDS)
def test_restored_whole_and_in_other_parts(tmp_path: Path, kind: str) -> None:
    path, values = _written(tmp_path, kind)
    tf: Any = our_tf()
    reader = tf.train.NewCheckpointReader(path)
    assert reader.get_variable_to_shape_map() == {name: list(v.shape) for name, v in values.items()}
    with tf.Graph().as_default(), tf.Session() as session, tf.variable_scope("parts"):
        rows = tf.get_variable("rows", [7, 2], partitioner=tf.fixed_size_partitioner(2))
        columns = tf.get_variable("columns", [2, 5])
        tf.train.Saver().restore(session, path)
        _assert_same(session.run(tf.convert_to_tensor(rows)), values["parts/rows"])
        _assert_same(session.run(columns), values["parts/columns"])
