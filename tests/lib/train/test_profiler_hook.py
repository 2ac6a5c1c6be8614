"""`tf.train.ProfilerHook`: a profile of JAX's profiler where one is due, and none of the first run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import scopedjax as tf
from tests.oracle import check_both_raise


def _run(folder: Path, steps: int, **options: Any) -> list[str]:
    with tf.Graph().as_default():
        step = tf.train.get_or_create_global_step()
        count = tf.assign_add(step, 1)
        hook = tf.train.ProfilerHook(output_dir=str(folder), **options)
        with tf.train.SingularMonitoredSession(hooks=[hook]) as session:
            for _ in range(steps):
                session.run(count)
    return sorted(p.name for p in folder.rglob("*.xplane.pb"))


def test_a_profile_is_written(tmp_path: Path) -> None:
    assert len(_run(tmp_path / "a", 3, save_steps=2)) == 1
    assert _run(tmp_path / "b", 1, save_steps=1) == []


@pytest.mark.oracle
def test_errors() -> None:
    check_both_raise(lambda tf: tf.train.ProfilerHook())
    check_both_raise(lambda tf: tf.train.ProfilerHook(save_steps=1, save_secs=1.0))
    check_both_raise(lambda tf: tf.train.ProfilerHook(save_steps=1).begin())
