"""Every optimizer against real TensorFlow, step by step: values, slots, names, nodes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lib.train.optimizer_table import MODES, TABLE, train
from tests.oracle import Raised, assert_same, both

# Ours in place of the Unique and UnsortedSegmentSum that add up rows gathered twice: see `optimizer.distinct`.
DISTINCT = {
    "Unique", "Shape", "strided_slice/stack", "strided_slice/stack_1", "strided_slice/stack_2", "strided_slice",
    "UnsortedSegmentSum", "DistinctRows",
}  # fmt: skip
FLOAT32 = {"rtol": 5e-5, "atol": 2e-6}  # twenty steps, each summed in another order
FLOAT64 = {"rtol": 1e-9, "atol": 1e-12}


def _compared(result: Any) -> Any:
    if isinstance(result, Raised):
        return result
    nodes = [n for n in result["nodes"] if not any(n[0].endswith(f"update_w/{name}") for name in DISTINCT)]
    return {**result, "nodes": nodes}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", FLOAT32), ("float64", FLOAT64)], ids=["f32", "f64"])
def test_twenty_steps(row: Any, mode: str, dtype: str, tolerance: dict[str, float]) -> None:
    theirs, ours = both(train, row.name, mode, dtype)
    assert not isinstance(theirs, Raised), theirs
    assert_same(_compared(theirs), _compared(ours), **tolerance)


@pytest.mark.parametrize("mode", ["dense", "sparse"])
@pytest.mark.parametrize("row", [row for row in TABLE if row.half], ids=lambda row: row.name)
def test_half_precision(row: Any, mode: str) -> None:
    """Two steps: TensorFlow rounds each operation to half precision, XLA fewer of them, and the errors grow."""
    theirs, ours = both(train, row.name, mode, "float16", 2)
    assert not isinstance(theirs, Raised), theirs
    assert_same(theirs["values"], ours["values"], rtol=2e-2, atol=4e-3)


def test_variables_keep_half_precision(tf: Any) -> None:
    result = train(tf, "adam", "sparse", "float16", 1)
    assert {v.dtype.name for n, v in result["values"][0].items() if "global_step" not in n} <= {"float16", "float32"}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_float64_hyper_parameters_are_not_required(tf: Any, row: Any) -> None:
    """Plain numbers serve variables of any dtype; TensorFlow refuses them for the proximal optimizers."""
    loss = tf.reduce_sum(tf.square(tf.Variable(np_ones(), name="w", dtype=tf.float64)))
    step = row.make(tf, float).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        before = sess.run(loss)
        sess.run(step)
        assert sess.run(loss) < before


def np_ones() -> list[float]:
    return [1.0, -2.0, 3.0]
