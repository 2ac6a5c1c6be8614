"""Saving and restoring against real TensorFlow's Saver: ratios (its time / ours) of runs that alternate, printed."""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopedjax._src.bridge import orbax_checkpoint, staging
from tests import oracle

FLOOR = 0.5

pytestmark = [pytest.mark.benchmark, pytest.mark.oracle]


def _alternate(theirs: Callable[[], Any], ours: Callable[[], Any], times: int) -> float:
    """The ratio of the median times of two actions that take turns."""
    spent: tuple[list[float], list[float]] = ([], [])
    gc.collect()
    for _ in range(times):
        for action, list_ in zip((theirs, ours), spent, strict=True):
            start = time.perf_counter()
            action()
            list_.append(time.perf_counter() - start)
    theirs_median, ours_median = (float(np.median(list_[1:])) for list_ in spent)
    print(f"  TensorFlow {theirs_median * 1e3:8.2f} ms, here {ours_median * 1e3:8.2f} ms", end="")
    return theirs_median / ours_median


@pytest.mark.parametrize(
    ("count", "shape", "times"),
    [(3, (100,), 40), (200, (100,), 30), (1000, (100,), 20), (8, (32, 1024, 1024), 3)],
    ids=["3 small", "200 small", "1000 small", "1 GB"],
)
def test_ratios(tmp_path: Path, count: int, shape: tuple[int, ...], times: int) -> None:
    """The printed ratios are the result; the floor is what a machine under load still reaches."""
    tf = oracle.real_tf()
    random = np.random.default_rng(0)
    arrays = {f"scope/v{i}": random.random(shape, np.float32) for i in range(count)}
    if shutil.disk_usage(tmp_path).free < 8 * sum(array.nbytes for array in arrays.values()):
        pytest.fail("too little disk space for this comparison")
    with tf.Graph().as_default(), tf.Session() as session:
        holders = {name: tf.placeholder(tf.float32, shape) for name in arrays}
        variables = [tf.Variable(holders[name], name=name) for name in arrays]
        session.run(tf.global_variables_initializer(), {holders[name]: array for name, array in arrays.items()})
        saver = tf.train.Saver(variables)
        theirs, ours = str(tmp_path / "theirs"), str(tmp_path / "ours")
        save = _alternate(
            lambda: saver.save(session, theirs, write_meta_graph=False),
            lambda: orbax_checkpoint.write(ours, arrays),
            times,
        )
        print(f", save ratio {save:.2f} ({count} x {shape})")
        restore = _alternate(lambda: saver.restore(session, theirs), lambda: orbax_checkpoint.read(ours), times)
        print(f", restore ratio {restore:.2f}")
    staging.settle()
    shutil.rmtree(tmp_path)
    assert save > FLOOR
    assert restore > FLOOR
